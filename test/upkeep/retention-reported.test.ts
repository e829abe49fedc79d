// What users of other backup programs have reported of retention (docs/reported.md), tried here.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Retention } from "../../src/engines/retention-rules.ts";
import { archive, decided, HOUR, kept, NOW } from "./archives-made.ts";

test("keepWithin counts from now even when all archives are older; the newest good one stays then", () => {
	const archives = [250, 260, 300].map((days) => archive(days * 24));
	const decisions = decided(archives, { keepWithin: "8months" });
	assert.deepEqual(
		decisions.map(({ keep, why }) => [keep, why]),
		[
			[true, ["the newest good one of notes"]],
			[false, ["no rule keeps it"]],
			[false, ["no rule keeps it"]],
		],
	);
});

test("the folders of a state may differ each time: its archives are of one state", () => {
	const archives = [1, 25, 49, 73].map((hours) => {
		const made = archive(hours);
		const states = { notes: { outcome: "good", folders: [`/tmp/tmp.${hours}`] } } as const;
		return { ...made, metadata: { ...made.metadata, states } };
	});
	assert.deepEqual(kept(archives, { daily: 2 }), [1, 25]);
});

/** In a time zone, of archives with these times, those that are kept, oldest first. */
function keptIn(zone: string, times: readonly string[], rules: Retention): string[] {
	const before = process.env.TZ;
	process.env.TZ = zone;
	try {
		const archives = times.map((time) => archive((NOW.getTime() - Date.parse(time)) / HOUR));
		return decided(archives, rules)
			.flatMap(({ keep, archive: { created } }) => (keep && created ? [created.slice(0, 16)] : []))
			.reverse();
	} finally {
		if (before === undefined) delete process.env.TZ;
		else process.env.TZ = before;
	}
}

/** Each hour from one time to another. */
const hourly = (from: string, to: string) =>
	Array.from({ length: (Date.parse(to) - Date.parse(from)) / HOUR + 1 }, (_, hour) =>
		new Date(Date.parse(from) + hour * HOUR).toISOString(),
	);

test("days and months are the machine's, also where its clock changes", () => {
	// Rome is one hour ahead of UTC, and two from 29 March on.
	const around = hourly("2026-03-27T00:00Z", "2026-03-30T12:00Z");
	assert.deepEqual(keptIn("Europe/Rome", around, { daily: 4 }), [
		"2026-03-27T22:00",
		"2026-03-28T22:00",
		"2026-03-29T21:00",
		"2026-03-30T12:00",
	]);
	// At one o'clock each night.
	const nights = ["2026-03-28T00:00Z", "2026-03-29T00:00Z", "2026-03-29T23:00Z", "2026-03-30T23:00Z"];
	assert.equal(keptIn("Europe/Rome", nights, { daily: 4 }).length, 4);
	const spring = hourly("2026-02-20T00:00Z", "2026-04-10T12:00Z");
	assert.deepEqual(keptIn("Europe/London", spring, { monthly: 3 }), [
		"2026-02-28T23:00",
		"2026-03-31T22:00",
		"2026-04-10T12:00",
	]);
});

test("weekly and monthly: the newest of a month stays too where weekly ones are older, and says why", () => {
	const archives = Array.from({ length: 300 }, (_, day) => archive(day * 24));
	const stay = decided(archives, { weekly: 6, monthly: 2 }).filter(({ keep }) => keep);
	assert.deepEqual(
		stay.map(({ archive: { name }, why }) => [Number(name.split("-")[1]) / 24, why.at(-1)]),
		[
			[0, "weekly 2026-W48"],
			[3, "weekly 2026-W47"],
			[10, "weekly 2026-W46"],
			[17, "weekly 2026-W45"],
			[24, "weekly 2026-W44"],
			[25, "monthly 2026-10"],
			[31, "weekly 2026-W43"],
			[56, "monthly 2026-09"],
		],
	);
});
