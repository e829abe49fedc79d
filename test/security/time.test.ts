// The time that an archive claims is not trusted: it neither makes prune remove what this machine made, nor makes a
// restore use what it did not make. And a clock that was wrong once does no lasting harm.
import assert from "node:assert/strict";
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { Metadata } from "../../src/engines/archive.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("time");
const MINUTE = 60_000;
const at = (minutes: number) => new Date(Date.now() + minutes * MINUTE).toISOString();

interface Listed {
	readonly archives: readonly {
		readonly name: string;
		readonly id: string;
		readonly created: string;
		readonly recorded?: true;
		readonly metadata?: Metadata;
	}[];
	readonly problems: readonly string[];
}

class Bench extends Place {
	constructor(retention: object = { keepLast: 2 }) {
		super(folder);
		this.write("notes/file", "");
		this.declare({
			state: { notes: { folders: [this.path("notes")] } },
			providers: { tar: { destinations: { disk: { path: this.path("archives") } }, retention } },
		});
	}

	async ok(...words: string[]) {
		const end = await this.holdfast(...words);
		assert.equal(end.code, 0, `${words.join(" ")}\n${end.stdout}${end.stderr}`);
		return end;
	}

	/** Each holds its own number. */
	async create(number: number): Promise<string> {
		const before = this.names();
		this.write("notes/file", String(number));
		await this.ok("create");
		return this.names().find((name) => !before.includes(name)) ?? "";
	}

	names = (): string[] => {
		try {
			return readdirSync(this.path("archives"));
		} catch {
			return [];
		}
	};

	/** A copy of an archive with other metadata. */
	forge(of: string, name: string, change: object): void {
		cpSync(this.path("archives", of), this.path("archives", name), { recursive: true });
		this.redescribe(name, change);
	}

	redescribe(name: string, change: object): void {
		const file = this.path("archives", name, "index.json");
		const index = JSON.parse(readFileSync(file, "utf8"));
		Object.assign(index.metadata, change);
		writeFileSync(file, JSON.stringify(index));
	}

	/** As if the clock had been wrong when it was made. */
	misdate(name: string, created: string): void {
		this.redescribe(name, { created });
		const journal = new DatabaseSync(this.path("state/journal.sqlite"));
		journal
			.prepare("UPDATE archive SET metadata = json_set(metadata, '$.created', ?) WHERE name = ?")
			.run(created, name);
		journal.close();
	}

	async list(): Promise<Listed> {
		return JSON.parse((await this.ok("list", "--json")).stdout);
	}

	async restored(archive: string): Promise<string> {
		await this.ok("restore", "--yes", "tar", archive);
		return readFileSync(this.path("notes/file"), "utf8");
	}
}

test("archives that others put there, of whatever time, cost this machine none of its own, and are not the latest", async () => {
	const place = new Bench();
	const own = [await place.create(1), await place.create(2), await place.create(3)];
	const [first = ""] = own;
	place.forge(first, "from-9999", { created: "9999-12-31T23:59:59Z" });
	place.forge(first, "from-1970", { created: "1970-01-01T00:00:00Z" });
	place.forge(first, "of-just-now", { created: at(1) });
	place.forge(first, "of-before", { created: at(-24 * 60) });
	const { archives, problems } = await place.list();
	assert.equal(archives.length, 7);
	assert.deepEqual(
		archives.filter((one) => one.recorded).map(({ name }) => name),
		own,
	);
	assert.equal(problems.length, 1);
	assert.match(problems[0] ?? "", /from-9999 is dated 9999-.*in the future/);

	place.write("notes/file", "live");
	const { stderr } = await place.ok("restore", "--yes", "tar", "latest");
	assert.equal(readFileSync(place.path("notes/file"), "utf8"), "3");
	assert.match(stderr, /passed over: .*of-just-now is newer, but this machine has no record of creating it/);
	assert.match(stderr, /passed over: .*from-9999 is dated/);
	assert.equal(await place.restored("of-just-now"), "1");

	await place.ok("prune", "--yes");
	const left = place.names();
	assert.deepEqual(
		own.filter((name) => left.includes(name)),
		own.slice(1),
	);
	assert.ok(left.includes("from-9999") && left.includes("of-just-now"));
	assert.equal((await place.ok("status")).stdout.includes("✘"), false);
	assert.match((await place.holdfast("check")).stderr, /in the future/);
});

test("what an archive of ours comes to say of its time and outcome changes nothing of what is kept", async () => {
	const place = new Bench({ keepLast: 1 });
	const [first, second] = [await place.create(1), await place.create(2)];
	place.redescribe(first, { created: at(-1) });
	place.redescribe(second, { created: "1970-01-01T00:00:00Z" });
	assert.deepEqual(
		(await place.list()).archives.map(({ name }) => name),
		[first, second],
	);
	assert.equal(await place.restored("latest"), "2");
	await place.ok("prune", "--yes");
	assert.deepEqual(place.names(), [second]);
});

test("a clock that was wrong once: what is dated in years to come is no latest, takes no place, and is said", async () => {
	const place = new Bench({ keepLast: 1 });
	const [before, wrong] = [await place.create(1), await place.create(2)];
	place.misdate(wrong, "2099-01-01T00:00:00Z");
	assert.equal(await place.restored("latest"), "1");
	const standing = await place.holdfast("status");
	assert.equal(standing.code, 1);
	assert.match(standing.stdout, /✘ web01: .*is dated 2099-01-01T00:00:00Z, which is in the future/);
	assert.doesNotMatch(standing.stdout, /-\d+ ms ago/);
	await place.ok("prune", "--yes");
	assert.deepEqual(place.names().sort(), [before, wrong].sort());
	const after = await place.create(3);
	await place.ok("prune", "--yes");
	assert.deepEqual(place.names().sort(), [wrong, after].sort());
	assert.equal(await place.restored("latest"), "3");
	assert.match((await place.ok("list")).stderr, /is dated 2099/);
	assert.equal((await place.holdfast("check")).code, 1);
	// Once a user has removed it, it is no longer reported.
	rmSync(place.path("archives", wrong), { recursive: true });
	await place.ok("check");
	await place.ok("status");
});

test("while the clock is wrong nothing is removed, and the latest is asked for in words", async () => {
	const place = new Bench({ keepLast: 1 });
	const own = [await place.create(1), await place.create(2)];
	for (const name of own) place.misdate(name, at(24 * 60));
	const { code, stderr } = await place.holdfast("restore", "--yes", "tar", "latest");
	assert.equal(code, 1);
	assert.match(stderr, /check this machine's clock, which shows /);
	assert.equal(await place.restored(own[0] ?? ""), "1");
	await place.ok("prune", "--yes");
	assert.equal(place.names().length, 2);
});

test("a machine that was installed again finds its archives, and lets them go as its own come", async () => {
	const place = new Bench();
	const old = [await place.create(1), await place.create(2), await place.create(3)];
	rmSync(place.path("state"), { recursive: true });
	assert.equal(await place.restored("latest"), "3");
	await place.ok("prune", "--yes");
	assert.deepEqual(place.names().sort(), [...old].sort());
	const own = [await place.create(4)];
	await place.ok("prune", "--yes");
	assert.deepEqual(place.names().sort(), [...old, ...own].sort());
	own.push(await place.create(5));
	await place.ok("prune", "--yes");
	assert.deepEqual(place.names().sort(), own.sort());
});
