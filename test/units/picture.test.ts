// What is decided from a snapshot of units, on tables and on graphs of any shape.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { UnitFacts } from "../../src/host/unit-facts.ts";
import { unitsStop } from "../../src/steps/units-stop.ts";
import {
	affected,
	type Facts,
	factsByName,
	obstacles,
	stillUnknown,
	verdictsOf,
} from "../../src/steps/work/picture.ts";
import { isUp } from "../../src/steps/work/unit-status.ts";

const RUNS = Number(process.env.HOLDFAST_ROUNDS ?? 300);

function facts(unit: string, more: Partial<UnitFacts> = {}): UnitFacts {
	return {
		...{
			unit,
			names: [unit],
			load: "loaded",
			active: "inactive",
			sub: "dead",
			file: "static",
			result: "success",
		},
		...{ ends: false, job: "", transient: false, mayStart: true, mayStop: true, conditionsMet: true },
		...{ stopWhenUnneeded: false, invocation: more.active === "active" ? `of-${unit}` : "" },
		...{ leftSince: 0, downSince: 0, stopSeconds: 90, startSeconds: 90 },
		...{
			stopsAlong: [],
			pulledBy: [],
			upheldBy: [],
			triggeredBy: [],
			connections: [],
			serves: [],
			conflicts: [],
			needs: [],
			after: [],
		},
		...more,
	};
}
const UP = { active: "active" } as const;

describe("whether a unit that is down should run", () => {
	const rows: readonly (readonly [string, Partial<UnitFacts>, readonly UnitFacts[], boolean, string])[] = [
		["failed", { active: "failed" }, [], true, "it had failed"],
		["enabled", { file: "enabled" }, [], true, "it is enabled"],
		["enabled until the next boot", { file: "enabled-runtime" }, [], true, "it is enabled"],
		["on its way down, enabled", { file: "enabled", active: "deactivating" }, [], true, "it is enabled"],
		["static", {}, [], false, "it is not enabled, and nothing that runs wants it"],
		["disabled", { file: "disabled" }, [], false, "it is not enabled, and nothing that runs wants it"],
		["wanted", { pulledBy: ["x.target"] }, [facts("x.target", UP)], true, "x.target wants it"],
		[
			"wanted by what is down",
			{ pulledBy: ["x.target"] },
			[facts("x.target")],
			false,
			"it is not enabled, and nothing that runs wants it",
		],
		[
			"generated, and wanted",
			{ file: "generated", pulledBy: ["x.target"] },
			[facts("x.target", UP)],
			true,
			"x.target wants it",
		],
		["masked", { load: "masked", file: "masked", active: "failed" }, [], false, "it is masked"],
		[
			"with a mistake in its file",
			{ load: "bad-setting", active: "failed" },
			[],
			false,
			"systemd cannot load it (bad-setting)",
		],
		["transient", { transient: true, active: "failed" }, [], false, "it is transient, and was not running"],
		["a oneshot that has ended", { ends: true, file: "enabled" }, [], false, "it runs only on request"],
		["a oneshot that failed", { ends: true, active: "failed" }, [], true, "it had failed"],
		[
			"a timer's oneshot that failed",
			{ ends: true, active: "failed", triggeredBy: ["a.timer"] },
			[facts("a.timer", UP)],
			false,
			"a.timer starts it when it is due",
		],
		[
			"a socket's, idle",
			{ triggeredBy: ["a.socket"] },
			[facts("a.socket", UP)],
			false,
			"a.socket starts it when it is needed",
		],
		[
			"a socket's, failed",
			{ active: "failed", triggeredBy: ["a.socket"] },
			[facts("a.socket", UP)],
			true,
			"it had failed",
		],
		[
			"a socket's, enabled too",
			{ file: "enabled", triggeredBy: ["a.socket"] },
			[facts("a.socket", UP)],
			true,
			"it is enabled",
		],
		[
			"enabled, and in conflict",
			{ file: "enabled", conflicts: ["b.service"] },
			[facts("b.service", UP)],
			false,
			"b.service is running, and would be stopped by its start",
		],
		[
			"enabled, at odds with a target",
			{ file: "enabled", conflicts: ["shutdown.target"] },
			[facts("shutdown.target")],
			true,
			"it is enabled",
		],
		[
			"of a user without a manager",
			{ load: "no-manager", active: "inactive" },
			[],
			false,
			"its user's systemd manager does not run (loginctl enable-linger)",
		],
		[
			"wanted by an enabled one that fell with it",
			{ leftSince: 5, downSince: 6, pulledBy: ["w.service"], stopsAlong: ["w.service"] },
			[facts("w.service", { file: "enabled", downSince: 5 })],
			true,
			"w.service wants it",
		],
	];
	for (const [what, own, others, starts, because] of rows)
		test(what, () => {
			const known = factsByName([facts("a.service", own), ...others]);
			const verdict = verdictsOf(["a.service"], known).find(({ unit }) => unit === "a.service");
			assert.deepEqual([verdict?.shouldRun, verdict?.because], [starts, because]);
		});

	test("of two that wait for each other's reason, each is found", () => {
		const known = factsByName([
			facts("a.service", { pulledBy: ["b.service"] }),
			facts("b.service", { file: "enabled" }),
		]);
		assert.deepEqual(
			verdictsOf(["a.service", "b.service"], known).map(({ unit, shouldRun }) => [unit, shouldRun]),
			[
				["b.service", true],
				["a.service", true],
			],
		);
	});
});

test("what stands in the way of a stop", () => {
	const label = (unit: string) => unit;
	const of = (unit: UnitFacts, itself: readonly string[] = []) =>
		obstacles([unit.unit], factsByName([unit]), new Set(itself), label).join("; ");
	assert.match(of(facts("a.service", { load: "not-found" })), /there is no unit/);
	assert.match(of(facts("a@.service", { load: "template" })), /is a template.*a@NAME\.service/);
	assert.match(
		of(facts("a.service", { ...UP, transient: true })),
		/is transient: it disappears when it stops/,
	);
	assert.match(of(facts("a.service", { ...UP, load: "masked" })), /is running but masked/);
	assert.match(of(facts("a.service", { ...UP, mayStop: false })), /RefuseManualStop/);
	assert.match(of(facts("a.service", { ...UP, mayStart: false })), /RefuseManualStart/);
	assert.match(of(facts("a.slice", UP), ["a.slice"]), /would end this run/);
	for (const fine of [
		UP,
		{ load: "masked" },
		{ transient: true },
		{ mayStart: false },
		{ load: "no-manager" },
	])
		assert.equal(of(facts("a.service", fine)), "");
});

test("the note of a stop that an older Holdfast made is understood", () => {
	assert.equal(unitsStop.noteIn("stop:a", undefined), undefined);
	assert.deepEqual(
		unitsStop
			.noteIn("stop:a", { wasUp: [{ unit: "a.service" }, { unit: "b.service", user: "u" }] })
			?.units.map(({ unit, user, wasUp, role }) => [unit, user, wasUp, role]),
		[
			["b.service", "u", true, "own"],
			["a.service", undefined, true, "own"],
		],
	);
});

const KINDS = ["service", "service", "service", "socket", "timer", "target"];
/** Any units, in any relation and state; relations in both directions, as systemd reports them. */
const graphs = fc
	.record({
		kinds: fc.array(fc.constantFrom(...KINDS), { minLength: 1, maxLength: 9 }),
		edges: fc.array(
			fc.record({
				from: fc.nat(8),
				to: fc.nat(8),
				kind: fc.constantFrom("requires", "wants", "partOf", "triggers", "after", "upholds", "conflicts"),
			}),
			{ maxLength: 20 },
		),
		states: fc.array(
			fc.record({
				active: fc.constantFrom("active", "activating", "inactive", "failed", "deactivating"),
				job: fc.constantFrom("", "", "start", "restart", "stop"),
				file: fc.constantFrom("enabled", "static", "disabled"),
				load: fc.constantFrom("loaded", "loaded", "loaded", "masked"),
				ends: fc.boolean(),
				transient: fc.constantFrom(false, false, true),
				stopWhenUnneeded: fc.boolean(),
				downSince: fc.nat(3),
			}),
			{ minLength: 9, maxLength: 9 },
		),
		own: fc.uniqueArray(fc.nat(8), { minLength: 1, maxLength: 3 }),
	})
	.map(({ kinds, edges, states, own }) => {
		const name = (index: number) => `u${index % kinds.length}.${kinds[index % kinds.length]}`;
		const linked = (kind: string, index: number, way: "from" | "to") =>
			edges
				.filter((edge) => edge.kind === kind && edge[way] % kinds.length === index)
				.map((edge) => name(edge[way === "from" ? "to" : "from"]));
		const units = kinds.map((_, index) =>
			facts(name(index), {
				...states[index],
				stopsAlong: [...linked("requires", index, "to"), ...linked("partOf", index, "to")],
				pulledBy: [...linked("requires", index, "to"), ...linked("wants", index, "to")],
				needs: [...linked("requires", index, "from"), ...linked("wants", index, "from")],
				upheldBy: linked("upholds", index, "to"),
				triggeredBy: linked("triggers", index, "to"),
				conflicts: linked("conflicts", index, "to"),
				after: linked("after", index, "from"),
			}),
		);
		return { own: [...new Set(own.map(name))], units, known: factsByName(units) };
	});

describe("pictures of any units", () => {
	const holds = (property: (graph: { own: string[]; units: UnitFacts[]; known: Facts }) => void) =>
		fc.assert(fc.property(graphs, property), { numRuns: RUNS });

	test("it is enough to ask for what is said to be unknown", () => {
		holds(({ own, known }) => {
			const asked = new Map<string, UnitFacts>();
			for (let more = stillUnknown(own, asked); more.length > 0; more = stillUnknown(own, asked))
				for (const name of more) asked.set(name, known.get(name) ?? facts(name));
			assert.deepEqual(verdictsOf(own, asked), verdictsOf(own, known));
			assert.deepEqual(obstacles(own, asked, new Set(), String), obstacles(own, known, new Set(), String));
		});
	});

	test("all that systemd would stop is known, and comes up again", () => {
		holds(({ own, known }) => {
			const stopped = new Set(own);
			for (const name of stopped) for (const other of known.get(name)?.stopsAlong ?? []) stopped.add(other);
			const back = new Set(
				verdictsOf(own, known)
					.filter(({ wasUp }) => wasUp)
					.map(({ unit }) => unit),
			);
			for (const name of stopped) {
				const one = known.get(name);
				if (one && isUp(one)) assert.ok(back.has(name), name);
			}
		});
	});

	test("all that would start one of them meanwhile is stopped along", () => {
		holds(({ own, known, units }) => {
			const roles = affected(own, known);
			// Everything that the trigger starts, and what that pulls in, as long as it is not up itself.
			const started = (trigger: UnitFacts) => {
				const all = new Set(
					units.filter(({ triggeredBy }) => triggeredBy.includes(trigger.unit)).map(({ unit }) => unit),
				);
				for (const name of all) {
					const one = known.get(name);
					if (one?.load !== "loaded") all.delete(name);
					else if ((isUp(one) || name.endsWith(".target")) && !own.includes(name)) continue;
					else for (const { unit, pulledBy } of units) if (pulledBy.includes(name)) all.add(unit);
				}
				return all;
			};
			for (const trigger of units)
				if (isUp(trigger) && own.some((name) => started(trigger).has(name)))
					assert.ok(["own", "also"].includes(roles.get(trigger.unit) ?? ""), trigger.unit);
		});
	});

	test("what cannot or need not run is not started, and what is up is no matter of opinion", () => {
		holds(({ own, known }) => {
			for (const { unit, shouldRun, wasUp } of verdictsOf(own, known)) {
				const one = known.get(unit);
				assert.ok(one);
				assert.equal(wasUp, isUp(one));
				if (!shouldRun) continue;
				assert.equal(wasUp, false);
				assert.deepEqual([one.load, one.transient], ["loaded", false]);
				assert.ok(!one.ends || one.active === "failed");
			}
		});
	});

	test("nothing is started before what it comes after, save in a circle", () => {
		holds(({ own, known }) => {
			const order = verdictsOf(own, known);
			const level = new Map(order.map((one) => [one.unit, one.level]));
			const reaches = (from: string, to: string, seen = new Set<string>()): boolean => {
				if (seen.has(from)) return false;
				seen.add(from);
				const { after = [], triggeredBy = [] } = known.get(from) ?? {};
				const next = [...after, ...triggeredBy].filter((name) => level.has(name));
				return next.includes(to) || next.some((name) => reaches(name, to, seen));
			};
			for (const { unit } of order)
				for (const earlier of known.get(unit)?.after ?? []) {
					if (!level.has(earlier) || order.some(({ unit: any }) => reaches(any, any))) continue;
					assert.ok((level.get(earlier) ?? 0) < (level.get(unit) ?? 0), `${earlier} before ${unit}`);
				}
		});
	});
});
