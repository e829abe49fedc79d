// What root writes, or causes to be written, in folders that others can change: metrics, a destination's first
// folder, a private folder, SQLite's own files. The attacker can write to such a folder as its owner, through its
// group or through an access control list.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
	chmodSync,
	chownSync,
	existsSync,
	lchownSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { constants, zstdCompressSync } from "node:zlib";
import { isArea, makeArea, openArea } from "../../src/host/private-area.ts";
import { resolvePath } from "../../src/host/trust.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { isRoot } from "../support/tree.ts";

const USER = 4242;
const below = scratch("written");
chmodSync(below, 0o755);

/** `home` is the user's; `root/secret` is root's alone. */
function setUp() {
	const place = new Place(below);
	chmodSync(place.folder, 0o755);
	mkdirSync(place.path("home"));
	chownSync(place.path("home"), USER, USER);
	mkdirSync(place.path("root"), { mode: 0o700 });
	const secret = place.path("root/secret");
	writeFileSync(secret, "root's own", { mode: 0o600 });
	const isUntouched = () => {
		assert.equal(readFileSync(secret, "utf8"), "root's own");
		assert.deepEqual(readdirSync(place.path("root")), ["secret"]);
	};
	return { place, secret, isUntouched };
}

describe("root, where others can write", { skip: isRoot ? false : "needs root" }, () => {
	test("metrics are put in the place of a link or a named pipe, and readable whatever the umask", async () => {
		const { place, secret, isUntouched } = setUp();
		const file = place.path("home/holdfast.prom");
		for (const plant of [
			(at: string) => symlinkSync(secret, at),
			(at: string) => execFileSync("mkfifo", ["-m", "666", at]),
		])
			for (const name of [file, `${file}.new`, `${file}.tmp`]) if (!existsSync(name)) plant(name);
		place.write(
			"holdfast.json",
			JSON.stringify({
				machines: {
					web01: {
						state: { notes: { folders: [place.path("notes")] } },
						providers: { tar: { destinations: { disk: { path: place.path("archives") } } } },
						metricsFile: file,
					},
				},
			}),
		);
		place.write("notes/file", "a note");
		const { code, stderr } = await place.holdfast("create");
		assert.equal(code, 0, stderr);
		isUntouched();
		assert.match(readFileSync(file, "utf8"), /^# HELP holdfast_/);
		assert.equal(statSync(file).mode & 0o777, 0o644);
	});

	for (const [type, key] of [
		["tar", "path"],
		["localbackup", "directory"],
	] as const)
		test(`${type}: a new destination is not made behind a stranger's link`, async () => {
			const { place, isUntouched } = setUp();
			symlinkSync(place.path("root"), place.path("home/disk"));
			lchownSync(place.path("home/disk"), USER, USER);
			place.write("notes/file", "a note");
			place.declare({
				state: { notes: { folders: [place.path("notes")] } },
				providers: { [type]: { destinations: { d: { [key]: place.path("home/disk/new") } } } },
			});
			const { code, stderr } = await place.holdfast("create");
			assert.equal(code, 1, stderr);
			assert.match(stderr, /is a symbolic link to .*could have created it, so it is not followed/);
			isUntouched();
		});

	test("a folder of root's that somebody may write to by an access control list is theirs to change", () => {
		const { place } = setUp();
		const open = place.path("open");
		mkdirSync(open, { mode: 0o755 });
		assert.equal(resolvePath(open).openAt, undefined);
		chmodSync(open, 0o775);
		assert.equal(resolvePath(open).openAt, undefined, "root's own group is no stranger");
		execFileSync("setfacl", ["-m", `u:${USER}:rwx`, open]);
		assert.equal(resolvePath(open).openAt, open);
		symlinkSync(place.path("root"), join(open, "link"));
		lchownSync(join(open, "link"), USER, USER);
		assert.throws(() => resolvePath(join(open, "link/secret")), /could have created it/);
	});

	test("a config that somebody may write by an access control list is not obeyed", async () => {
		const { place } = setUp();
		place.write("notes/file", "a note");
		place.declare({ state: { notes: { folders: [place.path("notes")] } } });
		const config = place.path("holdfast.json");
		chmodSync(config, 0o664);
		assert.equal((await place.holdfast("create", "--config", config)).code, 0);
		execFileSync("setfacl", ["-m", `u:${USER}:rw`, config]);
		const { code, stderr } = await place.holdfast("create", "--config", config);
		assert.equal(code, 2, stderr);
		assert.match(stderr, /others can write to/);
	});

	test("a private folder that was replaced is not taken for ours", () => {
		const { place } = setUp();
		process.env.HOLDFAST_STATE_DIR = place.path("state");
		mkdirSync(place.path("state"), { mode: 0o700 });
		const area = place.path("home/.holdfast-one");
		makeArea(area, ["new"]);
		assert.ok(isArea(area));
		openArea(area)?.[Symbol.dispose]();
		renameSync(area, place.path("home/aside"));
		mkdirSync(join(area, "new"), { recursive: true, mode: 0o700 });
		assert.throws(() => openArea(area), /is not the private folder that was created there/);
		// Nor one with the token of another.
		const other = place.path("home/.holdfast-two");
		makeArea(other, []);
		writeFileSync(join(area, ".token"), readFileSync(join(other, ".token")), { mode: 0o600 });
		assert.throws(() => openArea(area), /is not the private folder that was created there/);
		delete process.env.HOLDFAST_STATE_DIR;
	});
});

/**
 * A script that replaces SQLite's program, in a place that is visible to a confined program: the PATH that finds it.
 */
function inPlaceOf(script: string): string {
	const folder = mkdtempSync("/opt/holdfast-written-");
	after(() => rmSync(folder, { recursive: true }));
	chmodSync(folder, 0o755);
	writeFileSync(join(folder, "sqlite3"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
	return `PATH=${folder}:${process.env.PATH}`;
}

/**
 * The leftovers of an interrupted transaction over several databases: the journal names a file that SQLite deletes.
 */
function hotJournal(named: string): Buffer {
	const name = Buffer.from(named);
	const magic = Buffer.from("d9d505f920a163d7", "hex");
	const words = (...all: number[]) => {
		const bytes = Buffer.alloc(4 * all.length);
		for (const [index, word] of all.entries()) bytes.writeUInt32BE(word >>> 0, 4 * index);
		return bytes;
	};
	const header = Buffer.concat([magic, words(0, 12_345, 2, 512, 4096), Buffer.alloc(512)]).subarray(0, 512);
	const sum = name.reduce((total, byte) => total + (byte > 127 ? byte - 256 : byte), 0);
	const lockPage = 0x40000000 / 4096 + 1;
	return Buffer.concat([header, words(lockPage), name, words(name.length, sum), magic]);
}

describe("SQLite", { skip: isRoot ? false : "needs root" }, () => {
	function withDatabase(share: (folder: string, file: string) => void) {
		const { place, secret, isUntouched } = setUp();
		const [folder, file] = [place.path("app"), place.path("app/db.sqlite")];
		mkdirSync(folder);
		execFileSync("sqlite3", [file, "CREATE TABLE t(a); INSERT INTO t VALUES(1)"]);
		share(folder, file);
		place.declare({ state: { app: { folders: [folder], dumps: [{ sqlite: file }] } } });
		return { place, secret, isUntouched, folder, file };
	}
	const SHARED: Readonly<Record<string, (folder: string, file: string) => void>> = {
		"by its group": (folder, file) => {
			for (const [path, mode] of [
				[folder, 0o2775],
				[file, 0o664],
			] as const) {
				chownSync(path, 0, USER);
				chmodSync(path, mode);
			}
		},
		"by everybody": (folder) => chmodSync(folder, 0o777),
		"by an access control list": (folder) => execFileSync("setfacl", ["-m", `u:${USER}:rwx`, folder]),
	};
	for (const [how, share] of Object.entries(SHARED))
		test(`root's database in a folder that can be changed ${how} deletes nothing of root's`, async () => {
			const { place, secret, isUntouched, file } = withDatabase(share);
			writeFileSync(`${file}-journal`, hotJournal(secret));
			chownSync(`${file}-journal`, USER, USER);
			await place.holdfast("create");
			isUntouched();
		});

	test("another user's file is not deleted either, and the program runs as the database's owner", async () => {
		const { place, file } = withDatabase((folder, file) => {
			for (const path of [folder, file]) chownSync(path, USER, USER);
			chmodSync(folder, 0o777);
		});
		const own = place.write("elsewhere/theirs", "the user's own, elsewhere");
		chownSync(own, USER, USER);
		chmodSync(place.path("elsewhere"), 0o777);
		writeFileSync(`${file}-journal`, hotJournal(own));
		// Replaces SQLite's program with one that reports which user it runs as.
		const path = inPlaceOf('id -u >>/var/tmp/users\nexec /usr/bin/sqlite3 "$@"');
		await place.holdfast("create");
		assert.ok(existsSync(own));
		await place.start(["create"], ["env", path]).ended;
		assert.match(readFileSync(place.path("app/users"), "utf8"), new RegExp(`^(${USER}\n)+$`));
	});

	test("an owner who stops the program holds nobody up [long]", { timeout: 60_000 }, async () => {
		const { place } = withDatabase((folder, file) => {
			for (const path of [folder, file]) chownSync(path, USER, USER);
		});
		const wrapper = ["env", inPlaceOf("kill -STOP $$"), "HOLDFAST_STANDSTILL_SECONDS=2"];
		const { code, stderr } = await place.start(["create"], wrapper).ended;
		assert.equal(code, 1, stderr);
		assert.match(stderr, /made no progress for a long time and was killed/);
	});
});

test("tar: no more is unpacked than the index says, and in little memory", async () => {
	const place = new Place(below);
	place.write("notes/file", "a note");
	const notes = place.path("notes");
	place.declare({ state: { notes: { folders: [notes] } } });
	const zeros = Buffer.alloc(64 * 1024 ** 2);
	const forge = (name: string, data: Buffer) => {
		const folder = place.path("archives", name);
		mkdirSync(folder, { recursive: true, mode: 0o700 });
		writeFileSync(join(folder, "data.tar.zst"), data);
		const sha256 = createHash("sha256").update(data).digest("hex");
		const metadata = {
			version: 1,
			machine: "web01",
			run: "2026-01-01T000000Z-aaaa",
			created: "2026-01-01T00:00:00.000Z",
			manifest: "/var/lib/holdfast/spool/manifest.json",
			states: { notes: { outcome: "good", folders: [notes] } },
		};
		const segments = [{ path: notes, offset: 0, length: data.length, sha256, tarBytes: 1024 }];
		writeFileSync(
			join(folder, "index.json"),
			JSON.stringify({ format: "holdfast-tar", version: 1, metadata, segments }),
		);
		return folder;
	};
	const header = tarHeader(`${notes.slice(1)}/big`, zeros.length);
	const wide = { params: { [constants.ZSTD_c_windowLog]: 27 } };
	const bomb = Buffer.concat([header, zeros]);
	for (const [name, data] of [
		["web01-2026-01-01T000000Z-bomb", zstdCompressSync(bomb)],
		["web01-2026-01-01T000000Z-wide", zstdCompressSync(bomb, wide)],
	] as const) {
		forge(name, data);
		const { code, stderr } = await place.holdfast("restore", "--yes", "tar", name);
		assert.equal(code, 1, stderr);
		assert.match(stderr, /is damaged in the archive/);
		assert.equal(readFileSync(join(notes, "file"), "utf8"), "a note");
	}
	const out = mkdtempSync(join(below, "out-"));
	await place.holdfast("archives", "extract", "web01-2026-01-01T000000Z-bomb", "--into", out);
	const kib = Number(execFileSync("du", ["-sk", out], { encoding: "utf8" }).split("\t")[0]);
	assert.ok(kib < 2048, `${kib} KiB`);
});

function tarHeader(name: string, size: number): Buffer {
	const block = Buffer.alloc(512);
	const put = (text: string, at: number) => block.write(text, at);
	put(name, 0);
	put("0000644\0", 100);
	put("0000000\0", 108);
	put("0000000\0", 116);
	put(`${size.toString(8).padStart(11, "0")}\0`, 124);
	put("00000000000\0", 136);
	put("        ", 148);
	put("0", 156);
	put("ustar\x0000", 257);
	const sum = block.reduce((total, byte) => total + byte, 0);
	put(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
	return block;
}
