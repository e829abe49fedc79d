// What the checks of localbackup find, by the list of digests that each snapshot has.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { zstdCompressSync } from "node:zlib";
import { sealed } from "../../src/engines/sealed.ts";
import { sha256 } from "../../src/host/digest.ts";
import { scratch } from "../support/scratch.ts";
import { openLocalbackup, setUpEngines } from "./engines.ts";
import { quiet } from "./fixtures.ts";
import { make } from "./snapshots.ts";

const folder = scratch("localbackup-checks");
setUpEngines(folder);

/** Three snapshots: `file` unchanged in all, `deep/new` in the last two only. */
async function digested(name: string) {
	const below = join(folder, name);
	const destination = openLocalbackup(below);
	await make(destination, below, "a");
	writeFileSync(join(below, "source/deep/new"), "n".repeat(1000));
	symlinkSync("file", join(below, "source/link"));
	await make(destination, below, "b", "c");
	const inSnapshot = (number: number, path: string) =>
		join(below, `on the disk/snapshot.${number}/web01`, below, "source", path);
	const faults = async (full: boolean) => {
		assert.ok(destination.check);
		return (await destination.check(full, quiet)).map(
			({ archive, message }) => `${archive}: ${message.replace(`${below}/source/`, "")}`,
		);
	};
	return { below, destination, inSnapshot, faults };
}

test("a check finds what is missing, cut or leads elsewhere; a full one finds each changed byte, in every snapshot that has it", async () => {
	const { below, inSnapshot, faults } = await digested("digests");
	assert.deepEqual([await faults(false), await faults(true)], [[], []]);
	writeFileSync(inSnapshot(0, "deep/new"), `m${"n".repeat(999)}`);
	execFileSync("touch", ["-r", join(below, "source/deep/new"), inSnapshot(0, "deep/new")]);
	assert.deepEqual(await faults(false), []);
	const changed = [
		"c: deep/new was changed since it was written",
		"b: deep/new was changed since it was written",
	];
	assert.deepEqual(await faults(true), changed);
	// The next snapshot shares the file, and keeps the digest of what was written.
	await make(openLocalbackup(below), below, "d");
	assert.deepEqual(await faults(true), ["d: deep/new was changed since it was written", ...changed]);
	truncateSync(inSnapshot(1, "deep/new"), 10);
	assert.deepEqual(
		await faults(false),
		["d", "c", "b"].map((archive) => `${archive}: deep/new is truncated: 10 of 1000 bytes`),
	);
	rmSync(inSnapshot(3, "file"));
	rmSync(inSnapshot(0, "link"));
	symlinkSync("/etc/passwd", inSnapshot(0, "link"));
	rmSync(inSnapshot(1, "deep"), { recursive: true });
	symlinkSync("/etc", inSnapshot(1, "deep"));
	const found = await faults(false);
	for (const one of [
		"a: file is not there",
		"d: link leads elsewhere than when it was written",
		"c: deep is of another type than when it was written",
		"c: deep/new is not there",
	])
		assert.ok(
			found.some((line) => line.endsWith(one) || line.replace(/: .*\/source/, ": ") === one),
			`${one} in ${found}`,
		);
});

test("what is the same hard link as before is not read again", async () => {
	const { below, inSnapshot, destination } = await digested("not again");
	// Nothing but the list before can say what this file held.
	writeFileSync(inSnapshot(0, "file"), "y");
	execFileSync("touch", ["-r", join(below, "source/file"), inSnapshot(0, "file")]);
	await make(destination, below, "d");
	assert.equal((await destination.check?.(true, quiet))?.length, 4);
});

test("a list of digests or a description that was changed is found, and a hold does not cover it up", async () => {
	const { below, destination, faults } = await digested("sealed");
	const [a] = await destination.list(quiet);
	assert.ok(a?.metadata);
	const about = join(below, "on the disk/snapshot.2/holdfast.json");
	const hold = { ...a.metadata, hold: { reason: "the audit", since: a.metadata.created } };
	await destination.writeMetadata?.("a", hold, quiet);
	assert.deepEqual(await faults(true), []);
	writeFileSync(about, readFileSync(about, "utf8").replace("the audit", "the adult"));
	await assert.rejects(
		async () => destination.writeMetadata?.("a", hold, quiet),
		/was changed since it was written/,
	);
	const list = join(below, "on the disk/snapshot.1/holdfast.files.zst");
	const bytes = readFileSync(list);
	bytes[20] = (bytes[20] ?? 0) ^ 1;
	writeFileSync(list, bytes);
	rmSync(join(below, "on the disk/snapshot.0/holdfast.files.zst"));
	assert.deepEqual(await faults(false), [
		"c: its list of files is not there",
		"b: its list of files was changed, or is damaged",
		"a: what describes it was changed since it was written",
	]);
	// The next one reads what it cannot know from such a list.
	await make(destination, below, "d");
	assert.equal((await faults(true)).length, 3);
});

test("a forged list without an end of line is found, and keeps no create from writing its own", async () => {
	const { below, destination, faults } = await digested("forged");
	const list = zstdCompressSync(Buffer.alloc(64 << 20, "f"));
	writeFileSync(join(below, "on the disk/snapshot.0/holdfast.files.zst"), list);
	const about = join(below, "on the disk/snapshot.0/holdfast.json");
	const { sha256: _, ...rest } = JSON.parse(readFileSync(about, "utf8"));
	writeFileSync(about, sealed({ ...rest, files: sha256(list) }));
	assert.deepEqual(await faults(true), ["c: a line of holdfast.files.zst is too long"]);
	await make(destination, below, "d");
	assert.deepEqual(await faults(true), ["c: a line of holdfast.files.zst is too long"]);
});

test("a snapshot of an earlier version, without a list, is checked as before", async () => {
	const { below, faults } = await digested("earlier");
	for (const number of [0, 1, 2]) {
		rmSync(join(below, `on the disk/snapshot.${number}/holdfast.files.zst`));
		const about = join(below, `on the disk/snapshot.${number}/holdfast.json`);
		const { files: _, sha256: __, ...rest } = JSON.parse(readFileSync(about, "utf8"));
		writeFileSync(about, JSON.stringify(rest));
	}
	assert.deepEqual([await faults(false), await faults(true)], [[], []]);
});
