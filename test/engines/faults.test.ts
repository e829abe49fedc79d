// How every engine behaves when its disk is full or read-only, or its process is killed.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { scratch } from "../support/scratch.ts";
import { factsOf, isRoot } from "../support/tree.ts";
import { ENGINES, setUpEngines } from "./engines.ts";
import { intoFolder, metadataOf, quiet } from "./fixtures.ts";

/** How often each engine is killed; at a different time in each test run. */
const ROUNDS = 1;
const folder = scratch("engine-faults");
setUpEngines(folder);

/** A small disk for the test. */
function disk(name: string, megabytes: number): string {
	const image = join(folder, `${name}.img`);
	const at = join(folder, `${name} disk`);
	execFileSync("truncate", ["-s", `${megabytes}M`, image]);
	execFileSync("mkfs.ext4", ["-q", image]);
	mkdirSync(at);
	execFileSync("mount", ["-o", "loop", image, at]);
	after(() => execFileSync("umount", [at]));
	return at;
}

function source(name: string) {
	const at = join(folder, `${name} source`);
	mkdirSync(join(at, "deep"), { recursive: true });
	writeFileSync(join(at, "deep/file"), "as it was");
	return { at, roots: [{ path: at, exclude: [] }] };
}

for (const engine of ENGINES)
	describe(`${engine.name} in trouble`, { skip: isRoot ? false : "only root can mount a disk" }, () => {
		test("a full disk is said in those words; nothing half is listed, and with room the next one works", async () => {
			const at = disk(`${engine.name}-full`, 48);
			const destination = engine.open(at);
			const { at: from, roots } = source(`${engine.name}-full`);
			await destination.create({ name: "first", roots, metadata: metadataOf("first") }, true, quiet);
			writeFileSync(join(from, "large"), randomBytes(64 * 1024 * 1024));
			await assert.rejects(
				destination.create({ name: "second", roots, metadata: metadataOf("second") }, false, quiet),
				/no space left/,
			);
			await destination.discardPartial?.("second", quiet).catch(() => {});
			rmSync(join(from, "large"));
			assert.deepEqual(
				(await destination.list(quiet)).map(({ name }) => name),
				["first"],
			);
			const into = join(folder, `${engine.name}-full into`);
			mkdirSync(into);
			await destination.restore("first", [from], intoFolder(into), quiet);
			assert.equal(readFileSync(join(into + from, "deep/file"), "utf8"), "as it was");
			await destination.create({ name: "third", roots, metadata: metadataOf("third") }, false, quiet);
		});

		test("a read-only disk can be listed and restored from; a create says what is wrong", async () => {
			const at = disk(`${engine.name}-ro`, 48);
			const destination = engine.open(at);
			const { at: from, roots } = source(`${engine.name}-ro`);
			await destination.create({ name: "first", roots, metadata: metadataOf("first") }, true, quiet);
			execFileSync("mount", ["-o", "remount,ro", at]);
			assert.equal((await destination.list(quiet)).length, 1);
			const into = join(folder, `${engine.name}-ro into`);
			mkdirSync(into);
			await destination.restore("first", [from], intoFolder(into), quiet);
			assert.deepEqual(factsOf(into + from), factsOf(from));
			await assert.rejects(
				destination.create({ name: "second", roots, metadata: metadataOf("second") }, false, quiet),
				/mounted read-only|cannot write to/,
			);
			execFileSync("mount", ["-o", "remount,rw", at]);
		});

		test("killed at random moments, a create leaves no half archive in the list, and the next one works", async () => {
			const at = join(folder, `${engine.name}-killed`);
			mkdirSync(at);
			const destination = engine.open(at);
			const { at: from, roots } = source(`${engine.name}-killed`);
			for (let index = 0; index < 20; index++)
				writeFileSync(join(from, `file-${index}`), randomBytes(2 * 1024 * 1024));
			const script = `
				import { ENGINES, setUpEngines } from ${JSON.stringify(join(import.meta.dirname, "engines.ts"))};
				import { metadataOf, quiet } from ${JSON.stringify(join(import.meta.dirname, "fixtures.ts"))};
				const [folder, name, at, from, archive] = process.argv.slice(1);
				setUpEngines(folder);
				const engine = ENGINES.find((one) => one.name === name);
				await engine.open(at).create({ name: archive, roots: [{ path: from, exclude: [] }], metadata: metadataOf(archive) }, true, quiet);
			`;
			const make = (archive: string) =>
				spawn(
					process.execPath,
					["--input-type=module", "-e", script, folder, engine.name, at, from, archive],
					{
						stdio: "ignore",
					},
				);
			const ended = (child: ReturnType<typeof make>) =>
				new Promise<number | null>((resolve) => child.on("close", (code) => resolve(code)));
			const began = performance.now();
			assert.equal(await ended(make("whole")), 0);
			const usual = performance.now() - began;
			for (let round = 0; round < ROUNDS; round++) {
				const child = make(`killed-${round}`);
				const end = ended(child);
				setTimeout(() => child.kill("SIGKILL"), Math.random() * usual);
				const finished = (await end) === 0;
				await destination.discardPartial?.(`killed-${round}`, quiet);
				for (const { name } of await destination.list(quiet)) {
					// If it was killed after the archive was complete, the archive may exist: then a restore of it
					// works.
					const into = join(folder, `${engine.name}-killed-${round}-${name}`);
					mkdirSync(into);
					await destination.restore(name, [from], intoFolder(into), quiet);
					assert.deepEqual(factsOf(into + from), factsOf(from));
					rmSync(into, { recursive: true });
				}
				if (finished)
					assert.ok((await destination.list(quiet)).some(({ name }) => name === `killed-${round}`));
			}
			await destination.create({ name: "last", roots, metadata: metadataOf("last") }, false, quiet);
			assert.ok((await destination.list(quiet)).some(({ name }) => name === "last"));
			assert.deepEqual(await destination.check(false, quiet), []);
		});
	});
