// An archive says which folders of other states were within those that it contains (`without`, and the folders of its
// states): a restore keeps these as they are. An attacker can claim this of any path: it may affect only what is
// there in the service's own folder, which is shown beforehand; elsewhere nothing is touched, and an undo is
// complete.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { Place } from "../support/place.ts";
import { factsOf } from "../support/tree.ts";
import { base, onlyRoot } from "./extracted.ts";
import { guarded, type Member, metadataOf, writeTarArchive } from "./hostile.ts";

/** The long tier generates a few hundred. */
const ROUNDS = Number(process.env.HOLDFAST_ROUNDS) || 8;
const SERVICE = 65_534;

/** A service's live folder, full of ways out, and root's data next to it. */
function attacked() {
	const place = new Place(mkdtempSync(join(base, "without-")));
	const [home, outside] = [place.path("home"), place.path("outside")];
	const app = join(home, "app");
	mkdirSync(join(outside, "inner"), { recursive: true });
	writeFileSync(join(outside, "secret"), "root's own", { mode: 0o600 });
	writeFileSync(join(outside, "inner/file"), "as it was");
	mkdirSync(join(app, "a/b"), { recursive: true });
	mkdirSync(join(app, "x/y"), { recursive: true });
	for (const file of ["a/file", "a/b/file", "x/file", "x/y/file"]) writeFileSync(join(app, file), "live");
	symlinkSync(outside, join(app, "out"));
	symlinkSync("../../outside", join(app, "a/out"));
	symlinkSync("a", join(app, "z"));
	execFileSync("chown", ["-Rh", String(SERVICE), app]);
	place.declare({ state: { app: { folders: [app] } } });
	return { place, home, app, outside };
}

const below = fc
	.array(fc.constantFrom("a", "b", "x", "y", "z", "out", "inner", "file"), { minLength: 1, maxLength: 3 })
	.map((steps) => steps.join("/"));

test(
	"folders that an archive says are another state's: none of them leads out, and undo brings all of it back",
	onlyRoot,
	async () => {
		const { place, home, app, outside } = attacked();
		const [before, live] = [guarded(outside), factsOf(app)];
		const root = app.slice(1);
		const entry = (name: string): fc.Arbitrary<Member> =>
			fc.constantFrom<Member>(
				{ name, type: "folder", mode: 0o755 },
				{ name, type: "file", content: "archived" },
				{ name, type: "symlink", target: outside },
				{ name, type: "symlink", target: `${outside}/inner` },
			);
		const members = fc
			.uniqueArray(below, { maxLength: 5 })
			.chain((paths) => fc.tuple(...paths.sort().map((path) => entry(`${root}/${path}`))));
		const named = fc.oneof(
			{ weight: 8, arbitrary: below.map((path) => `${app}/${path}`) },
			{ weight: 1, arbitrary: fc.constantFrom(outside, join(outside, "inner"), home, app, "/") },
		);
		let [restored, kept] = [0, 0];
		await fc.assert(
			fc.asyncProperty(
				members,
				fc.uniqueArray(named, { minLength: 1, maxLength: 4 }),
				fc.boolean(),
				async (all, folders, asState) => {
					rmSync(place.path("archives"), { recursive: true, force: true });
					const others = asState
						? { other: { outcome: "good", folders } }
						: { app: { outcome: "good", folders: [app] } };
					writeTarArchive(place.path("archives"), "web01-2026-01-01T000000Z-evil", {
						segments: [{ path: app, members: [{ name: root, type: "folder", mode: 0o755 }, ...all] }],
						metadata: metadataOf(
							{ folders: [app] },
							asState
								? { states: { app: { outcome: "good", folders: [app] }, ...others } }
								: { without: { other: folders } },
						),
					});
					const { code, stdout, stderr } = await place.holdfast(
						...["restore", "--yes", "--keep-old", "1d", "--service", "app", "tar", "latest"],
					);
					assert.equal(guarded(outside), before);
					assert.deepEqual(
						readdirSync(home).filter((name) => name !== "app" && !name.startsWith(".holdfast-")),
						[],
					);
					if (code !== 0) {
						assert.deepEqual(factsOf(app), live, stderr);
						return;
					}
					restored++;
					// What has not changed is within a named path, and was reported.
					const found = spawnSync("grep", ["-rlx", "--null", "live", app], { encoding: "utf8" }).stdout;
					for (const file of found.split("\0").filter((one) => one !== "")) {
						kept++;
						assert.ok(
							folders.some((folder) => file.startsWith(`${folder}/`) || file === folder),
							`${file} is not what the archive holds\n${stderr}`,
						);
						assert.match(
							stdout + stderr,
							/keep .*, which belonged to other when the archive was created, as it is/,
						);
					}
					const run = /run (\S+-\w{4}) in/.exec(stdout + stderr)?.[1] ?? "";
					const undone = await place.holdfast("undo", "--yes", run);
					assert.equal(undone.code, 0, undone.stderr);
					assert.deepEqual(factsOf(app), live);
					assert.equal(guarded(outside), before);
				},
			),
			{
				numRuns: ROUNDS,
				examples: [
					[[], [`${app}/out/inner`], false],
					[[{ name: `${root}/a`, type: "symlink", target: outside }], [`${app}/a/b`], false],
					[[{ name: `${root}/x`, type: "file", content: "archived" }], [`${app}/x/y`, `${app}/x`], true],
				],
			},
		);
		assert.ok(restored > 0 && kept > 0, `${restored} restored, ${kept} kept`);
	},
);

test("paths that no folder has, and too many of them, make no archive", onlyRoot, async () => {
	const { place, app, outside } = attacked();
	const before = guarded(outside);
	const odd: readonly unknown[] = [
		{ other: [`${app}/../../outside`] },
		{ other: [`${app}//a`] },
		{ other: [`${app}/./a`] },
		{ other: ["a"] },
		{ other: [""] },
		{ other: [`${app}/a\u0000b`] },
		{ other: [7] },
		{ other: "all" },
		{ "../other": [`${app}/a`] },
		[],
		null,
	];
	for (const without of odd) {
		rmSync(place.path("archives"), { recursive: true, force: true });
		writeTarArchive(place.path("archives"), "web01-2026-01-01T000000Z-evil", {
			segments: [{ path: app, members: [] }],
			metadata: metadataOf({ folders: [app] }, { without }),
		});
		const words = JSON.stringify(without);
		const { code, stderr } = await place.holdfast("restore", "--yes", "tar", "latest");
		assert.notEqual(code, 0, words);
		assert.doesNotMatch(stderr, /TypeError|\bat .*\.ts:/, words);
		assert.equal(readFileSync(join(app, "a/file"), "utf8"), "live", words);
		assert.equal(guarded(outside), before, words);
	}
});
