// BorgBackup against the contract, on real encrypted repositories, and its own features.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { requireAble } from "../../src/engines/destination.ts";
import { scratch } from "../support/scratch.ts";
import { fulfilsContract } from "./contract.ts";
import { borgbackup, openBorg, setUpEngines } from "./engines.ts";
import { intoFolder, metadataOf, quiet } from "./fixtures.ts";
import { namesWrongPassphrase, processesWhile } from "./secrets.ts";

const folder = scratch("borg");
setUpEngines(folder);
fulfilsContract(borgbackup, folder);

function source(below: string) {
	mkdirSync(join(below, "source"), { recursive: true });
	writeFileSync(join(below, "source/file"), "x");
	return [{ path: join(below, "source"), exclude: [] }];
}

namesWrongPassphrase(folder, openBorg);

test("the passphrase is in no process's arguments or environment", async () => {
	const below = join(folder, "secret");
	const roots = source(below);
	writeFileSync(join(below, "source/large"), Buffer.alloc(50 * 1024 * 1024, "abcdefg"));
	const secret = randomBytes(12).toString("hex");
	writeFileSync(join(below, "passphrase"), `${secret}\n`);
	const destination = openBorg(below, { passphraseCommand: ["cat", join(below, "passphrase")] });
	const seen = await processesWhile(["cmdline", "environ"], () =>
		destination.create({ name: "a", roots, metadata: metadataOf("a") }, true, quiet),
	);
	assert.ok(seen.includes("BORG_PASSPHRASE_FD=3"), "borg was seen while it ran");
	assert.ok(!seen.includes(secret));
});

test("a repository that is something else, and borg missing, are said in words", async () => {
	const below = join(folder, "other");
	mkdirSync(join(below, "deep/er/repo"), { recursive: true });
	writeFileSync(join(below, "deep/er/repo/file"), "");
	await assert.rejects(openBorg(below).list(quiet), /is not a borg repository/);
	const path = process.env.PATH;
	const bin = join(folder, "bin");
	mkdirSync(bin);
	for (const program of ["setpriv", "sh"])
		execFileSync("ln", [
			"-s",
			execFileSync("which", [program], { encoding: "utf8" }).trim(),
			join(bin, program),
		]);
	process.env.PATH = bin;
	try {
		await assert.rejects(openBorg(below).list(quiet), { hint: "install it: apt-get install borgbackup" });
	} finally {
		process.env.PATH = path;
	}
});

test("a look at what is there leaves out borg's tests of itself; what makes or reads archives does not", async () => {
	const below = join(folder, "selftest");
	const roots = source(below);
	const bin = join(below, "bin");
	const log = join(below, "log");
	const path = process.env.PATH;
	const borg = execFileSync("which", ["borg"], { encoding: "utf8" }).trim();
	mkdirSync(bin);
	writeFileSync(join(bin, "borg"), `#!/bin/sh\necho "$BORG_SELFTEST $*" >>'${log}'\nexec ${borg} "$@"\n`, {
		mode: 0o755,
	});
	process.env.PATH = `${bin}:${path}`;
	try {
		const destination = openBorg(below);
		await destination.create({ name: "a", roots, metadata: metadataOf("a") }, true, quiet);
		await destination.list(quiet);
		mkdirSync(join(below, "into"));
		await destination.restore("a", [join(below, "source")], intoFolder(join(below, "into")), quiet);
		await destination.check(false, quiet);
	} finally {
		process.env.PATH = path;
	}
	const seen = readFileSync(log, "utf8")
		.trimEnd()
		.split("\n")
		.map((line) => `${line.split(" ")[0]} ${/ (init|create|list|extract|check) /.exec(line)?.[1]}`);
	assert.deepEqual(seen, [
		" create",
		" init",
		" create",
		"disabled list",
		" extract",
		" check",
		"disabled list",
	]);
});

test("archives that plain borg made are listed, without metadata", async () => {
	const below = join(folder, "plain");
	const roots = source(below);
	const env = { ...process.env, BORG_PASSPHRASE: "correct horse" };
	await openBorg(below).create({ name: "ours", roots, metadata: metadataOf("ours") }, true, quiet);
	execFileSync("borg", ["create", `${below}/deep/er/repo::by hand`, join(below, "source")], { env });
	const archives = await openBorg(below).list(quiet);
	assert.deepEqual(
		archives.map(({ name, metadata }) => [name, metadata?.run]),
		[
			["ours", "ours"],
			["by hand", undefined],
		],
	);
});

test("in an append-only repository archives are made; what is removed is gone from the list, its room when it is compacted [long]", async () => {
	const below = join(folder, "append-only");
	const roots = source(below);
	const destination = openBorg(below);
	for (const name of ["a", "b"])
		await destination.create({ name, roots, metadata: metadataOf(name) }, name === "a", quiet);
	const env = { ...process.env, BORG_PASSPHRASE: "correct horse" };
	execFileSync("borg", ["config", `${below}/deep/er/repo`, "append_only", "1"], { env });
	await destination.create({ name: "c", roots, metadata: metadataOf("c") }, false, quiet);
	await destination.remove(["a"], quiet);
	assert.deepEqual(
		(await destination.list(quiet)).map(({ name }) => name),
		["b", "c"],
	);
	assert.deepEqual(await destination.check(false, quiet), []);
});

test("a mounted archive shows its files, and is unmounted when it is no longer wanted", async () => {
	const below = join(folder, "mounted");
	const roots = source(below);
	const destination = openBorg(below);
	await destination.create({ name: "a", roots, metadata: metadataOf("a") }, true, quiet);
	const at = join(below, "at");
	mkdirSync(at);
	const stop = new AbortController();
	const seen: string[] = [];
	requireAble(destination, "mount");
	await destination.mount(
		"a",
		at,
		() => {
			seen.push(execFileSync("cat", [join(at, below, "source/file")], { encoding: "utf8" }));
			stop.abort();
		},
		{ ...quiet, signal: stop.signal },
	);
	assert.deepEqual(seen, ["x"]);
	assert.equal(execFileSync("ls", ["-A", at], { encoding: "utf8" }), "");
});
