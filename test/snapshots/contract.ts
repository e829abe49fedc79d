// What every kind of snapshot must do, on a real disk: a writer keeps two folders in step at full speed, and every archive shows
// them in step. One call of `fulfilsContract` per kind.
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { until } from "../support/servers.ts";

export interface Kind {
	readonly type: string;
	/** The command that creates the file system in the file that is its last argument. */
	readonly format: string;
	/** Commands that create and delete a volume at the end of this path, in another one. */
	create(path: string): string;
	remove(path: string): string;
	/** The names of all snapshots on a disk. */
	snapshotsOn(disk: string): readonly string[];
}

const only = { skip: process.getuid?.() === 0 ? undefined : "file systems need root" };

/** Writes 1, 2, 3 … to the first file and then to the second, each whole. */
const WRITER = `
const { renameSync, writeFileSync } = require("node:fs");
const [, first, second] = process.argv;
const put = (file, count) => { writeFileSync(file + ".new", String(count)); renameSync(file + ".new", file); };
for (let count = 1; ; count++) { put(first, count); put(second, count); }`;

export function fulfilsContract(kind: Kind): void {
	const folder = scratch(`snapshots-${kind.type}`);
	const run = (command: string) => execFileSync("sh", ["-ec", command]);
	describe(`a backup from ${kind.type}`, only, () => {
		let place: Place;
		let disk: string;
		let app: string;
		let writer: ChildProcess;
		const providers = () => ({
			tar: { destinations: { tar: { path: place.path("tar") } } },
			borgbackup: { destinations: { borg: { repo: place.path("borg"), encryption: "none" } } },
			restic: {
				destinations: {
					restic: { repo: place.path("restic"), passphraseFile: place.write("passphrase", "secret\n") },
				},
			},
			localbackup: { destinations: { local: { directory: place.path("local") } } },
		});
		const state = (snapshot: string, more: object = {}) => ({
			app: { folders: ["first", "between", "second"].map((name) => `${app}/${name}`), snapshot, ...more },
		});
		const succeeds = async (...words: string[]) => {
			const end = await place.holdfast(...words);
			assert.equal(end.code, 0, end.stdout + end.stderr);
			return end.stdout;
		};
		/** How far the first folder is ahead of the second one in an archive. */
		const ahead = async (destination: string) => {
			const into = place.path("into");
			await succeeds("restore", "--yes", "--into", into, destination, "latest");
			const count = (name: string) => {
				const file = `${into}${app}/${name}/count`;
				return existsSync(file) ? Number(readFileSync(file, "utf8")) : undefined;
			};
			const [first, second] = [count("first"), count("second")];
			rmSync(into, { recursive: true });
			return first === undefined || second === undefined ? "a file is missing" : first - second;
		};
		const leftovers = () => [
			...kind.snapshotsOn(disk).filter((name) => name.includes("holdfast")),
			...readdirSync(disk, { recursive: true }).filter((name) => String(name).includes(".holdfast-")),
		];
		before(async () => {
			place = new Place(folder);
			disk = place.path("disk");
			mkdirSync(disk);
			execFileSync("truncate", ["-s", "600M", place.path("image")]);
			run(`${kind.format} ${place.path("image")}`);
			execFileSync("mount", ["-o", "loop", place.path("image"), disk]);
			app = `${disk}/app`;
			run(kind.create(app));
			for (const name of ["first", "between", "second"]) mkdirSync(`${app}/${name}`);
			writeFileSync(`${app}/between/large`, randomBytes(40_000_000));
			writer = spawn(process.execPath, ["-e", WRITER, `${app}/first/count`, `${app}/second/count`]);
			await until(() => readdirSync(`${app}/second`).includes("count"));
		});
		after(() => {
			writer.kill("SIGKILL");
			execFileSync("umount", ["--lazy", disk]);
		});

		test("of one instant, on every engine, and nothing is left", async () => {
			place.declare({ state: state("require", { consistency: "atomic" }), providers: providers() });
			await succeeds("create");
			for (const destination of ["tar", "borg", "restic", "local"]) {
				const difference = await ahead(destination);
				assert.ok(difference === 0 || difference === 1, `${destination}: ${difference}`);
			}
			const shown = JSON.parse(await succeeds("archives", "show", "--json", "tar", "latest"));
			assert.match(JSON.stringify(shown), /"consistency":"atomic"/);
			assert.match(await succeeds("archives", "show", "tar", "latest"), /atomic/);
			assert.deepEqual(leftovers(), []);
		});

		test("without a snapshot, the writer gets ahead of the backup", async () => {
			place.declare({ state: state("never"), providers: { tar: providers().tar } });
			await succeeds("create");
			const difference = await ahead("tar");
			assert.ok(difference !== 0 && difference !== 1, `the test can fail: ${difference}`);
		});

		test("a run that was killed leaves nothing in the next archive of all of the volume", async () => {
			const all = { app: { folders: [disk], snapshot: "require" } };
			place.declare({ state: all, providers: { tar: providers().tar } });
			const { code } = await place.start(["create"], ["env", "HOLDFAST_FAULT=kill@snapshot#taken"]).ended;
			assert.notEqual(code, 0);
			await succeeds("create");
			assert.doesNotMatch(await succeeds("archives", "browse", "tar", "latest"), /\.holdfast-/);
			assert.deepEqual(leftovers(), []);
		});

		test("killed at any moment and recovered: nothing is left, and the next backup is of one instant", async () => {
			place.declare({ state: state("require"), providers: { tar: providers().tar } });
			const faulty = (fault: string) => place.start(["create"], ["env", `HOLDFAST_FAULT=${fault}`]).ended;
			const { stderr } = await faulty("trace");
			const points = [
				...new Set([...stderr.matchAll(/^fault-point (snapshot.*)$/gm)].map(([, point = ""]) => point)),
			];
			assert.ok(points.length > 4, points.join(" "));
			for (const point of points) {
				const { stderr: said } = await faulty(`kill@${point}`);
				assert.match(said, new RegExp(`fault-here ${point}`));
				await succeeds("recover");
				assert.deepEqual(leftovers(), [], point);
			}
			await succeeds("create");
			const difference = await ahead("tar");
			assert.ok(difference === 0 || difference === 1, `${difference}`);
		});

		test("what cannot be caught is said: required, the state fails; otherwise it is read as it is", async () => {
			place.write("elsewhere/file", "x");
			const elsewhere = { folders: [place.path("elsewhere")] };
			const with_ = (snapshot: string) => ({ ...state("require"), other: { ...elsewhere, snapshot } });
			place.declare({ state: with_("require"), providers: { tar: providers().tar } });
			const required = await place.holdfast("create");
			assert.equal(required.code, 3, required.stderr);
			assert.match(
				required.stdout + required.stderr,
				/no snapshot of other could be taken: .*elsewhere is on a file system of which no snapshot can be taken/,
			);
			place.declare({ state: with_("auto"), providers: { tar: providers().tar } });
			await succeeds("create");
			const shown = JSON.stringify(JSON.parse(await succeeds("archives", "show", "--json", "tar", "latest")));
			assert.equal(shown.match(/"consistency":"atomic"/g)?.length, 1);
			const plan = await succeeds("create", "--dry-run");
			assert.match(
				plan,
				/take the snapshot of .*; no snapshot of other, which is read as it is: .*elsewhere is on a file system/,
			);

			const own = { type: "command", create: "true", list: "echo '[]'", restore: "true" };
			place.declare({ state: state("require"), providers: { own } });
			const live = await place.holdfast("create");
			assert.notEqual(live.code, 0);
			assert.match(
				live.stdout + live.stderr,
				/no snapshot of app could be taken: provider "own" reads the live folders/,
			);

			place.declare({ state: state("require"), providers: { tar: providers().tar } });
			execFileSync("chattr", ["+i", disk]);
			const locked = await place.holdfast("create");
			execFileSync("chattr", ["-i", disk]);
			assert.notEqual(locked.code, 0, "what requires a snapshot is not read without one");
			assert.match(locked.stdout + locked.stderr, /no snapshot of app could be taken: /);
			assert.deepEqual(leftovers(), []);
		});

		test("volumes within a folder, other file systems mounted there and bind mounts are caught too", async () => {
			const own = `${disk}/nesting`;
			const second = place.path("second");
			run(kind.create(own));
			run(kind.create(`${own}/inner`));
			run(`mkdir ${own}/inner/way ${own}/mounted ${own}/bound ${second}`);
			run(kind.create(`${own}/inner/way/deep`));
			run(kind.create(`${disk}/source`));
			run(`mkdir -p ${disk}/source/part; truncate -s 150M ${second}-image; ${kind.format} ${second}-image`);
			run(`mount -o loop ${second}-image ${own}/mounted`);
			run(kind.create(`${own}/mounted/volume`));
			run(`mount --bind ${disk}/source/part ${own}/bound`);
			const places = ["", "inner/", "inner/way/", "inner/way/deep/", "mounted/", "mounted/volume/", "bound/"];
			const counts = places.map((one) => `${own}/${one}count`);
			const [first = "", last = ""] = [counts[0], counts[3]];
			for (const count of counts) writeFileSync(count, "0");
			const busy = spawn(process.execPath, ["-e", WRITER, first, last]);
			try {
				const providers = { tar: { destinations: { tar: { path: place.path("tar") } } } };
				const declare = (more: object) =>
					place.declare({ state: { s: { folders: [own], snapshot: "require", ...more } }, providers });
				declare({});
				// The file system tells what is there. Reading all folders would take long, while units stand still.
				const odd = `'${own}/two\nlines'`;
				run(kind.create(odd));
				const readAll = place.path("read-all");
				place.write(
					"bin/find",
					`#!/bin/sh\ncase "$*" in *-inum*) >${readAll}; esac\nexec /usr/bin/find "$@"\n`,
				);
				run(`chmod +x ${place.path("bin/find")}`);
				const { code, stderr } = await place.start(
					["create"],
					["env", `PATH=${place.path("bin")}:${process.env.PATH}`],
				).ended;
				assert.equal(code, 0, stderr);
				assert.ok(!existsSync(readAll));
				run(kind.remove(odd));
				const volumes = `${own}, ${own}/inner, .*${own}/inner/way/deep`;
				assert.match(await succeeds("create", "--dry-run"), new RegExp(`take the snapshots of ${volumes}`));
				await succeeds("create");
				const into = place.path("into");
				const read = async () => {
					await succeeds("restore", "--yes", "--into", into, "tar", "latest");
					const found = counts.map((one) => existsSync(into + one) && readFileSync(into + one, "utf8"));
					rmSync(into, { recursive: true });
					return found;
				};
				const found = await read();
				assert.ok(Number(found[0]) > 0 && Number(found[3]) > 0, found.join(" "));
				assert.deepEqual([...found.slice(1, 3), ...found.slice(4)], ["0", "0", "0", "0", "0"]);
				// Several volumes are not caught at once, and the writer never stood still.
				assert.match(await succeeds("archives", "show", "tar", "latest"), /spread: its folders/);

				// One that is gone by the time that it should be caught: the others alone are not one instant.
				for (const [word, code] of [
					["require", 3],
					["auto", 0],
				] as const) {
					run(kind.create(`${own}/mounted/gone`));
					declare({ snapshot: word, hooks: { preBackup: kind.remove(`${own}/mounted/gone`) } });
					const { code: end, stdout, stderr } = await place.holdfast("create");
					assert.equal(end === 0, code === 0, stdout + stderr);
					assert.match(stdout + stderr, /no snapshot of s could be taken: /);
				}
				assert.match(await succeeds("archives", "show", "tar", "latest"), /live: its folders|fuzzy: /);
				// A file that is replaced while its folder is listed may be missed.
				const still = (await read()).filter((_, place) => ![first, last].includes(counts[place] ?? ""));
				assert.ok(!still.includes(false), "it was read as it is");
				declare({ folders: [`${own}/bound`, `${disk}/source/part`], snapshot: "require" });
				assert.match(await succeeds("create", "--dry-run"), /take the snapshot of [^ ,]*source(\n|$)/m);
			} finally {
				busy.kill("SIGKILL");
				run(`umount ${own}/bound; umount ${own}/mounted`);
			}
			assert.deepEqual(leftovers(), []);
		});

		test("volumes and file systems that are excluded are no obstacle, and are not caught", async () => {
			const own = `${disk}/excluding`;
			run(kind.create(own));
			run(`mkdir ${own}/old ${own}/fast; echo 1 >${own}/file; mount -t tmpfs none ${own}/fast`);
			run(kind.create(`${own}/old/volume`));
			try {
				const exclude = ["old/**", "./fast"];
				place.declare({
					state: { s: { folders: [own], snapshot: "require", consistency: "atomic", exclude } },
					providers: { tar: providers().tar },
				});
				assert.match(await succeeds("create", "--dry-run"), /take the snapshot of [^ ,]*excluding(\n|$)/m);
				await succeeds("create");
				const listed = await succeeds("archives", "browse", "tar", "latest");
				assert.match(listed, /excluding\/file/);
				assert.doesNotMatch(listed, /\/volume|\/fast/);
			} finally {
				run(`umount ${own}/fast`);
			}
		});

		test("many volumes in a folder do not hold units up: it is not caught, and the plan says so", async () => {
			const own = `${disk}/many`;
			run(kind.create(own));
			run(Array.from({ length: 33 }, (_, index) => kind.create(`${own}/${index}`)).join("\n"));
			const many = { folders: [own], snapshot: "auto" };
			const still = { ...state("require").app, freezeOnBackup: ["app.service"] };
			for (const [states, isCaught] of [
				[{ many }, true],
				[{ many, app: still }, false],
			] as const) {
				place.declare({ state: states, providers: { tar: providers().tar } });
				const plan = await succeeds("create", "--dry-run");
				assert.equal(
					/no snapshot of many, .* more than 32 .* while units of app stand still/.test(plan),
					!isCaught,
				);
			}
			// One less, so that a volume of another state is one too many.
			run(`rmdir ${own}/32; ${kind.create(`${disk}/few`)}; ${kind.create(`${disk}/few/inner`)}`);
			const few = { folders: [`${disk}/few`], snapshot: "require" };
			place.declare({
				state: { app: still, many: { ...many, stopOnBackup: ["app.service"] }, few },
				providers: { tar: providers().tar },
			});
			const plan = await succeeds("create", "--dry-run");
			assert.match(plan, /no snapshot of many, .* more than 32 /);
			assert.doesNotMatch(plan, /no snapshot of few/);
			run(`rmdir ${own}/* ${disk}/few/inner; ${kind.remove(own)}; ${kind.remove(`${disk}/few`)}`);
		});

		test("what a snapshot of the volume does not hold is never passed off as caught", async () => {
			const own = `${disk}/own`;
			run(kind.create(own));
			for (const name of ["mounted", "real"]) mkdirSync(`${own}/${name}`);
			writeFileSync(`${own}/real/file`, "x");
			execFileSync("mount", ["-t", "tmpfs", "none", `${own}/mounted`]);
			try {
				mkdirSync(`${own}/mounted/below`);
				writeFileSync(`${own}/mounted/below/file`, "x");
				for (const name of ["mounted", "mounted/below"]) {
					const declare = (snapshot: string) =>
						place.declare({
							state: { s: { folders: [`${own}/${name}`], snapshot } },
							providers: { tar: providers().tar },
						});
					declare("require");
					const { code, stdout, stderr } = await place.holdfast("create");
					assert.notEqual(code, 0, name);
					assert.match(
						stdout + stderr,
						/is on a file system of which no snapshot can be taken \(\w+, mounted at /,
					);
					declare("auto");
					await succeeds("create");
					await succeeds("restore", "--yes", "--into", place.path("into"), "tar", "latest");
					assert.ok(
						readdirSync(place.path("into"), { recursive: true }).some((one) => String(one).endsWith("/file")),
						name,
					);
					rmSync(place.path("into"), { recursive: true });
				}
			} finally {
				execFileSync("umount", [`${own}/mounted`]);
			}
			const makings = [
				[kind.create(`${own}/real/n`), kind.remove(`${own}/real/n`)],
				[`mkdir -p ${own}/real/m; mount -t tmpfs none ${own}/real/m`, `umount ${own}/real/m`],
				[`mount --bind ${app}/between ${own}/real`, `umount ${own}/real`],
			] as const;
			for (const [make, unmake] of makings)
				for (const snapshot of ["require", "auto"]) {
					place.declare({
						state: { s: { folders: [`${own}/real`], snapshot, hooks: { preBackup: make } } },
						providers: {
							tar: providers().tar,
							...(snapshot === "auto" ? { restic: providers().restic } : {}),
						},
					});
					const { code, stdout, stderr } = await place.holdfast("create");
					assert.equal(code === 0, snapshot === "auto", make);
					assert.match(
						stdout + stderr,
						/no snapshot of s could be taken: .*real(\/[nm])? (was mounted or made while the run was under way|is on a file system)/,
					);
					if (snapshot === "auto")
						assert.doesNotMatch(await succeeds("archives", "show", "tar", "latest"), /atomic/);
					run(unmake);
				}
			assert.deepEqual(leftovers(), []);
		});

		test("a link that leads elsewhere after the snapshot is not read as caught", async () => {
			const own = `${disk}/linked`;
			run(kind.create(own));
			for (const name of ["one", "two"]) mkdirSync(`${own}/${name}`);
			execFileSync("ln", ["-s", "one", `${own}/current`]);
			place.declare({
				state: {
					s: {
						folders: [`${own}/current`],
						snapshot: "require",
						hooks: { preBackup: `ln -sfn two ${own}/current` },
					},
				},
				providers: { tar: providers().tar },
			});
			const { code, stdout, stderr } = await place.holdfast("create");
			assert.notEqual(code, 0);
			assert.match(stdout + stderr, /its folders are not what a snapshot has caught/);
		});

		test("a link on the way to a volume within a folder leads no snapshot elsewhere", async () => {
			const own = `${disk}/led`;
			run(`${kind.create(own)}; mkdir ${own}/way ${disk}/others; ${kind.create(`${own}/way/inner`)}`);
			run(`${kind.create(`${disk}/others/inner`)}; echo secret >${disk}/others/inner/secret`);
			const swap = `mv ${own}/way ${own}/kept; ln -s ${disk}/others ${own}/way`;
			for (const snapshot of ["require", "auto"]) {
				place.declare({
					state: { s: { folders: [own], snapshot, hooks: { preBackup: swap } } },
					providers: { tar: providers().tar },
				});
				const { code, stdout, stderr } = await place.holdfast("create");
				assert.equal(code === 0, snapshot === "auto", stdout + stderr);
				assert.match(stdout + stderr, /no snapshot of s could be taken: .*way/);
				run(`rm ${own}/way; mv ${own}/kept ${own}/way`);
			}
			await succeeds("restore", "--yes", "--into", place.path("into"), "tar", "latest");
			const found = run(`find ${place.path("into")}`)
				.toString()
				.split("\n");
			rmSync(place.path("into"), { recursive: true });
			assert.ok(found.some((path) => path.endsWith("kept/inner")));
			assert.ok(!found.some((path) => path.endsWith("secret")));
			assert.deepEqual(leftovers(), []);
		});

		test("a snapshot that cannot be deleted is named, and ends no backup, until it can be", async () => {
			place.declare({ state: state("require"), providers: { tar: providers().tar } });
			const locking = `HOLDFAST_FAULT_COMMAND=chattr +i ${disk}/.holdfast-*`;
			const { code, stdout, stderr } = await place.start(
				["create"],
				["env", "HOLDFAST_FAULT=run@snapshot#taken", locking],
			).ended;
			assert.equal(code, 0, stdout + stderr);
			assert.match(stderr, /! the snapshot \S*\/\.holdfast-\S+ is left: .*holdfast recover --abandon/);
			const problem = /snapshots of earlier runs could not be deleted, .*\.holdfast-/;
			assert.doesNotMatch((await place.holdfast("status")).stdout, problem);
			place.declare({ state: { app: { folders: [disk] } }, providers: { tar: providers().tar } });
			const next = await place.holdfast("create");
			assert.equal(next.code, 0, next.stderr);
			assert.match(next.stderr, /! unfinished work of run .*, delete the snapshot of .*--abandon/);
			assert.doesNotMatch(await succeeds("archives", "browse", "tar", "latest"), /\.holdfast-/);
			assert.match((await place.holdfast("status")).stdout, problem);
			run(`chattr -i ${disk}/.holdfast-*`);
			await succeeds("recover");
			assert.doesNotMatch((await place.holdfast("status")).stdout, problem);
			assert.deepEqual(leftovers(), []);
		});

		test("what was read is judged, not what the live folders have become", async () => {
			place.declare({ state: state("require"), providers: { tar: providers().tar } });
			await succeeds("create");
			const moved = `${app}/moved`;
			for (const [point, from] of [
				["before", `${app}/between/large`],
				["written", `${app}/between`],
			] as const) {
				const { code, stdout, stderr } = await place.start(
					["create"],
					[
						...["env", `HOLDFAST_FAULT=run@create:tar/tar#${point}`],
						`HOLDFAST_FAULT_COMMAND=mv ${from} ${moved}`,
					],
				).ended;
				run(`mv ${moved} ${from}`);
				assert.equal(code, 0, point + stdout + stderr);
			}
		});

		test("the snapshot of a disk that is away during the recovery is not forgotten", async () => {
			place.declare({ state: state("require"), providers: { tar: providers().tar } });
			const { code } = await place.start(["create"], ["env", "HOLDFAST_FAULT=kill@snapshot#taken"]).ended;
			assert.notEqual(code, 0);
			writer.kill("SIGKILL");
			await new Promise((resolve) => setTimeout(resolve, 200));
			execFileSync("umount", [disk]);
			for (const command of ["recover", "recover"])
				assert.match((await place.holdfast(command)).stderr, /with the snapshot .*, is not mounted/);
			execFileSync("mount", ["-o", "loop", place.path("image"), disk]);
			await succeeds("recover");
			assert.deepEqual(leftovers(), []);
		});
	});
}
