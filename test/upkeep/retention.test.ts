// Which archives are kept: rules by example, and what holds for any archives and any rules.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Retention } from "../../src/manifest/providers.ts";
import type { Archive } from "../../src/providers/provider.ts";
import { retain } from "../../src/providers/retention.ts";
import { metadataOf } from "../providers/fixtures.ts";

const HOUR = 3_600_000;
const NOW = new Date("2026-11-25T12:00:00");

/** An archive of so many hours ago. */
function archive(
	hours: number,
	states: Record<string, "good" | "failed"> = { notes: "good" },
	hold?: string,
): Archive {
	const created = new Date(NOW.getTime() - hours * HOUR).toISOString();
	const name = `web01-${hours}`;
	return {
		name,
		created,
		metadata: {
			...metadataOf(name),
			created,
			states: Object.fromEntries(
				Object.entries(states).map(([state, outcome]) => [state, { outcome, folders: [] }]),
			),
			...(hold === undefined ? {} : { hold: { reason: hold, since: created } }),
		},
	};
}
const kept = (archives: readonly Archive[], retention: Retention) =>
	retain(archives, retention, NOW)
		.filter(({ keep }) => keep)
		.map(({ archive: { name } }) => Number(name.split("-")[1]));

test("daily keeps the newest of each day, and weekly goes on from there", () => {
	const archives = Array.from({ length: 60 * 2 }, (_, index) => archive(index * 12));
	const days = kept(archives, { daily: 7, weekly: 4 });
	assert.equal(days.length, 11);
	// 12:00 of today, then 12:00 of each day before: the newer of two.
	assert.deepEqual(days.slice(0, 7), [0, 24, 48, 72, 96, 120, 144]);
	// Sundays 12:00 of the weeks that came before: 2026-11-25 is a Wednesday.
	assert.deepEqual(days.slice(7), [10 * 24, 17 * 24, 24 * 24, 31 * 24]);
});

test("keepWithin counts back from now, keepLast from the newest", () => {
	const archives = [1, 20, 30, 50, 90].map((hours) => archive(hours));
	assert.deepEqual(kept(archives, { keepWithin: "1d" }), [1, 20]);
	assert.deepEqual(kept(archives, { keepLast: 3 }), [1, 20, 30]);
	assert.deepEqual(kept(archives, { keepWithin: "1d", keepLast: 2 }), [1, 20, 30, 50]);
});

test("monthly and yearly", () => {
	const archives = Array.from({ length: 800 }, (_, day) => archive(day * 24));
	assert.equal(kept(archives, { monthly: 6 }).length, 6);
	assert.equal(kept(archives, { yearly: 5 }).length, 3);
});

test("the newest good one of each state stays, and says why", () => {
	const archives = [
		archive(1, { notes: "good", shop: "failed" }),
		archive(500, { notes: "good", shop: "good" }),
		archive(900, { notes: "good", shop: "good" }),
		archive(950, { gone: "good" }),
	];
	assert.deepEqual(kept(archives, { keepLast: 1 }), [1, 500, 950]);
	assert.deepEqual(retain(archives, { keepLast: 1 }, NOW)[1]?.why, ["the newest good one of shop"]);
	assert.deepEqual(retain(archives, { keepLast: 1 }, NOW)[2]?.why, ["no rule keeps it"]);
});

test("a hold keeps, and so does not being ours", () => {
	const archives = [
		archive(1),
		archive(100, undefined, "the audit"),
		{ name: "web01-200", created: "2020-01-01" },
	];
	assert.deepEqual(kept(archives, { keepLast: 1 }), [1, 100, 200]);
	assert.match(retain(archives, { keepLast: 1 }, NOW)[1]?.why.join() ?? "", /hold: the audit/);
});

const someArchives = fc.uniqueArray(fc.integer({ min: 0, max: 24 * 900 }), { maxLength: 60 }).chain((hours) =>
	fc.tuple(
		...hours.map((one) =>
			fc
				.record({
					states: fc.dictionary(fc.constantFrom("a", "b", "c"), fc.constantFrom("good", "failed"), {
						minKeys: 1,
					}),
					held: fc.boolean(),
				})
				.map(({ states, held }) =>
					archive(one, states as Record<string, "good" | "failed">, held ? "x" : undefined),
				),
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
			const decisions = retain(archives, rules, NOW);
			assert.equal(decisions.length, archives.length);
			const left = decisions.filter(({ keep }) => keep).map((decision) => decision.archive);
			for (const state of ["a", "b", "c"]) {
				const good = (all: readonly Archive[]) =>
					all.some(({ metadata }) => metadata?.states[state]?.outcome === "good");
				assert.equal(good(left), good(archives));
			}
			for (const one of archives) if (one.metadata?.hold) assert.ok(left.includes(one));
			assert.ok(retain(left, rules, NOW).every(({ keep }) => keep));
			for (const { why } of decisions) assert.ok(why.length > 0);
		}),
	);
});

test("keepLast keeps just so many, or all there are", () => {
	fc.assert(
		fc.property(someArchives, fc.nat(8), (archives, number) => {
			const ruled = retain(archives, { keepLast: number }, NOW).filter(({ why }) =>
				why.includes("one of the last"),
			);
			assert.equal(ruled.length, Math.min(number, archives.length));
		}),
	);
});
