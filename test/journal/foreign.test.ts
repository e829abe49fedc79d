// A journal of another version, or a damaged one: the message says which, no run starts while another is still open,
// and there is a way out that says what is where.
import assert from "node:assert/strict";
import {
	closeSync,
	cpSync,
	existsSync,
	mkdirSync,
	openSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	truncateSync,
	writeFileSync,
	writeSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("foreign");

interface Dead {
	readonly place: Place;
	readonly run: string;
	readonly area: string;
	/** The journal's file. */
	readonly file: string;
}

/** A restore that was killed when the live folder had been moved aside and nothing was in its place. */
async function deadRestore(): Promise<Dead> {
	const place = new Place(folder);
	place.declare({ state: { notes: { folders: [place.path("notes")] } } });
	place.write("notes/file", "as archived");
	assert.equal((await place.holdfast("create")).code, 0);
	place.write("notes/file", "as it was before the restore");
	const dying = ["env", "HOLDFAST_FAULT=kill@aside:notes:0#renamed"];
	await place.start(["restore", "--yes", "--service", "notes", "tar", "latest"], dying).ended;
	const file = place.path("state/journal.sqlite");
	const db = new DatabaseSync(file);
	const run = String(db.prepare("SELECT id FROM run WHERE ended IS NULL").get()?.id);
	db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
	db.close();
	assert.equal(existsSync(place.path("notes")), false);
	return { place, run, area: place.path(`.holdfast-${run}-notes`), file };
}

function change({ file, run }: Dead, expression: string): void {
	const db = new DatabaseSync(file);
	db.prepare(`UPDATE run SET plan = ${expression} WHERE id = ?`).run(run);
	db.close();
}

/** Ways in which this version must not touch a plan: the message for each. */
const STRANGE: Readonly<Record<string, readonly [expression: string, said: RegExp]>> = {
	"a kind of step that a later version has": [
		"json_set(plan, '$.steps[3].kind', 'levitate', '$.program', '0.9.7')",
		/does not know the kind of step "levitate"/,
	],
	"a later form of plan": ["json_set(plan, '$.version', 2, '$.program', '0.9.7')", /its plan has version 2/],
	"a kind named as what every object has": [
		"json_set(plan, '$.steps[3].kind', 'constructor', '$.program', '0.9.7')",
		/does not know the kind of step "constructor"/,
	],
	"a step without its place": [
		"json_set(json_remove(plan, '$.steps[4].place'), '$.program', '0.9.7')",
		/its step aside:notes:0 cannot be read: place: it is missing/,
	],
	"a place of another form": [
		"json_set(plan, '$.steps[4].place.mode', 'teleport', '$.program', '0.9.7')",
		/cannot be read: place: mode/,
	],
};

test("a run that this version does not understand: named with the version to run, nothing begun, given up by its id", async () => {
	const dead = await deadRestore();
	const { place, run, area, file } = dead;
	const whole = place.path("whole");
	cpSync(file, whole);
	for (const [what, [expression, said]] of Object.entries(STRANGE)) {
		cpSync(whole, file);
		change(dead, expression);
		const { code, stderr } = await place.holdfast("recover");
		assert.equal(code, 5, `${what}: ${stderr}`);
		assert.match(stderr, said);
		assert.match(stderr, /started by Holdfast 0\.9\.7/);
		assert.match(stderr, new RegExp(`recover --abandon ${run}`));
		assert.doesNotMatch(stderr, /TypeError|Cannot read properties|undefined/);
		assert.ok(existsSync(area), "the old copy was touched");
	}
	const [[, said] = ["", /$/]] = Object.values(STRANGE).reverse();
	for (const command of [["create"], ["restore", "--yes", "--service", "notes", "tar", "latest"]]) {
		const { code, stderr } = await place.holdfast(...command);
		assert.equal(code, 5, `${command[0]}: ${stderr}`);
		assert.match(stderr, said);
	}
	// Read-only commands continue to work.
	const shown = await place.holdfast("runs", "show", run);
	assert.equal(shown.code, 0, shown.stderr);
	assert.match(shown.stdout, said);
	for (const command of [["runs"], ["list"]]) assert.equal((await place.holdfast(...command)).code, 0);

	const refused = await place.holdfast("recover", "--abandon", run);
	assert.equal(refused.code, 2);
	assert.ok(refused.stdout.includes(area), refused.stdout);
	assert.equal((await place.holdfast("create")).code, 5);
	assert.match((await place.holdfast("recover", "--abandon", "no-such-run", "--yes")).stderr, /no run/);

	const given = await place.holdfast("recover", "--abandon", run, "--yes");
	assert.equal(given.code, 0, given.stderr);
	assert.ok(given.stdout.includes(area), given.stdout);
	assert.ok(existsSync(area), "abandoning deleted what it told of");
	mkdirSync(place.path("notes"));
	assert.equal((await place.holdfast("create")).code, 0);
	assert.match((await place.holdfast("runs")).stdout, /abandoned/);
	const again = await place.holdfast("recover", "--abandon", run, "--yes");
	assert.equal(again.code, 2);
	assert.match(again.stderr, /has ended/);
});

test("a run that this version understands can be given up too, and says where the old copy is", async () => {
	const { place, run, area } = await deadRestore();
	const { code, stdout } = await place.holdfast("recover", "--abandon", run, "--yes");
	assert.equal(code, 0);
	assert.match(stdout, /the previous .*notes is now/);
	assert.equal(readFileSync(join(area, "old/0-notes/file"), "utf8"), "as it was before the restore");
});

/**
 * Every way in which the file can be broken; each must be reported, and never taken for a journal without open runs.
 */
const BROKEN: Readonly<Record<string, (file: string) => void>> = {
	"of zero bytes": (file) => truncateSync(file, 0),
	"of one byte": (file) => truncateSync(file, 1),
	"of its first page alone": (file) => truncateSync(file, 4096),
	"cut in the middle": (file) => truncateSync(file, statSync(file).size / 2),
	"without its last page": (file) => truncateSync(file, statSync(file).size - 4096),
	"no database": (file) => writeFileSync(file, "this is a text\n".repeat(5000)),
	"overwritten in the middle": (file) => {
		const fd = openSync(file, "r+");
		const size = statSync(file).size;
		for (let at = 4096; at < size; at += 4096) writeSync(fd, Buffer.alloc(4096, 0xa5), 0, 4096, at);
		closeSync(fd);
	},
	"what SQLite kept beside it": (file) => {
		rmSync(file);
		writeFileSync(file, Buffer.alloc(32_768, 3));
	},
	"gone, with its log": (file) => {
		writeFileSync(`${file}-wal`, Buffer.alloc(8192, 1));
		rmSync(file);
	},
	"empty, with its log": (file) => {
		writeFileSync(`${file}-wal`, Buffer.alloc(8192, 1));
		truncateSync(file, 0);
	},
};

test("a damaged journal is said plainly, begins nothing, and is set aside by name", async () => {
	const dead = await deadRestore();
	const { place, run, area, file } = dead;
	const whole = place.path("whole");
	cpSync(file, whole);
	for (const [what, damage] of Object.entries(BROKEN)) {
		for (const name of readdirSync(place.path("state")))
			if (name.startsWith("journal")) rmSync(place.path("state", name));
		cpSync(whole, file);
		damage(file);
		const create = await place.holdfast("create");
		assert.equal(create.code, 5, `${what}: ${create.code} ${create.stderr}`);
		assert.match(create.stderr, /the journal in .* is damaged/, what);
		assert.match(create.stderr, /recover --abandon journal/, what);
		assert.ok(existsSync(area), what);
		// In this situation, people look for archives.
		const listed = await place.holdfast("list");
		assert.equal(listed.code, 0, `${what}: ${listed.stderr}`);
		assert.match(listed.stdout, /notes/);
		const aside = await place.holdfast("recover", "--abandon", "journal", "--yes");
		assert.equal(aside.code, 0, `${what}: ${aside.stderr}`);
		assert.ok(aside.stdout.includes(area), `${what}: ${aside.stdout}`);
		assert.match(aside.stderr, /journal\.sqlite\.abandoned-/, what);
		assert.equal((await place.holdfast("recover")).code, 0, what);
	}
	assert.ok(readdirSync(place.path("state")).length > 3);
	// This does not discard a journal that can be read.
	for (const name of readdirSync(place.path("state")))
		if (name.startsWith("journal")) rmSync(place.path("state", name));
	cpSync(whole, file);
	const readable = await place.holdfast("recover", "--abandon", "journal", "--yes");
	assert.equal(readable.code, 2, readable.stderr);
	assert.match(readable.stderr, /is readable/);
	assert.equal((await place.holdfast("recover")).code, 0);
	assert.equal(readFileSync(place.path("notes/file"), "utf8"), "as it was before the restore", run);
});

test("a journal of a newer version names the program that wrote it, and can be set aside", async () => {
	const dead = await deadRestore();
	change(dead, "json_set(plan, '$.program', '0.9.7')");
	const db = new DatabaseSync(dead.file);
	db.exec("PRAGMA user_version = 99");
	db.close();
	const { code, stderr } = await dead.place.holdfast("recover");
	assert.equal(code, 1);
	assert.match(stderr, /was written by a newer version of Holdfast, 0\.9\.7/);
	assert.match(stderr, /use Holdfast 0\.9\.7/);
	const aside = await dead.place.holdfast("recover", "--abandon", "journal", "--yes");
	assert.equal(aside.code, 0, aside.stderr);
	assert.match(aside.stdout, new RegExp(`run ${dead.run} \\(restore, started by Holdfast 0\\.9\\.7\\)`));
	assert.ok(aside.stdout.includes(dead.area));
});

test("on a disk that is read-only or full the journal is read, what is meant is said, and nothing begins", async () => {
	const { place } = await deadRestore();
	assert.equal((await place.holdfast("recover")).code, 0);
	const state = place.path("state");
	const onDisk = `mkdir disk; mount -t tmpfs -o size=400k tmpfs disk; cp -a ${state}/. disk; export HOLDFAST_STATE_DIR=$PWD/disk`;
	const readOnly = `${onDisk}; mount -o remount,ro disk`;
	const runs = await place.holdfastAfter(readOnly, "runs");
	assert.equal(runs.code, 0, runs.stderr);
	assert.match(runs.stdout, /recovered/);
	rmSync(place.path("disk"), { recursive: true });
	const create = await place.holdfastAfter(readOnly, "create");
	assert.equal(create.code, 1, create.stderr);
	assert.match(create.stderr, /the disk is mounted read-only/);
	rmSync(place.path("disk"), { recursive: true });
	const full = `${onDisk}; dd if=/dev/zero of=disk/fill bs=1k 2>/dev/null || true`;
	const onFull = await place.holdfastAfter(full, "create");
	assert.equal(onFull.code, 1, onFull.stderr);
	assert.match(onFull.stderr, /whether the disk is full/);
});

test("one entry that is damaged costs that entry, and is said", async () => {
	const dead = await deadRestore();
	const { place, file } = dead;
	assert.equal((await place.holdfast("recover")).code, 0);
	const db = new DatabaseSync(file);
	db.exec(`
		INSERT INTO leftover (run, step, work) VALUES ('r1', 'discard:x', '{"kind":"levitate","id":"x"}');
		INSERT INTO leftover (run, step, work) VALUES ('r2', 'discard:x', 'not json');
		INSERT INTO kept (run, state, until, copy) VALUES ('r3', 'notes', '2020-01-01T00:00:00Z', '{}');
		INSERT INTO kept (run, state, until, copy) VALUES ('r4', 'notes', '2030-01-01T00:00:00Z', 'not json');
		INSERT INTO archive (id, name, provider, destination, metadata) VALUES ('a', 'a', 'tar', 'disk', 'not json');
		INSERT INTO archive (id, name, provider, destination, metadata) VALUES ('b', 'b', 'tar', 'disk', '{"machine":"web01","states":{"notes":null}}');
		UPDATE run SET summary = '"?"';
	`);
	db.close();
	const create = await place.holdfast("create");
	assert.equal(create.code, 0, create.stderr);
	for (const run of ["r1", "r2", "r3"])
		assert.match(create.stderr, new RegExp(`run ${run}.*damaged or was written by another version`));
	for (const command of [["runs"], ["list"], ["status"]]) {
		const { code, stderr } = await place.holdfast(...command);
		assert.ok(code === 0 || (command[0] === "status" && code === 1), `${command[0]}: ${code} ${stderr}`);
		assert.doesNotMatch(stderr, /JSON|Cannot read/);
	}
	const undo = await place.holdfast("undo", "r4");
	assert.equal(undo.code, 1);
	assert.match(undo.stderr, /cannot be put back/);
});
