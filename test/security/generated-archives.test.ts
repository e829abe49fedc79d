// Archives of tar's, generated: with links, hard links, odd paths, devices and owners, they write into their folder alone.
import assert from "node:assert/strict";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { openFolder } from "../../src/host/folder.ts";
import { into } from "../../src/providers/into.ts";
import { openTar } from "../providers/engines.ts";
import { quiet } from "../providers/fixtures.ts";
import { onlyRoot, place } from "./extracted.ts";
import { guarded, type Member, metadataOf, writeTarArchive } from "./hostile.ts";

/** The long tier makes ten thousand. */
const ROUNDS = Number(process.env.HOLDFAST_ROUNDS) || 60;

/** Names that meet often, and ways out. */
const step = fc.constantFrom("x", "y", "z");
const inside = fc.array(step, { minLength: 1, maxLength: 4 }).map((steps) => steps.join("/"));
const member = (outside: string): fc.Arbitrary<Member> => {
	const out = fc.constantFrom(
		outside,
		join(outside, "inner"),
		join(outside, "secret"),
		"../outside",
		"../../outside",
		"../../../outside/inner",
		"..",
		".",
		"x",
		"../x/y",
		"/",
	);
	const name = fc.oneof(
		{ weight: 6, arbitrary: inside.map((path) => `r/${path}`) },
		{ weight: 1, arbitrary: inside.map((path) => `r/${path}/../../../outside/planted`) },
		{
			weight: 1,
			arbitrary: fc.constantFrom(
				"r",
				`${outside}/planted`,
				"../outside/planted",
				"r/../../outside/planted",
				"r/x/",
				"./r/x",
			),
		},
	);
	return fc.record({
		name,
		type: fc.constantFrom("file", "file", "folder", "symlink", "symlink", "hardlink", "fifo", "character"),
		target: out,
		content: fc.constantFrom("planted", ""),
		mode: fc.constantFrom(0o644, 0o4755, 0o777, 0),
		uid: fc.constantFrom(0, 65534),
	});
};

test("tar: archives of anything write into their folder alone", onlyRoot, async () => {
	const { folder, outside, target, before } = place();
	const destination = join(folder, "destination");
	const roots = fc.uniqueArray(fc.constantFrom("/r", "/r/x", "/r/x/y", "/r/y/z", "/r/z"), {
		minLength: 1,
		maxLength: 4,
	});
	let extracted = 0;
	await fc.assert(
		fc.asyncProperty(
			roots,
			fc.array(fc.array(member(outside), { maxLength: 8 }), { minLength: 4, maxLength: 4 }),
			async (paths, all) => {
				rmSync(destination, { recursive: true, force: true });
				for (const name of readdirSync(target)) rmSync(join(target, name), { recursive: true, force: true });
				const segments = paths.map((path, index) => ({ path, members: all[index] ?? [] }));
				writeTarArchive(destination, "evil", { segments, metadata: metadataOf({ folders: paths }) });
				// There are thousands of them.
				using open = openFolder(target);
				for (const path of paths)
					await openTar(folder)
						.restore("evil", [path], into(open, quiet.log), quiet)
						.then(
							() => extracted++,
							() => {},
						);
				assert.equal(guarded(outside), before);
				assert.deepEqual(readdirSync(folder).sort(), ["destination", "into", "outside"]);
			},
		),
		{ numRuns: ROUNDS },
	);
	assert.ok(extracted > 0, "none of them was extracted");
});
