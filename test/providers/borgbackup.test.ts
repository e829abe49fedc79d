// BorgBackup against the contract, on real encrypted repositories, and what is its own.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { BorgOptions } from "../../src/manifest/providers.ts";
import { borgDestinations } from "../../src/providers/borgbackup/borgbackup.ts";
import { scratch } from "../support/scratch.ts";
import { fulfilsContract } from "./contract.ts";
import { metadataOf, quiet } from "./fixtures.ts";

const folder = scratch("borg");
// borg keeps its cache and keys below these; a test has its own.
process.env.XDG_CACHE_HOME = join(folder, "cache");
process.env.XDG_CONFIG_HOME = join(folder, "config");
const passphraseFile = join(folder, "passphrase");
writeFileSync(passphraseFile, "correct horse\n", { mode: 0o600 });

function open(below: string, extra: Partial<BorgOptions["destinations"][string]> = { passphraseFile }) {
	const [destination] = borgDestinations({
		type: "borgbackup",
		destinations: { repo: { repo: join(below, "deep/er/repo"), ...extra } },
	});
	assert.ok(destination);
	return destination;
}

fulfilsContract(
	{
		name: "borgbackup",
		open,
		damage(below) {
			const data = join(below, "deep/er/repo/data/0");
			// The largest segment holds the files' chunks.
			const [segment] = readdirSync(data)
				.map((name) => ({ name, bytes: readFileSync(join(data, name)) }))
				.sort((a, b) => b.bytes.length - a.bytes.length);
			assert.ok(segment);
			for (let at = 100; at < segment.bytes.length; at += 50)
				segment.bytes[at] = (segment.bytes[at] ?? 0) ^ 0xff;
			writeFileSync(join(data, segment.name), segment.bytes);
		},
	},
	folder,
);

function source(below: string) {
	mkdirSync(join(below, "source"), { recursive: true });
	writeFileSync(join(below, "source/file"), "x");
	return [{ path: join(below, "source"), exclude: [] }];
}

test("a wrong passphrase is said in those words, and where it came from", async () => {
	const below = join(folder, "wrong");
	const roots = source(below);
	await open(below).create({ name: "a", roots, metadata: metadataOf("a") }, true, quiet);
	const wrong = join(below, "passphrase");
	writeFileSync(wrong, "battery staple\n");
	await assert.rejects(open(below, { passphraseFile: wrong }).list(quiet), {
		message: `the passphrase of ${below}/deep/er/repo is wrong`,
		hint: `it was read from ${wrong}`,
	});
});

test("the passphrase is in no process's arguments or environment", async () => {
	const below = join(folder, "secret");
	const roots = source(below);
	writeFileSync(join(below, "source/large"), Buffer.alloc(50 * 1024 * 1024, "abcdefg"));
	const destination = open(below, { passphraseCommand: ["printf", "%s\\n", "from-a-command"] });
	const seen: string[] = [];
	const watch = setInterval(() => {
		seen.push(
			execFileSync("sh", ["-c", "cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'; true"], {
				encoding: "utf8",
			}),
		);
	}, 50);
	await destination.create({ name: "a", roots, metadata: metadataOf("a") }, true, quiet);
	clearInterval(watch);
	assert.ok(
		seen.some((text) => text.includes("BORG_PASSPHRASE_FD=3")),
		"borg was seen while it ran",
	);
	for (const text of seen) assert.doesNotMatch(text, /from-a-command/);
});

test("a repository that is something else, and borg missing, are said in words", async () => {
	const below = join(folder, "other");
	mkdirSync(join(below, "deep/er/repo"), { recursive: true });
	writeFileSync(join(below, "deep/er/repo/file"), "");
	await assert.rejects(open(below).list(quiet), /is not a borg repository/);
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
		await assert.rejects(open(below).list(quiet), { hint: "install it: apt-get install borgbackup" });
	} finally {
		process.env.PATH = path;
	}
});

test("archives that plain borg made are listed, without metadata", async () => {
	const below = join(folder, "plain");
	const roots = source(below);
	const env = { ...process.env, BORG_PASSPHRASE: "correct horse" };
	await open(below).create({ name: "ours", roots, metadata: metadataOf("ours") }, true, quiet);
	execFileSync("borg", ["create", `${below}/deep/er/repo::by hand`, join(below, "source")], { env });
	const archives = await open(below).list(quiet);
	assert.deepEqual(
		archives.map(({ name, metadata }) => [name, metadata?.run]),
		[
			["ours", "ours"],
			["by hand", undefined],
		],
	);
});
