// A journal put back from a copy beside the log of a newer one: SQLite applies the log to it, whatever comes of that.
import assert from "node:assert/strict";
import { cpSync, readdirSync, rmSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("older");

for (const [what, runsBetween] of [
	["that begins where the copy ends: it opens, with the newer runs", 0],
	["of later runs: it is damaged, no run starts, archives are listed; put back without the log, it opens", 3],
] as const)
	test(`an older journal beside a log ${what}`, async () => {
		const place = new Place(folder);
		place.write("notes/file", "precious");
		place.declare({ state: { notes: { folders: [place.path("notes")] } } });
		const create = async () => (await place.holdfast("create")).code;
		const runs = async () => JSON.parse((await place.holdfast("runs", "--json")).stdout).length;
		const file = place.path("state/journal.sqlite");
		assert.equal(await create(), 0);
		cpSync(file, place.path("older"));
		for (let run = 0; run < runsBetween; run++) assert.equal(await create(), 0);
		// As long as somebody reads the journal, its log stays.
		const reader = new DatabaseSync(file);
		reader.prepare("SELECT count(*) FROM run").get();
		assert.equal(await create(), 0);
		cpSync(`${file}-wal`, place.path("newer-wal"));
		reader.close();
		assert.ok(statSync(place.path("newer-wal")).size > 0);
		for (const name of readdirSync(place.path("state")))
			if (name.startsWith("journal")) rmSync(place.path("state", name));
		cpSync(place.path("older"), file);
		cpSync(place.path("newer-wal"), `${file}-wal`);
		if (runsBetween === 0) assert.equal(await runs(), 2);
		else {
			const { code, stderr } = await place.holdfast("create");
			assert.equal(code, 5, stderr);
			assert.match(stderr, /the journal in .* is damaged[\s\S]*recover --abandon journal/);
			const listed = await place.holdfast("list", "--json");
			assert.equal(listed.code, 0, listed.stderr);
			assert.equal(JSON.parse(listed.stdout).archives.length, runsBetween + 2);
			// SQLite may have written what the log says into the file.
			cpSync(place.path("older"), file);
			for (const part of ["wal", "shm"]) rmSync(`${file}-${part}`, { force: true });
			assert.equal(await runs(), 1);
		}
		assert.equal(await create(), 0);
	});
