// A restore of an archive that holds a link where the config declares a folder or a database. In a folder of root's, it
// would be followed as root's own from then on: the next backup would read its target, and the next restore replace it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { isRoot } from "../support/tree.ts";
import { guarded, type Member, metadataOf, writeTarArchive } from "./hostile.ts";

const base = scratch("planted-links");
const NAME = "web01-2026-01-01T000000Z-evil";

/** `srv/app` is a service's folder in one of root's; `outside` is root's. The archive holds `members` at that folder. */
function withArchive(members: (folder: string, outside: string) => Member[], state: object = {}) {
	const place = new Place(base);
	const [folder, outside] = [place.path("srv/app"), place.path("outside")];
	place.write("srv/app/file", "the service's");
	place.write("outside/file", "root's own");
	execFileSync("sqlite3", [join(outside, "db.sqlite"), "CREATE TABLE t AS SELECT 'root''s own'"]);
	place.declare({ state: { app: { folders: [folder] }, ...state } });
	const metadata = metadataOf({ folders: [folder] });
	const segments = [{ path: folder, members: members(folder.slice(1), outside) }];
	writeTarArchive(place.path("archives"), NAME, { metadata, segments });
	const restore = (...words: string[]) => place.holdfast("restore", "--yes", ...words, "tar", NAME);
	return { place, folder, outside, restore, before: guarded(outside) };
}

const folderOf = (name: string): Member => ({ name: `${name}/`, type: "folder", mode: 0o755 });

describe("an archive with a link where the config declares something", {
	skip: !isRoot && "needs root",
}, () => {
	const is = /is a symbolic link to .*outside.* in the archive .*, but the config declares/;

	for (const words of [["--service", "app"], ["--path"], ["--in-place", "--service", "app"]])
		test(`a state's folder: restore ${words.join(" ")}`, async () => {
			const { place, folder, outside, restore, before } = withArchive((name, target) => [
				{ name, type: "symlink", target },
			]);
			const { code, stderr } = await restore(...words, ...(words[0] === "--path" ? [folder] : []));
			assert.equal(code, words.includes("--in-place") ? 5 : 1, stderr);
			assert.match(stderr, is);
			assert.equal(guarded(outside), before);
			assert.ok(!lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink());
			if (words.includes("--in-place")) return;
			assert.equal(readFileSync(join(folder, "file"), "utf8"), "the service's");
			assert.equal((await place.holdfast("create")).code, 0);
		});

	test("another state's folder in it, which does not exist yet, or a folder on the way there", async () => {
		for (const below of ["sub", "sub/deep"]) {
			const { place, folder, outside, restore, before } = withArchive((name, target) => [
				folderOf(name),
				{ name: `${name}/sub`, type: "symlink", target },
			]);
			const sub = join(folder, below);
			mkdirSync(join(outside, "deep"));
			place.declare({ state: { app: { folders: [folder] }, other: { folders: [sub] } } });
			assert.notEqual(guarded(outside), before);
			const { code, stderr } = await restore("--service", "app");
			assert.equal(code, 1, stderr);
			assert.match(stderr, is);
			assert.ok(!existsSync(join(folder, "sub")));
		}
	});

	test("the folder of a database of the state's, or its file", async () => {
		for (const [link, to] of [
			["sub", ""],
			["sub/db.sqlite", "/db.sqlite"],
		]) {
			const { place, folder, restore } = withArchive((name, target) => [
				folderOf(name),
				...(to === "" ? [] : [folderOf(`${name}/sub`)]),
				{ name: `${name}/${link}`, type: "symlink", target: target + to },
			]);
			const dumps = [{ sqlite: join(folder, "sub/db.sqlite") }];
			place.declare({ state: { app: { folders: [folder], dumps } } });
			const { code, stderr } = await restore("--service", "app");
			assert.equal(code, 1, stderr);
			assert.match(stderr, is);
		}
	});

	test("a link of this machine's to another state's folder stays, whatever the archive holds", async () => {
		const { place, folder, restore, outside } = withArchive((name) => [
			folderOf(name),
			{ name: `${name}/sub`, type: "symlink", target: "/nowhere" },
		]);
		rmSync(join(folder, "file"));
		const sub = join(folder, "sub");
		symlinkSync(outside, sub);
		place.declare({ state: { app: { folders: [folder] }, other: { folders: [sub] } } });
		const { code, stderr } = await restore("--service", "app");
		assert.equal(code, 0, stderr);
		assert.equal(readFileSync(join(sub, "file"), "utf8"), "root's own");
	});

	test("any other link comes back as it was, also alone", async () => {
		const { folder, restore, outside } = withArchive((name, target) => [
			folderOf(name),
			{ name: `${name}/link`, type: "symlink", target },
		]);
		assert.equal((await restore("--path", join(folder, "link"))).code, 0);
		assert.ok(lstatSync(join(folder, "link")).isSymbolicLink());
		assert.equal(readFileSync(join(folder, "file"), "utf8"), "the service's");
		const { code, stderr } = await restore("--service", "app");
		assert.equal(code, 0, stderr);
		assert.equal(readFileSync(join(folder, "link/file"), "utf8"), "root's own");
		void outside;
	});
});
