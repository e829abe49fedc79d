// The contract of src/engines/destination.ts, as tests. A new engine is one call of `fulfilsContract`.
import assert from "node:assert/strict";
import { linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Metadata } from "../../src/engines/archive.ts";
import type { Root, Work } from "../../src/engines/destination.ts";
import { below } from "../../src/values/patterns.ts";
import { AWKWARD_NAMES, attributesOf, factsOf, fillAwkward } from "../support/tree.ts";
import { tellsContents } from "./contents.ts";
import { detectsDamage } from "./damage.ts";
import { wantsItsDisk } from "./disks.ts";
import { type Engine, repoOf } from "./engines.ts";
import { type Bench, intoFolder, metadataOf, plain, quiet } from "./fixtures.ts";
import { takesStreams } from "./streams.ts";
import { toldWhatIsUnsteady } from "./unsteady.ts";

export function fulfilsContract(engine: Engine, scratch: string): void {
	const setUp = (): Bench => {
		const folder = mkdtempSync(join(scratch, `${engine.name}-`));
		const source = join(folder, "source: it's");
		fillAwkward(source);
		return { folder, source, destination: engine.open(folder), roots: rootsOf(source) };
	};
	const rootsOf = (...paths: string[]): Root[] => paths.map((path) => ({ path, exclude: [] }));

	/** Tests of our own code, which are the same for every version of the engine. */
	const whole: typeof test = engine.brief ? ((() => {}) as unknown as typeof test) : test;

	describe(`${engine.name} fulfils the contract of a provider`, () => {
		test("everything in a folder comes back as it was, below another folder", async () => {
			const { folder, source, destination, roots } = setUp();
			const result = await destination.create(
				{ name: "one", roots, metadata: metadataOf("one") },
				true,
				quiet,
			);
			assert.deepEqual([result.unreadable, result.unsteady], [[], []]);
			const into = join(folder, "into");
			mkdirSync(into);
			await destination.restore("one", [source], intoFolder(into), quiet);
			assert.deepEqual(factsOf(into + source), factsOf(source));
			assert.equal(attributesOf(into + source), attributesOf(source));
		});

		tellsContents(setUp);
		test("list gives back each archive's metadata, oldest first", async () => {
			const { destination, roots } = setUp();
			const [first, second] = [metadataOf("first"), metadataOf("second")];
			await destination.create({ name: "web01-first", roots, metadata: first }, true, quiet);
			await destination.create({ name: "web01-second", roots, metadata: second }, false, quiet);
			const archives = await destination.list(quiet);
			assert.deepEqual(
				archives.map(({ name }) => name),
				["web01-first", "web01-second"],
			);
			assert.deepEqual(
				archives.map(({ metadata }) => plain(metadata)),
				[first, second],
			);
		});

		test("writeMetadata corrects what an archive says, and its files stay", async () => {
			const { folder, source, destination, roots } = setUp();
			await destination.create({ name: "one", roots, metadata: metadataOf("one") }, true, quiet);
			const corrected: Metadata = {
				...metadataOf("one"),
				states: { notes: { outcome: "failed", folders: [source], reason: "could not read" } },
			};
			await destination.writeMetadata("one", corrected, quiet);
			assert.deepEqual(
				(await destination.list(quiet)).map(({ metadata }) => plain(metadata)),
				[corrected],
			);
			mkdirSync(join(folder, "into"));
			await destination.restore("one", [source], intoFolder(join(folder, "into")), quiet);
			assert.deepEqual(factsOf(join(folder, "into") + source), factsOf(source));
		});

		whole("an older archive is what it was, whatever came after", async () => {
			const { folder, source, destination, roots } = setUp();
			writeFileSync(join(source, "changing"), "before");
			await destination.create({ name: "old", roots, metadata: metadataOf("old") }, true, quiet);
			const before = factsOf(source);
			writeFileSync(join(source, "changing"), "after it all");
			await destination.create({ name: "new", roots, metadata: metadataOf("new") }, false, quiet);
			mkdirSync(join(folder, "into"));
			await destination.restore("old", [source], intoFolder(join(folder, "into")), quiet);
			assert.deepEqual(factsOf(join(folder, "into") + source), before);
		});

		if (engine.open(scratch).takesStreams) takesStreams(setUp);

		toldWhatIsUnsteady(engine, setUp);
		wantsItsDisk(engine, scratch);

		whole("of several roots, only the ones that are asked for are written [long]", async () => {
			const { folder, destination } = setUp();
			const roots = AWKWARD_NAMES.map((name) => join(folder, "roots", name));
			for (const root of roots) {
				mkdirSync(root, { recursive: true });
				writeFileSync(join(root, "file"), root);
			}
			await destination.create(
				{ name: "a", roots: rootsOf(...roots), metadata: metadataOf("a") },
				true,
				quiet,
			);
			for (const root of roots) {
				const into = mkdtempSync(join(folder, "into-"));
				await destination.restore("a", [root], intoFolder(into), quiet);
				assert.deepEqual(factsOf(into + root), factsOf(root));
				assert.deepEqual(readdirSync(join(into + root, "..")), [root.slice(root.lastIndexOf("/") + 1)]);
			}
		});

		whole("a single file can be a root", async () => {
			const { folder, source, destination } = setUp();
			const file = join(source, "secret");
			await destination.create({ name: "a", roots: rootsOf(file), metadata: metadataOf("a") }, true, quiet);
			mkdirSync(join(folder, "into"));
			await destination.restore("a", [file], intoFolder(join(folder, "into")), quiet);
			assert.deepEqual(factsOf(join(folder, "into") + file), factsOf(file));
		});

		test("a file with several names can be taken out under any of them, and so can a folder with one", async () => {
			const { folder, source, destination } = setUp();
			const root = join(source, "..", "names");
			const names = ["a", "b/first", "b/second", "c/third"].map((name) => join(root, name));
			for (const [index, name] of names.entries()) {
				mkdirSync(join(name, ".."), { recursive: true });
				if (index === 0) writeFileSync(name, "one");
				else linkSync(join(root, "a"), name);
			}
			await destination.create({ name: "a", roots: rootsOf(root), metadata: metadataOf("a") }, true, quiet);
			for (const paths of [[names[3] ?? ""], [join(root, "b"), join(root, "a")]]) {
				const into = mkdtempSync(join(folder, "into-"));
				await destination.restore("a", paths, intoFolder(into), quiet);
				const found = readdirSync(into + root, { recursive: true, withFileTypes: true })
					.filter((entry) => !entry.isDirectory())
					.map((entry) => join(entry.parentPath, entry.name).slice(into.length));
				const held = names.filter((name) => paths.some((path) => `${name}/`.startsWith(`${path}/`)));
				assert.deepEqual(found.sort(), held, paths.join());
				for (const name of held) assert.equal(readFileSync(into + name, "utf8"), "one");
				assert.deepEqual(readdirSync(into + root).sort(), [
					...new Set(held.map((name) => name.slice(root.length + 1).split("/")[0])),
				]);
			}
		});

		whole("a path or an archive that is not there is the same error from every engine", async () => {
			const { folder, source, destination, roots } = setUp();
			await destination.create({ name: "a", roots, metadata: metadataOf("a") }, true, quiet);
			mkdirSync(join(folder, "into"));
			const into = intoFolder(join(folder, "into"));
			const path = { code: "path-not-in-archive" };
			for (const one of ["/srv/other", join(source, "never there"), `${source}-not`]) {
				await assert.rejects(destination.restore("a", [one], into, quiet), path, one);
				await assert.rejects(
					destination.contents("a", [one], () => {}, quiet),
					path,
					one,
				);
			}
			const archive = { code: "archive-not-found", message: /^there is no archive never-made in / };
			await assert.rejects(destination.restore("never-made", [source], into, quiet), archive);
			await assert.rejects(
				destination.contents("never-made", [source], () => {}, quiet),
				archive,
			);
			await assert.rejects(destination.sizeOf("never-made", [source], quiet), archive);
			await assert.rejects(destination.details("never-made", quiet), archive);
			await assert.rejects(destination.writeMetadata("never-made", metadataOf("b"), quiet), archive);
		});

		test("exclude means the same in every engine", async () => {
			const { folder, destination } = setUp();
			const root = join(folder, "with [brackets]");
			const files = [
				"keep",
				"a.tmp",
				"deep/er/b.tmp",
				"cache/c",
				"cache/deep/d",
				"deep/cache/e",
				"logs/1.log",
				"logs/old/2.log",
				"skip/f",
				"deep/skip/g",
			];
			for (const file of files) {
				mkdirSync(join(root, file, ".."), { recursive: true });
				writeFileSync(join(root, file), file);
			}
			const exclude = [
				"*.tmp",
				"cache/*",
				"logs/*.log",
				`${root.replace(/[[\]]/g, "[$&]")}/deep/cache`,
				"skip/",
			];
			const roots = [{ path: root, exclude: exclude.flatMap((pattern) => below(root, pattern)) }];
			const request = { name: "a", roots, metadata: metadataOf("a") };
			await destination.create(request, true, quiet);
			mkdirSync(join(folder, "into"));
			await destination.restore("a", [root], intoFolder(join(folder, "into")), quiet);
			const found = readdirSync(join(folder, "into") + root, { recursive: true, withFileTypes: true })
				.filter((entry) => entry.isFile())
				.map((entry) => join(entry.parentPath, entry.name).slice((join(folder, "into") + root).length + 1));
			assert.deepEqual(found.sort(), ["keep", "logs/old/2.log"]);
		});

		whole("a create that is aborted leaves nothing that list shows, and the next one works", async () => {
			const { source, destination, roots } = setUp();
			await destination.create({ name: "first", roots, metadata: metadataOf("first") }, true, quiet);
			writeFileSync(join(source, "large"), Buffer.alloc(200 * 1024 * 1024, "0123456789abcdef random"));
			const stop = new AbortController();
			const work: Work = { ...quiet, signal: stop.signal };
			setTimeout(() => stop.abort(), 150);
			await assert.rejects(
				destination.create({ name: "second", roots, metadata: metadataOf("second") }, false, work),
			);
			await destination.discardPartial?.("second", quiet);
			await destination.discardPartial?.("second", quiet);
			assert.deepEqual(
				(await destination.list(quiet)).map(({ name }) => name),
				["first"],
			);
			await destination.create({ name: "third", roots, metadata: metadataOf("third") }, false, quiet);
		});

		whole("a destination that was there before and is gone is not made again", async () => {
			const { folder, destination, roots } = setUp();
			// What an entry in engines.ts may have created beforehand.
			rmSync(repoOf(folder), { recursive: true, force: true });
			await assert.rejects(
				destination.create({ name: "a", roots, metadata: metadataOf("a") }, false, quiet),
				/existed before|contained archives before/,
			);
			await assert.rejects(destination.list(quiet), /does not exist|there is no \w+ repository/);
			rmSync(folder, { recursive: true });
		});

		whole("names that are paths, options or patterns are refused", async () => {
			const { folder, source, destination, roots } = setUp();
			await destination.create({ name: "a", roots, metadata: metadataOf("a") }, true, quiet);
			for (const name of ["../a", "/etc", "x/../../a", "", ".", "..", "a\nb", "a::b", ".partial-a"])
				await assert.rejects(
					destination.restore(name, [source], intoFolder(folder), quiet),
					Error,
					JSON.stringify(name),
				);
		});

		whole("a file that cannot be read is named, and the rest is stored", async () => {
			const { folder, destination } = setUp();
			const root = join(folder, "vanishing");
			mkdirSync(root);
			writeFileSync(join(root, "good"), "good");
			const roots = rootsOf(root, join(folder, "not there"));
			const request = { name: "a", roots, metadata: metadataOf("a") };
			const result = await destination.create(request, true, quiet);
			assert.deepEqual(
				result.unreadable.map(({ path }) => path),
				[join(folder, "not there")],
			);
		});

		whole(
			"folders in more than a thousand others cost no other root its place in the archive [long]",
			async () => {
				const { folder, destination, source } = setUp();
				const deep = join(folder, "deep");
				mkdirSync(join(deep, "a/".repeat(1100)), { recursive: true });
				writeFileSync(join(deep, "file"), "above");
				const request = { name: "a", roots: rootsOf(deep, source), metadata: metadataOf("a") };
				const { unreadable } = await destination.create(request, true, quiet);
				assert.ok(unreadable.every(({ path }) => path.startsWith(deep)));
				mkdirSync(join(folder, "into"));
				await destination.restore("a", [source], intoFolder(join(folder, "into")), quiet);
				assert.deepEqual(factsOf(join(folder, "into", source)), factsOf(source));
				rmSync(deep, { recursive: true });
			},
		);

		whole("remove takes the archives that it is told and no other; once more is no fault", async () => {
			const { folder, source, destination, roots } = setUp();
			for (const name of ["a", "b", "c"])
				await destination.create({ name, roots, metadata: metadataOf(name) }, name === "a", quiet);
			await destination.remove(["a", "c"], quiet);
			await destination.remove(["a", "never-there"], quiet);
			assert.deepEqual(
				(await destination.list(quiet)).map(({ name }) => name),
				["b"],
			);
			mkdirSync(join(folder, "into"));
			await destination.restore("b", [source], intoFolder(join(folder, "into")), quiet);
			assert.deepEqual(factsOf(join(folder, "into") + source), factsOf(source));
			assert.deepEqual(await destination.check(true, quiet), []);
		});

		detectsDamage(engine, scratch, setUp, whole);
	});
}
