// restic against the contract, on real repositories, and its own features.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { requireAble } from "../../src/engines/destination.ts";
import { resticDestinations } from "../../src/engines/restic/restic.ts";
import { cheapen } from "../support/cheap-restic.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { factsOf } from "../support/tree.ts";
import { fulfilsContract } from "./contract.ts";
import { openRestic, restic, setUpEngines } from "./engines.ts";
import { intoFolder, metadataOf, quiet } from "./fixtures.ts";
import { namesWrongPassphrase, processesWhile } from "./secrets.ts";
import { SERVERS } from "./servers.ts";

const folder = scratch("restic");
setUpEngines(folder);
const passphraseFile = join(folder, "passphrase");
fulfilsContract(restic, folder);

function source(below: string) {
	mkdirSync(join(below, "source/deep"), { recursive: true });
	writeFileSync(join(below, "source/file"), "x");
	writeFileSync(join(below, "source/deep/file"), "y".repeat(100_000));
	return [{ path: join(below, "source"), exclude: [] }];
}

/** Locks that are held: one that is still being written has another name, and is neither respected nor removed. */
const locksIn = (below: string) =>
	readdirSync(join(below, "deep/er/repo/locks")).filter((name) => /^[0-9a-f]{64}$/.test(name)).length;

/** A restic that holds its lock until its input ends, which never happens. */
async function lockHolder(below: string) {
	const env = {
		...process.env,
		RESTIC_PASSWORD_FILE: passphraseFile,
		RESTIC_REPOSITORY: join(below, "deep/er/repo"),
		RESTIC_CACHE_DIR: join(folder, "cache"),
	};
	const child = spawn("restic", ["backup", "--stdin"], { env, stdio: ["pipe", "ignore", "ignore"] });
	while (locksIn(below) === 0) await pause(20);
	return child;
}

namesWrongPassphrase(folder, openRestic);

test("no repository is created among other files, or over one that has lost its config", async () => {
	const below = join(folder, "other");
	const roots = source(below);
	const repo = join(below, "deep/er/repo");
	const create = (name: string) =>
		openRestic(below).create({ name, roots, metadata: metadataOf(name) }, true, quiet);
	mkdirSync(repo, { recursive: true });
	writeFileSync(join(repo, "photo.jpg"), "x");
	await assert.rejects(create("a"), {
		code: "repository-invalid",
		message: `${repo} exists but is not a restic repository`,
		hint: "use another path, or empty this one",
	});
	assert.deepEqual(readdirSync(repo), ["photo.jpg"]);
	// An init that was interrupted has created folders, and is repeated.
	rmSync(join(repo, "photo.jpg"));
	for (const name of ["data", "keys"]) mkdirSync(join(repo, name));
	await create("b");
	rmSync(join(repo, "config"));
	await assert.rejects(create("c"), { hint: /snapshots but no config file/ });
});

test("a passphrase comes from a command too, and only a file's first line counts; none is in arguments", async () => {
	const below = join(folder, "secret");
	const roots = source(below);
	const lines = join(below, "lines");
	writeFileSync(lines, "from-a-command\nnot this\n");
	const byCommand = resticDestinations({
		type: "restic",
		destinations: {
			repo: {
				repo: join(below, "deep/er/repo"),
				passphraseCommand: ["sh", "-c", "echo from-a-$(echo command)"],
			},
		},
	})[0];
	assert.ok(byCommand);
	const seen = await processesWhile(["cmdline"], async () => {
		await byCommand.create({ name: "a", roots, metadata: metadataOf("a") }, true, quiet);
		await openRestic(below, { passphraseFile: lines }).create(
			{ name: "b", roots, metadata: metadataOf("b") },
			false,
			quiet,
		);
	});
	assert.equal((await byCommand.list(quiet)).length, 2);
	assert.ok(seen.includes("restic"));
	assert.ok(!seen.includes("from-a-command"));
});

test("the lock of a process that was killed is cleared, and what waits for it goes on", async () => {
	const below = join(folder, "locked");
	const roots = source(below);
	const destination = restic.open(below);
	for (const name of ["a", "b"])
		await destination.create({ name, roots, metadata: metadataOf(name) }, name === "a", quiet);
	const child = await lockHolder(below);
	const locks = () => locksIn(below);
	child.kill("SIGKILL");
	await new Promise((resolve) => child.on("close", resolve));
	assert.equal(locks(), 1);
	await destination.remove(["a"], quiet);
	assert.deepEqual(await destination.check(false, quiet), []);
	assert.equal(locks(), 0);
	assert.deepEqual(
		(await destination.list(quiet)).map(({ name }) => name),
		["b"],
	);
});

test("a check tells a pack that is lost from a repository that is not there, and damage from a lock", async () => {
	const below = join(folder, "lost");
	const roots = source(below);
	writeFileSync(join(below, "source/random"), randomBytes(300_000));
	const destination = restic.open(below);
	await destination.create({ name: "a", roots, metadata: metadataOf("a") }, true, quiet);
	// The pack with file contents: restic would retry for a minute to read a missing one with folders.
	const [pack = ""] = execFileSync(
		"find",
		[join(below, "deep/er/repo/data"), "-type", "f", "-size", "+100k"],
		{
			encoding: "utf8",
		},
	).split("\n");
	rmSync(pack);
	assert.ok((await destination.check(false, quiet)).length > 0);
	const child = await lockHolder(below);
	await assert.rejects(
		destination.check(false, { ...quiet, interactive: true }),
		/is locked by another restic/,
	);
	child.kill();
});

test("the lock of one that lives is waited for", async () => {
	const below = join(folder, "living");
	const roots = source(below);
	const destination = restic.open(below);
	await destination.create({ name: "a", roots, metadata: metadataOf("a") }, true, quiet);
	const child = await lockHolder(below);
	const log: string[] = [];
	setTimeout(() => child.stdin?.end("done"), 2_500);
	await destination.remove(["a"], { ...quiet, log: (line) => log.push(line) });
	assert.match(log.join("\n"), /is locked by another restic process; trying again in 1 s/);
	assert.deepEqual(await destination.check(false, quiet), []);
});

test("snapshots that something else made are listed, and can be restored", async () => {
	const below = join(folder, "foreign");
	const roots = source(below);
	const destination = restic.open(below);
	await destination.create({ name: "ours", roots, metadata: metadataOf("ours") }, true, quiet);
	execFileSync("restic", ["-q", "backup", join(below, "source/deep")], {
		env: {
			...process.env,
			RESTIC_PASSWORD_FILE: passphraseFile,
			RESTIC_REPOSITORY: join(below, "deep/er/repo"),
			RESTIC_CACHE_DIR: join(folder, "cache"),
		},
	});
	const [, foreign] = await destination.list(quiet);
	assert.equal(foreign?.metadata, undefined);
	mkdirSync(join(below, "into"));
	await destination.restore(
		foreign?.name ?? "",
		[join(below, "source/deep")],
		intoFolder(join(below, "into")),
		quiet,
	);
	assert.deepEqual(factsOf(join(below, "into", below, "source/deep")), factsOf(join(below, "source/deep")));
});

for (const { name, missing, serve } of SERVERS)
	test(`${name} keeps archives and streams, checks, removes and gives them back`, {
		skip: missing,
	}, async () => {
		const below = join(folder, name.replaceAll(/\W+/g, "-"));
		const roots = source(below);
		const served = join(below, "served");
		mkdirSync(served);
		const destination = openRestic(below, await serve(served));
		const stream = {
			path: join(below, "dump"),
			open: async () => {
				const { Readable } = await import("node:stream");
				return { output: Readable.from([Buffer.from("rows")]), whole: Promise.resolve() };
			},
		};
		for (const name of ["a", "b"]) {
			await destination.create(
				{ name, roots, streams: [stream], metadata: metadataOf(name) },
				name === "a",
				quiet,
			);
			// The server shows the files of the repository that the first create has made; an object store does not.
			if (name === "a" && existsSync(join(served, "keys")))
				cheapen(served, readFileSync(passphraseFile, "utf8").trim());
		}
		await destination.remove(["a"], quiet);
		assert.deepEqual(
			(await destination.list(quiet)).map(({ name }) => name),
			["b"],
		);
		assert.deepEqual(await destination.check(true, quiet), []);
		mkdirSync(join(below, "into"));
		await destination.restore(
			"b",
			[join(below, "source"), stream.path],
			intoFolder(join(below, "into")),
			quiet,
		);
		assert.deepEqual(factsOf(join(below, "into", below, "source")), factsOf(join(below, "source")));
		assert.equal(readFileSync(join(below, "into", stream.path), "utf8"), "rows");
	});

test("a server that is not there is said so, after some tries", async () => {
	const log: string[] = [];
	const stop = new AbortController();
	const listing = openRestic(folder, { repo: "rest:http://127.0.0.1:9/" }).list({
		...quiet,
		signal: stop.signal,
		log: (line) => {
			log.push(line);
			if (/trying again in 4 s/.test(line)) stop.abort();
		},
	});
	await assert.rejects(listing);
	assert.match(log.join("\n"), /rest:http:\/\/127\.0\.0\.1:9\/ cannot be reached; trying again in 1 s/);
});

test("a mounted archive shows its files, and is unmounted when it is no longer wanted", async () => {
	const below = join(folder, "mounted");
	const roots = source(below);
	const destination = restic.open(below);
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
			const found = execFileSync("find", [join(at, "ids"), "-path", "*/source/file"], { encoding: "utf8" });
			seen.push(execFileSync("cat", [found.trim()], { encoding: "utf8" }));
			stop.abort();
		},
		{ ...quiet, signal: stop.signal },
	);
	assert.deepEqual(seen, ["x"]);
	assert.equal(execFileSync("ls", ["-A", at], { encoding: "utf8" }), "");
});

test("a restic that waits for itself for ever is ended, and the create fails", async () => {
	const below = join(folder, "standstill");
	const roots = source(below);
	// A stand-in: restic 0.14 does this only after some full disks. It prints the same and ends only on a signal.
	const bin = join(below, "bin");
	mkdirSync(bin);
	const status = '{"message_type":"status","percent_done":1}';
	writeFileSync(
		join(bin, "restic"),
		`#!${process.execPath}\nsetInterval(() => console.log('${status}'), 500);\n`,
		{ mode: 0o755 },
	);
	const { PATH, HOLDFAST_STANDSTILL_SECONDS } = process.env;
	Object.assign(process.env, { PATH: `${bin}:${PATH}`, HOLDFAST_STANDSTILL_SECONDS: "2" });
	try {
		await assert.rejects(
			openRestic(below).create({ name: "a", roots, metadata: metadataOf("a") }, false, quiet),
			/restic made no progress for a long time and was killed on .*standstill/,
		);
	} finally {
		Object.assign(process.env, { PATH, HOLDFAST_STANDSTILL_SECONDS });
	}
});

test("the next create is compared with the last, and reads only what has changed", async () => {
	const here = new Place(folder);
	here.write("data/file", "x");
	here.declare({
		state: { notes: { folders: [here.path("data")] } },
		providers: { restic: { destinations: { repo: { repo: here.path("repo"), passphraseFile } } } },
	});
	for (const _ of ["first", "second", "third"]) {
		const { code, stderr } = await here.holdfast("create");
		assert.equal(code, 0, stderr);
	}
	const snapshots = JSON.parse(
		execFileSync("restic", ["-r", here.path("repo"), "snapshots", "--json"], {
			encoding: "utf8",
			env: { ...here.env, RESTIC_PASSWORD_FILE: passphraseFile },
		}),
	) as { id: string; parent?: string }[];
	assert.deepEqual(
		snapshots.slice(1).map(({ parent }) => parent),
		snapshots.slice(0, -1).map(({ id }) => id),
	);
});
