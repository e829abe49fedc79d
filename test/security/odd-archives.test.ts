// Oddities of a single engine's format: two archives with the same name, snapshots and tags that are not Holdfast's,
// an entry that points nowhere. Each affects only itself.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { archivesIn } from "../../src/engines/restic/archives.ts";
import { intoFolder, quiet } from "../engines/fixtures.ts";
import {
	files,
	folder,
	goodOnes,
	HOSTILE,
	type Hostile,
	passphraseFile,
	run,
	snapshots,
	valid,
	withGood,
} from "./planted.ts";

test("localbackup: of two archives of one name neither is taken for the other, and removing the name removes neither", async () => {
	const hostile = HOSTILE[3] as Hostile;
	const { at, destination } = await withGood(hostile);
	hostile.plant(at, "good-1", valid());
	const listed = await destination.list(quiet);
	assert.deepEqual(listed.map(({ name }) => name).sort(), ["snapshot.0", `snapshot.${snapshots - 1}`]);
	for (const { damaged } of listed) assert.match(damaged ?? "", /2 snapshots claim to be good-1/);
	await destination.remove(["good-1"], quiet);
	assert.equal((await destination.list(quiet)).length, 2);
	await assert.rejects(
		destination.restore("good-1", [files], intoFolder(folder), quiet),
		/there is no archive good-1/,
	);
});

test("restic: odd snapshots make no archive of ours, each for its reason", () => {
	let number = 0;
	const snapshot = (...tags: string[]) => {
		const id = String(number++).padStart(64, "0");
		return { id, short_id: id.slice(-8), time: new Date().toISOString(), tree: "", paths: [], tags };
	};
	const about = (text: string) => `holdfast-about=${deflateRawSync(text).toString("base64url")}`;
	const found = archivesIn([
		snapshot("holdfast=good", about(valid())),
		snapshot("holdfast-part=good"),
		snapshot("somebody's"),
		snapshot("holdfast=x1", "holdfast-about=!!!!"),
		snapshot("holdfast=x2", "holdfast-about="),
		snapshot("holdfast=x3"),
		snapshot(about(valid())),
		snapshot("holdfast=../x", about(valid())),
		snapshot("holdfast=", about(valid())),
	]);
	assert.deepEqual(
		found.map(({ archive: { name, damaged, metadata } }) => [name, damaged ?? metadata?.run]).sort(),
		[
			["00000002", undefined],
			["00000006", "it has no tag holdfast=NAME"],
			["00000007", "its tag is not a valid archive name"],
			["00000008", "its tag is not a valid archive name"],
			["good", "forged"],
			["x1", "its description cannot be decompressed"],
			["x2", "its description is too large: more than 1024 KiB"],
			["x3", "its description is missing"],
		],
	);
});

test("restic: odd tags cost their snapshot alone, and so does a name that another has", async () => {
	const hostile = HOSTILE[2] as Hostile;
	const { at, destination } = await withGood(hostile);
	const about = (text: string | Buffer) =>
		`--tag=holdfast-about=${deflateRawSync(text).toString("base64url")}`;
	const odd = [
		{ tags: ["--tag=holdfast=x2", about(Buffer.alloc(90 * 1024 ** 2))], why: /is too large/ },
		{ tags: ["--tag=holdfast=x4", about(valid())], why: /2 snapshots claim to be x4/ },
		{ tags: ["--tag=holdfast=x4", about(valid({ run: "other" }))], why: /2 snapshots claim to be x4/ },
	];
	for (const { tags } of odd) run(at, ["restic", "backup", "-q", ...tags, files]);
	run(at, [
		"restic",
		"backup",
		"-q",
		"--tag=holdfast=dated",
		about(valid({ created: "9999-12-31T23:59:59Z" })),
		files,
	]);
	const unreadable = join(at, "snapshots", "ab".repeat(32));
	writeFileSync(unreadable, "no snapshot");
	const before = process.memoryUsage().rss;
	const listed = await destination.list(quiet);
	assert.ok(process.memoryUsage().rss - before < 64 * 1024 ** 2);
	assert.deepEqual(goodOnes(listed), ["good-1", "dated"]);
	// The time is restic's own.
	assert.ok(Date.parse(listed.find(({ name }) => name === "dated")?.created ?? "") <= Date.now());
	assert.match(listed.find(({ name }) => name === "abababab")?.damaged ?? "", /restic cannot read it/);
	const reasons = listed.flatMap(({ damaged }) => damaged ?? []);
	assert.equal(reasons.length, odd.length + 1);
	for (const { why } of odd)
		assert.ok(
			reasons.some((reason) => why.test(reason)),
			String(why),
		);
	// restic itself removes nothing while there is one that it cannot read.
	rmSync(unreadable);
	await destination.remove(["x4"], quiet);

	// A tag command that was interrupted between the new snapshot and the old one leaves one archive.
	const env = { ...process.env, RESTIC_REPOSITORY: at, RESTIC_PASSWORD_FILE: passphraseFile };
	const words = ["snapshots", "--json", "--tag=holdfast=good-1"];
	const [old] = JSON.parse(execFileSync("restic", words, { env, encoding: "utf8" })) as { id: string }[];
	assert.ok(old);
	const file = join(at, "snapshots", old.id);
	const content = readFileSync(file);
	const metadata = listed.find(({ name }) => name === "good-1")?.metadata;
	assert.ok(metadata);
	await destination.writeMetadata(
		"good-1",
		{ ...metadata, hold: { reason: "x", since: metadata.created } },
		quiet,
	);
	writeFileSync(file, content);
	const twice = await destination.list(quiet);
	assert.deepEqual(
		twice.flatMap(({ name, metadata: found }) => (found ? [[name, found.hold?.reason]] : [])),
		[
			["good-1", "x"],
			["dated", undefined],
		],
	);
	assert.equal(twice.length, listed.length - 1);
});

test("borg: an entry longer than a megabyte, and one that leads nowhere, cost their archive alone", async () => {
	const hostile = HOSTILE[1] as Hostile;
	const { at, destination } = await withGood(hostile);
	hostile.plant(at, "dated", valid({ created: "9999-12-31T23:59:59Z" }));
	// borg's command does not accept such a comment; its own code does.
	const borg = execFileSync("sh", ["-c", "command -v borg"], { encoding: "utf8" }).trim();
	const python =
		readFileSync(borg, "utf8")
			.split("\n")[0]
			?.replace(/^#!\s*/, "") ?? "";
	execFileSync(python, ["-c", LONG_COMMENT, at], {
		env: { ...process.env, BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: "yes" },
	});
	const listed = await destination.list(quiet);
	assert.deepEqual(goodOnes(listed), ["good-1", "dated"], JSON.stringify(listed));
	// The time is borg's own.
	assert.ok(Date.parse(listed.find(({ name }) => name === "dated")?.created ?? "") <= Date.now());
	assert.match(listed.find(({ name }) => name === "long")?.damaged ?? "", /too large|borg cannot read it/);
	assert.match(listed.find(({ name }) => name === "ghost")?.damaged ?? "", /borg cannot read it/);
	// Also if there are no records.
	rmSync(join(folder, "cache"), { recursive: true });
	assert.deepEqual(goodOnes(await destination.list(quiet)), ["good-1", "dated"]);
});

const LONG_COMMENT = `
import os, sys
from datetime import datetime
from borg.logger import setup_logging
setup_logging()
from borg.repository import Repository
from borg.helpers import Manifest
from borg.archive import Archive
from borg.cache import Cache
with Repository(sys.argv[1], exclusive=True) as repository:
    manifest, key = Manifest.load(repository, Manifest.NO_OPERATION_CHECK)
    with Cache(repository, key, manifest, lock_wait=1) as cache:
        archive = Archive(repository, key, manifest, "long", cache=cache, create=True)
        archive.save(comment="holdfast:" + "x" * 3_000_000)
    manifest.archives["ghost"] = (os.urandom(32), datetime.utcnow())
    manifest.write()
    repository.commit(compact=False)
`;
