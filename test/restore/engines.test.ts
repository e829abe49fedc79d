// The location of folders must not matter to any engine: behind a link, within another state's folder, removed in the
// middle of a backup. A state is never good if one of its folders is missing from the archive.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { describe, test } from "node:test";
import { EVERY_ENGINE } from "../support/every-engine.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { succeeds } from "./backed-up.ts";

const folder = scratch("engines");

for (const [engine, provider] of Object.entries(EVERY_ENGINE))
	describe(engine, () => {
		/** Tests of our own code, which are the same with each engine. */
		const others = engine === "tar" ? "" : " [long]";
		const begin = (state: (place: Place) => object) => {
			const place = new Place(folder);
			place.declare({ state: state(place), providers: { [engine]: provider(place) } });
			return place;
		};
		const read = (place: Place, name: string) => readFileSync(place.path(name), "utf8");

		test("a folder behind a link is stored, and comes back", async () => {
			const place = begin((place) => ({
				s: { folders: [place.path("own/link/app")], exclude: [`${place.path("own/*/app")}/cache`, "./top"] },
			}));
			place.write("own/real/app/file", "old");
			place.write("own/real/app/deep/top", "old");
			place.write("own/real/app/cache/x", "left out by the path that is declared");
			place.write("own/real/app/top", "left out");
			symlinkSync("real", place.path("own/link"));
			await succeeds(place, "create");
			rmSync(place.path("own/real/app"), { recursive: true });
			await succeeds(place, "restore", "--yes", engine, "latest");
			assert.equal(
				execFileSync("find", [".", "-type", "f"], { cwd: place.path("own/real/app"), encoding: "utf8" })
					.trim()
					.split("\n")
					.sort()
					.join(" "),
				"./deep/top ./file",
			);
		});

		test(`a plan is shown only for paths that the archive holds${others}`, async () => {
			const place = begin((place) => ({ s: { folders: [place.path("own")] } }));
			place.write("own/deep/file", "old");
			place.write("own/deep/more", "old");
			await succeeds(place, "create");
			place.write("own/since", "not in the archive");
			for (const way of [["--dry-run"], ["--dry-run", "--into", "look"], []]) {
				const { code, stdout, stderr } = await place.holdfast(
					...[
						"restore",
						...way,
						"--path",
						place.path("own/deep"),
						"--path",
						place.path("own/since"),
						"latest",
					],
				);
				assert.equal(code, 2, stderr);
				assert.equal(stdout, "");
				assert.match(stderr, /own\/since is not in the archive \S+::\S+\n.*archives browse \S+::/);
			}
			for (const path of ["own", "own/deep", "own/deep/more"]) {
				const { stdout } = await succeeds(
					place,
					"restore",
					"--dry-run",
					"--path",
					place.path(path),
					"latest",
				);
				assert.match(stdout, /extract/);
			}
		});

		test(`a state within another's folder is stored, wherever the other one's patterns reach${others}`, async () => {
			const place = begin((place) => ({
				outer: { folders: [place.path("own/outer")], exclude: ["cache", "skip"] },
				inner: { folders: [place.path("own/outer/inner")], exclude: ["not"] },
				hidden: { folders: [place.path("own/outer/cache/skip/hidden")] },
			}));
			const files = ["file", "inner/file", "inner/skip", "cache/skip/hidden/file"].map(
				(name) => `own/outer/${name}`,
			);
			for (const file of files) place.write(file, "old");
			for (const left of ["own/outer/skip", "own/outer/cache/x", "own/outer/inner/not"])
				place.write(left, "old");
			await succeeds(place, "create");
			for (const file of files) place.write(file, "newer");
			await succeeds(place, "restore", "--yes", "--service", "outer", engine, "latest");
			assert.deepEqual(
				files.map((file) => read(place, file)),
				["old", "newer", "newer", "newer"],
			);
			rmSync(place.path("own/outer/inner"), { recursive: true });
			rmSync(place.path("own/outer/cache"), { recursive: true });
			await succeeds(place, "restore", "--yes", "--service", "inner", engine, "latest");
			await succeeds(place, "restore", "--yes", "--service", "hidden", engine, "latest");
			assert.deepEqual(
				files.map((file) => read(place, file)),
				["old", "old", "old", "old"],
			);
		});

		test(`what lies in another state's folder is that one's difference alone${others}`, async () => {
			const place = begin((place) => ({
				outer: { folders: [place.path("own/outer")] },
				inner: { folders: [place.path("own/outer/deep/inner")] },
			}));
			for (const name of ["own/outer/file", "own/outer/deep/inner/file"]) place.write(name, "old");
			await succeeds(place, "create");
			for (const name of ["own/outer/file", "own/outer/deep/inner/file", "own/outer/deep/inner/more"])
				place.write(name, "newer");
			const differing = async (service: string) => {
				const words = ["diff", "--json", "--service", service, engine, "latest"];
				const { differences } = JSON.parse((await succeeds(place, ...words)).stdout);
				return differences
					.map(({ path }: { path: string }) => path.slice(place.path("own").length + 1))
					.sort();
			};
			assert.deepEqual(await differing("outer"), ["outer/file"]);
			assert.deepEqual(await differing("inner"), ["outer/deep/inner/file", "outer/deep/inner/more"]);
		});

		test("a folder that vanishes while the others' are written fails its state alone", async () => {
			const place = begin((place) => ({
				s: { folders: [place.path("own/s")] },
				gone: { folders: [place.path("own/gone")] },
			}));
			place.write("own/s/file", "old");
			mkdirSync(place.path("own/gone"));
			// The engine itself removes the folder, outside its namespace, and then does its work.
			const program =
				{ tar: "tar", borgbackup: "borg", restic: "restic", localbackup: "rsnapshot" }[engine] ?? "";
			const real = execFileSync("sh", ["-c", `command -v ${program}`], { encoding: "utf8" }).trim();
			const wrapper = place.write(
				`bin/${program}`,
				`#!/bin/bash\nnsenter -m -t $PPID -- rm -rf ${place.path("own/gone")}\nexec -a ${program} ${real} "$@"\n`,
			);
			execFileSync("chmod", ["+x", wrapper]);
			const before = process.env.PATH;
			process.env.PATH = `${place.path("bin")}:${before}`;
			const { code, stderr } = await place.holdfast("create").finally(() => {
				process.env.PATH = before;
			});
			assert.equal(code, 3, stderr);
			const listed = await succeeds(place, "list", "--json");
			const text = JSON.stringify(JSON.parse(listed.stdout));
			assert.match(text, /"gone":\{"outcome":"failed"/);
			assert.match(text, /"s":\{"outcome":"good"/);
		});

		/** Kill a create after its archive is written, and before it is verified. Returns the destination. */
		async function unseenCreate(place: Place): Promise<string> {
			const { providers } = JSON.parse(read(place, "holdfast.json")).machines.web01;
			const [[destination, settings] = ["", {}]] = Object.entries(providers[engine].destinations);
			const dying = ["env", `HOLDFAST_FAULT=kill@create:${engine}/${destination}#written`];
			assert.equal((await place.start(["create"], dying).ended).signal, "SIGKILL");
			const { path, repo, directory } = settings as Record<string, string>;
			return String(path ?? repo ?? directory);
		}

		test(`an archive that nobody came to look at, since the run was killed, is in doubt${others}`, async () => {
			const place = begin((place) => ({ s: { folders: [place.path("own")] } }));
			place.write("own/file", "old");
			await succeeds(place, "create");
			await unseenCreate(place);
			await succeeds(place, "recover");
			const { archives } = JSON.parse((await succeeds(place, "list", "--json")).stdout);
			const doubts = archives.map(({ metadata }: { metadata: { states: { s: { suspicious?: string } } } }) =>
				String(metadata.states.s.suspicious),
			);
			assert.equal(doubts.length, 2);
			assert.equal(doubts[0], "undefined");
			assert.match(doubts[1] ?? "", /ended before it knew whether every file could be read/);
			await succeeds(place, "create");
			assert.match((await place.holdfast("status")).stdout, /✔ +web01 +s/);
		});

		test(`and so it is where its destination was away when the run was brought to its end${others}`, async () => {
			const place = begin((place) => ({ s: { folders: [place.path("own")] } }));
			place.write("own/file", "old");
			const home = await unseenCreate(place);
			renameSync(home, `${home}-away`);
			await succeeds(place, "recover");
			rmSync(home, { recursive: true, force: true });
			renameSync(`${home}-away`, home);
			await succeeds(place, "recover");
			const { archives } = JSON.parse((await succeeds(place, "list", "--json")).stdout);
			const doubts = archives.map(({ metadata }: { metadata: { states: { s: { suspicious?: string } } } }) =>
				String(metadata.states.s.suspicious),
			);
			assert.equal(doubts.length, 1);
			assert.match(doubts[0] ?? "", /ended before it knew whether every file could be read/);
		});

		test(`and where it never comes back, that can be given up${others}`, async () => {
			const place = begin((place) => ({ s: { folders: [place.path("own")] } }));
			place.write("own/file", "old");
			rmSync(await unseenCreate(place), { recursive: true });
			const { stderr } = await succeeds(place, "recover");
			const [, run = ""] =
				/still to do for run (\S+): find out whether \S+ holds web01-.* recover --abandon \1$/m.exec(
					stderr,
				) ?? [];
			const asked = await place.holdfast("recover", "--abandon", run);
			assert.match(asked.stdout, /has ended;.*\n\n! still to do: find out whether \S+ holds web01-/);
			assert.equal(asked.code, 2);
			await succeeds(place, "recover", "--abandon", run, "--yes");
			assert.doesNotMatch((await succeeds(place, "recover")).stderr, /still to do/);
		});

		test(`however many runs it is due for, a destination that is not there is asked once${others}`, async () => {
			const place = begin((place) => ({ s: { folders: [place.path("own")] } }));
			place.write("own/file", "old");
			await succeeds(place, "create");
			const home = await unseenCreate(place);
			rmSync(home, { recursive: true });
			for (let more = 0; more < 2; more++) assert.equal((await place.holdfast("create")).code, 1);
			const { stderr } = await place.holdfast("create");
			assert.equal(stderr.match(/still to do for run/g)?.length, 1, stderr);
			assert.match(stderr, /and the same in \S+ for \d+ other runs?: /);
		});

		test(`what cannot be stored of a state within another's fails that one alone${others}`, async () => {
			const place = begin((place) => ({
				outer: { folders: [place.path("own/outer")] },
				inner: { folders: [place.path("own/outer/inner")] },
			}));
			for (const name of ["own/outer/file", "own/outer/inner/file"]) place.write(name, "old");
			const deep =
				'cd "$1" && n=$(printf %0200d 0) && for _ in $(seq 25); do mkdir $n && cd $n || exit; done';
			execFileSync("bash", ["-c", deep, "bash", place.path("own/outer/inner")]);
			try {
				const { code, stderr } = await place.holdfast("create");
				assert.equal(code, 3, stderr);
				const { archives } = JSON.parse((await succeeds(place, "list", "--json")).stdout);
				const { outer, inner } = archives[0].metadata.states;
				assert.deepEqual([outer.outcome, inner.outcome], ["good", "failed"], stderr);
			} finally {
				execFileSync("rm", ["-rf", place.path("own/outer")]);
			}
		});

		test(`a folder whose path is too long for a restore fails its state alone, and says so in a line${others}`, async () => {
			const place = begin((place) => ({
				deep: { folders: [place.path("own/deep")] },
				s: { folders: [place.path("own/s")], exclude: ["cache"] },
			}));
			place.write("own/s/file", "old");
			// A path of this length cannot be named: go from folder to folder.
			const deeper = `mkdir -p "$1" && cd "$1" && n=$(printf %0200d 0) && for _ in $(seq 25); do mkdir $n && cd $n || exit; done`;
			// Excluded folders may be of any depth.
			const folders = [place.path("own/deep"), place.path("own/s/a/cache/b")];
			for (const folder of folders) execFileSync("bash", ["-c", deeper, "bash", folder]);
			try {
				const { code, stderr } = await place.holdfast("create");
				assert.equal(code, 3, stderr);
				assert.match(stderr, /state deep: could not read [^\n]{1,900}$/m);
				assert.ok(stderr.length < 10_000, `${stderr.length} characters`);
				const { archives } = JSON.parse((await succeeds(place, "list", "--json")).stdout);
				const { deep, s } = archives[0].metadata.states;
				assert.deepEqual([deep.outcome, s.outcome], ["failed", "good"]);
			} finally {
				execFileSync("rm", ["-rf", ...folders]);
			}
		});
	});
