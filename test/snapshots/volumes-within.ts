// The part of the contract about folders that hold more than one volume: subvolumes, other file systems, bind mounts, and links that
// somebody puts in their way.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { type BusyDisk, type Kind, WRITER } from "./busy-disk.ts";

export function volumesWithin(
	kind: Kind,
	{ place, disk, app, run, providers, state, succeeds, leftovers }: BusyDisk,
): void {
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
		run(`mkdir ${own}/old; echo 1 >${own}/file`);
		for (const name of ["old/volume", "fast"]) run(kind.create(`${own}/${name}`));
		run(`mount -t tmpfs none ${own}/fast`);
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
		// By default nobody waits for so many.
		place.declare({ state: { many: { folders: [own] } }, providers: { tar: providers().tar } });
		assert.doesNotMatch(await succeeds("create", "--dry-run"), /snapshot/);
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

	test("a file among the folders is caught too, and not what has become of it", async () => {
		const own = `${disk}/filed`;
		const file = `${own}/settings`;
		run(`mkdir -p ${own}/data; echo old >${file}; echo old >${own}/data/file`);
		const s = { folders: [`${own}/data`, file], snapshot: "require", consistency: "atomic" };
		place.declare({ state: { s }, providers: providers() });
		const change = `echo new >${file}; echo new >${own}/data/file`;
		const { code, stdout, stderr } = await place.start(
			["create"],
			["env", "HOLDFAST_FAULT=run@snapshot#taken", `HOLDFAST_FAULT_COMMAND=${change}`],
		).ended;
		assert.equal(code, 0, stdout + stderr);
		for (const destination of ["tar", "borg", "restic", "local"]) {
			const into = place.path("into");
			await succeeds("restore", "--yes", "--into", into, destination, "latest");
			for (const path of [file, `${own}/data/file`])
				assert.equal(readFileSync(into + path, "utf8"), "old\n", destination);
			rmSync(into, { recursive: true });
		}
		place.declare({
			state: { s: { ...s, hooks: { preBackup: `rm ${file}; mkdir ${file}` } } },
			providers: { tar: providers().tar },
		});
		const replaced = await place.holdfast("create");
		assert.equal(replaced.code, 0, "it is the folder that was caught");
		assert.deepEqual(leftovers(), []);
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
}
