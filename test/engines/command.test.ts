// The `command` provider with the example of Clan's blog post. Archives are made and listed as printed there. Its
// restore cannot work with GNU tar, which stores "/srv/notes" as "srv/notes" and then does not find "/srv/notes" in
// the archive. Such a restore fails and is rolled back.
import assert from "node:assert/strict";
import { readFileSync, rmSync, utimesSync } from "node:fs";
import { test } from "node:test";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { factsOf } from "../support/tree.ts";

const below = scratch("command");

/** The three commands; `uniqueFolders` is what Nix would have inserted. */
const toy = (back: string, list: string, uniqueFolders: string, folder = "FOLDER[@]") => ({
	list: `echo ${back}`,
	create: `
# FIXME: a proper implementation should also run \`state.preBackupCommand\` of each state
if [ -f ${back} ]; then
  tar -uvpf ${back} ${uniqueFolders}
else
  tar -cvpf ${back} ${uniqueFolders}
fi
`,
	restore: `
IFS=':' read -ra FOLDER <<< "$FOLDERS"
echo "\${${folder}}" > ${list}
tar -xvpf ${back} -C / -T ${list}
`,
});

test("the blog post's toy creates and lists; its restore fails and is undone, and works with the slash left out", async () => {
	const place = new Place(below);
	// The example's archives have a resolution of whole seconds.
	utimesSync(place.write("notes/deep/file", "as it was"), 1_000_000_000, 1_000_000_000);
	place.write("other/file", "untouched");
	const folders = ["notes", "other"].map((name) => place.path(name));
	const state = { notes: { folders: [folders[0]] }, other: { folders: [folders[1]] } };
	const declare = (folder?: string) => {
		const back = place.path("system-back.tar");
		const commands = toy(back, place.path("folders-to-restore.txt"), folders.join(" "), folder);
		place.declare({ state, providers: { tar: { type: "command", ...commands } } });
	};
	declare();
	const ok = async (...words: string[]) => {
		const { code, stdout, stderr } = await place.holdfast(...words);
		assert.equal(code, 0, stdout + stderr);
		return stdout;
	};
	await ok("create");
	await ok("create");
	assert.match(await ok("list"), new RegExp(`tar::command::${place.path("system-back.tar")}`));
	const were = factsOf(folders[0] ?? "");
	place.write("notes/deep/file", "newer");
	place.write("notes/only newer", "");
	place.write("other/file", "newer");
	const newer = factsOf(folders[0] ?? "");
	const failed = await place.holdfast("restore", "--yes", "--service", "notes", "tar", "latest");
	assert.equal(failed.code, 1);
	assert.match(failed.stderr, /Not found in archive/);
	assert.deepEqual(factsOf(folders[0] ?? ""), newer);
	declare("FOLDER[@]#/");
	await ok("restore", "--yes", "--service", "notes", "tar", "latest");
	assert.deepEqual(factsOf(folders[0] ?? ""), were);
	assert.equal(readFileSync(place.path("other/file"), "utf8"), "newer");
	rmSync(folders[0] ?? "", { recursive: true });
	await ok("restore", "--yes", "--service", "notes", "web01", "tar", place.path("system-back.tar"));
	assert.deepEqual(factsOf(folders[0] ?? ""), were);
	const checked = await place.holdfast("check");
	assert.equal(checked.code, 2);
	assert.match(checked.stderr, /tar cannot be checked/);
});
