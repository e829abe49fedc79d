// Which archives are kept: examples of rules, and properties that hold for any archives and rules.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Archive } from "../../src/engines/archive.ts";
import { NO_RECORDS, type Records, recordsInMetadata } from "../../src/engines/archive-time.ts";
import { retain } from "../../src/engines/retention.ts";
import type { Retention } from "../../src/engines/retention-rules.ts";
import { archive, decided, kept, NOW, type Outcomes } from "./archives-made.ts";

const numRuns = Number(process.env.HOLDFAST_ROUNDS) || 100;

test("daily keeps the newest of each day, and weekly goes on from there", () => {
	const archives = Array.from({ length: 60 * 2 }, (_, index) => archive(index * 12));
	const days = kept(archives, { daily: 7, weekly: 4 });
	assert.equal(days.length, 11);
	// 12:00 today, then 12:00 of each day before: the newer of two.
	assert.deepEqual(days.slice(0, 7), [0, 24, 48, 72, 96, 120, 144]);
	// 12:00 on the Sundays of the preceding weeks: 2026-11-25 is a Wednesday.
	assert.deepEqual(days.slice(7), [10 * 24, 17 * 24, 24 * 24, 31 * 24]);
});

test("keepWithin counts back from now, keepLast from the newest", () => {
	const archives = [1, 20, 30, 50, 90].map((hours) => archive(hours));
	assert.deepEqual(kept(archives, { keepWithin: "1d" }), [1, 20]);
	assert.deepEqual(kept(archives, { keepLast: 3 }), [1, 20, 30]);
	assert.deepEqual(kept(archives, { keepWithin: "1d", keepLast: 2 }), [1, 20, 30, 50]);
});

test("keepWithin in weeks, months and years", () => {
	const archives = [27, 29, 92, 94, 365, 367].map((days) => archive(days * 24));
	const young = (within: string) => kept(archives, { keepWithin: within }).map((hours) => hours / 24);
	assert.deepEqual(young("4w"), [27]);
	assert.deepEqual(young("3months"), [27, 29, 92]);
	assert.deepEqual(young("1y"), [27, 29, 92, 94, 365]);
});

test("monthly and yearly", () => {
	const archives = Array.from({ length: 800 }, (_, day) => archive(day * 24));
	assert.equal(kept(archives, { monthly: 6 }).length, 6);
	// The newest of three years, and the oldest of all, since there are not five years yet.
	assert.deepEqual(kept(archives, { yearly: 5 }).slice(2), [694 * 24, 799 * 24]);
	assert.equal(kept(archives, { yearly: 3 }).length, 3);
});

test("a rule that is not filled yet keeps the oldest one too, and says so; a rule before it may have it already", () => {
	const archives = Array.from({ length: 10 }, (_, index) => archive(index * 12));
	const [oldest] = decided(archives, { weekly: 4 }).slice(-1);
	assert.deepEqual(oldest?.why, ["weekly, the oldest"]);
	assert.deepEqual(kept(archives, { weekly: 4, monthly: 2 }), kept(archives, { weekly: 4 }));
	// One that others put there is not the oldest of this machine's.
	const foreign = archive(5_000, { notes: "good" }, undefined, "web01-5000");
	assert.deepEqual(decided([...archives, foreign], { weekly: 4 }, recordsInMetadata(archives)).at(-2)?.why, [
		"weekly, the oldest",
	]);
});

test("the newest good one of each state stays, and says why", () => {
	const archives = [
		archive(1, { notes: "good", shop: "failed" }),
		archive(500, { notes: "good", shop: "good" }),
		archive(900, { notes: "good", shop: "good" }),
		archive(950, { gone: "good" }),
	];
	const why = decided(archives, { keepLast: 1 }).map((one) => one.why);
	assert.deepEqual(why, [
		["the newest good one of notes", "one of the last (notes; shop, incomplete)"],
		["the newest good one of shop", "one of the last (shop)"],
		["no rule keeps it"],
		["the newest good one of gone", "one of the last"],
	]);
});

test("an archive that does not hold a state, or not whole, takes no place of that state's", () => {
	// An archive of everything each night, and of notes alone each noon; shop failed for three nights.
	const nights = Array.from({ length: 13 }, (_, day) =>
		archive(day * 24 + 11, { notes: "good", shop: day < 3 ? "failed" : "good" }),
	);
	const noons = Array.from({ length: 13 }, (_, day) => archive(day * 24, { notes: "good" }));
	const left = decided([...nights, ...noons], { daily: 7 }).filter(({ keep }) => keep);
	const holding = (state: string, outcome: string) =>
		left.filter((one) => one.archive.metadata?.states[state]?.outcome === outcome).length;
	assert.equal(holding("shop", "good"), 7);
	// Those since it was last complete.
	assert.equal(holding("shop", "failed"), 3);
	assert.ok(holding("notes", "good") >= 7);
});

test("archives of a state that the machine has no more go as others come, but for the newest good one", () => {
	const made = (days: number) =>
		Array.from({ length: 20 }, (_, day) =>
			archive(day * 24, day < days ? { notes: "good" } : { gone: "good" }),
		);
	const left = (days: number) =>
		kept(made(days), { daily: 7 }, { ...recordsInMetadata(made(days)), states: ["notes"] }).map(
			(hours) => hours / 24,
		);
	assert.deepEqual(left(0), [0, 1, 2, 3, 4, 5, 6]);
	assert.deepEqual(left(3), [0, 1, 2, 3, 4, 5, 6]);
	assert.deepEqual(left(10), [0, 1, 2, 3, 4, 5, 6, 10]);
});

test("a state that is never whole keeps what there is of it, by the rules", () => {
	const archives = Array.from({ length: 20 }, (_, day) => archive(day * 24, { notes: "failed" }));
	assert.equal(kept(archives, { daily: 7 }).length, 7);
});

test("a hold keeps, and so does not being ours, being damaged, or being made by a newer Holdfast", () => {
	const archives = [
		archive(1),
		archive(100, undefined, "the audit"),
		{ name: "web01-200", created: "2020-01-01" },
		{ name: "web01-300", created: "2020-01-02", damaged: "its description is empty" },
		{ name: "web01-400", created: "2020-01-03", newer: { version: 2 } },
	];
	assert.deepEqual(kept(archives, { keepLast: 1 }).sort(), [1, 100, 200, 300, 400]);
	const why = decided(archives, { keepLast: 1 }).flatMap((one) => one.why);
	for (const reason of [
		"hold: the audit",
		"it was not created by Holdfast",
		"it is damaged",
		"it was created by a newer version of Holdfast",
	])
		assert.ok(why.includes(reason), reason);
});

test("an archive whose time is in the future is kept, and takes no place", () => {
	const clockWasWrong = archive(-24 * 365 * 4, undefined, undefined, "web01-wrong");
	const archives = [clockWasWrong, ...[1, 25, 49].map((hours) => archive(hours))];
	const decisions = decided(archives, { keepLast: 1 });
	assert.deepEqual(
		decisions.filter(({ keep }) => keep).map((one) => one.archive.name),
		["web01-wrong", "web01-1"],
	);
	assert.deepEqual(decisions[0]?.why, ["its time is in the future"]);
	assert.deepEqual(decisions[1]?.why, ["the newest good one of notes", "one of the last"]);
	// The same while the clock is wrong: nothing is removed then.
	const back = retain(
		archives,
		{ keepLast: 1 },
		recordsInMetadata(archives),
		new Date("1970-01-01T00:01:00Z"),
	);
	assert.ok(back.every(({ keep }) => keep));
});

test("what a machine finds that it may have made before its records begin goes when its own fill the rules", () => {
	const before = Array.from({ length: 10 }, (_, day) => archive((20 + day) * 24));
	assert.equal(kept(before, { keepLast: 3 }, NO_RECORDS).length, 10);
	const own = [1, 25, 49].map((hours) => archive(hours));
	const records = (of: readonly Archive[]) => ({ ...recordsInMetadata(of), since: of.at(-1)?.created ?? "" });
	const two = own.slice(0, 2);
	assert.equal(kept([...before, ...two], { keepLast: 3 }, records(two)).length, 12);
	assert.deepEqual(kept([...before, ...own], { keepLast: 3 }, records(own)), [1, 25, 49]);
	const elsewhere = archive(2);
	const [, foreign] = decided([...own, elsewhere], { keepLast: 1 }, records(own));
	assert.deepEqual(foreign?.why, ["this machine has no record of creating it"]);
});

const outcomes = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.constantFrom("good", "failed"), {
	minKeys: 1,
}) as fc.Arbitrary<Outcomes>;
const someHours = fc.uniqueArray(fc.integer({ min: 0, max: 24 * 900 }), { maxLength: 60 });
const someArchives = someHours.chain((hours) =>
	fc.tuple(
		...hours.map((one) =>
			fc
				.record({ states: outcomes, held: fc.boolean() })
				.map(({ states, held }) => archive(one, states, held ? "x" : undefined)),
		),
	),
);
const someRules = fc
	.record(
		{
			keepWithin: fc.constantFrom("1h", "2d", "40d"),
			keepLast: fc.nat(5),
			hourly: fc.nat(5),
			daily: fc.nat(9),
			weekly: fc.nat(6),
			monthly: fc.nat(6),
			yearly: fc.nat(3),
		},
		{ requiredKeys: [] },
	)
	.map((rules) => rules as Retention);

test("whatever the rules, a good one of every state and every hold stay; a second prune removes nothing more", () => {
	fc.assert(
		fc.property(someArchives, someRules, (archives, rules) => {
			const decisions = decided(archives, rules);
			assert.equal(decisions.length, archives.length);
			const left = decisions.filter(({ keep }) => keep).map((decision) => decision.archive);
			for (const state of ["a", "b", "c"]) {
				const good = (all: readonly Archive[]) =>
					all.some(({ metadata }) => metadata?.states[state]?.outcome === "good");
				assert.equal(good(left), good(archives));
			}
			for (const one of archives) if (one.metadata?.hold) assert.ok(left.includes(one));
			assert.ok(decided(left, rules).every(({ keep }) => keep));
			for (const { why } of decisions) assert.ok(why.length > 0);
		}),
		{ numRuns },
	);
});

test("keepLast keeps just so many of each state, or all there are", () => {
	fc.assert(
		fc.property(someArchives, fc.nat(8), (archives, number) => {
			const left = decided(archives, { keepLast: number }).filter(({ why }) =>
				why.some((reason) => reason.startsWith("one of the last")),
			);
			for (const state of ["a", "b", "c"]) {
				const good = (all: readonly Archive[]) =>
					all.filter(({ metadata }) => metadata?.states[state]?.outcome === "good").length;
				assert.ok(good(left.map((one) => one.archive)) >= Math.min(number, good(archives)));
			}
		}),
		{ numRuns },
	);
});

/** What others put there: any time, states and holds that they claim. */
const forged = fc.array(
	fc.record({
		hours: fc.integer({ min: -24 * 9000, max: 24 * 900 }),
		states: outcomes,
		damaged: fc.boolean(),
	}),
	{ maxLength: 30 },
);

test("whatever others put there, of what this machine made goes just what would have gone", () => {
	fc.assert(
		fc.property(
			someArchives,
			someRules,
			forged,
			fc.option(fc.integer({ min: -100, max: 24 * 900 })),
			(own, rules, others, since) => {
				const records: Records = {
					...recordsInMetadata(own),
					...(since === null ? {} : { since: archive(since).created }),
				};
				const strangers = others.map(({ hours, states, damaged }, index): Archive => {
					const one = archive(hours, states, undefined, `forged-${index}`);
					if (!damaged) return one;
					const { metadata: _, ...bare } = one;
					return { ...bare, damaged: "it is" };
				});
				const gone = (archives: readonly Archive[]) =>
					retain(archives, rules, records, NOW)
						.filter(({ keep, archive: { name } }) => !keep && records.archives.has(name))
						.map((one) => one.archive.name);
				assert.deepEqual(gone([...strangers, ...own]), gone(own));
			},
		),
		{ numRuns },
	);
});

test("what an archive of ours comes to say of itself changes nothing: the records count", () => {
	fc.assert(
		fc.property(someArchives, someRules, forged, (own, rules, lies) => {
			const records = recordsInMetadata(own);
			const changed = own.map((one, index) => {
				const lie = lies[index];
				if (!lie) return one;
				const { metadata } = archive(lie.hours, lie.states);
				return {
					...one,
					metadata: { ...metadata, ...(one.metadata.hold ? { hold: one.metadata.hold } : {}) },
				};
			});
			const gone = (archives: readonly Archive[]) =>
				retain(archives, rules, records, NOW)
					.filter(({ keep }) => !keep)
					.map((one) => one.archive.name);
			assert.deepEqual(gone(changed), gone(own));
		}),
		{ numRuns },
	);
});
