// A run of very many states: each of its events fits into one line, and together they say what there is to say.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { loadMachines } from "../../src/config/load.ts";
import type { Manifest } from "../../src/manifest/schema.ts";
import { planBackup } from "../../src/plan/backup.ts";
import { whatOf } from "../../src/report/text/fleet.ts";
import { follower } from "../../src/report/text/live.ts";
import type { RunEvent } from "../../src/run/event.ts";
import { RunReporter } from "../../src/run/run-reporter.ts";
import type { Plan, Step } from "../../src/steps/plan.ts";
import { HoldfastError } from "../../src/values/error.ts";
import { assertFits } from "../support/event-line.ts";

const STATES = 15_000;
const run = "2026-11-24T010000Z-k3x9";
const manifest = await loaded(STATES);
const targets = [{ provider: "tar", destination: "disk", streams: true }];

async function loaded(count: number): Promise<Manifest> {
	const file = join(mkdtempSync(join(tmpdir(), "holdfast-states-")), "holdfast.json");
	const state = Object.fromEntries(
		Array.from({ length: count }, (_, index) => [`state-${index}`, { folders: [`/srv/s${index}`] }]),
	);
	const providers = { tar: { destinations: { disk: { path: "/mnt/disk" } } } };
	writeFileSync(file, JSON.stringify({ machines: { web01: { state, providers } } }));
	const manifest = (await loadMachines(file)).get("web01");
	rmSync(dirname(file), { recursive: true });
	assert.ok(manifest);
	return manifest;
}

/** The events of what is done with a reporter, each of which fits. */
function eventsOf(plan: Plan, work: (reporter: RunReporter) => void): RunEvent[] {
	const events: RunEvent[] = [];
	work(new RunReporter(plan, (event) => events.push(event)));
	for (const event of events) assertFits(event);
	return events;
}

test("a plan of 15,000 states is announced in several events, and counted as one", () => {
	const plan = planBackup({ manifest, run, services: [], spool: "/s", targets });
	assert.ok(plan.steps.length >= STATES);
	const events = eventsOf(plan, (reporter) => reporter.runStarted());
	assert.deepEqual(
		events.map(({ type }) => type === "run-started" || type === "more-steps"),
		events.map(() => true),
	);
	assert.equal(events[0]?.type, "run-started");
	const ids = events.flatMap((event) => ("steps" in event ? event.steps.map(({ id }) => id) : []));
	assert.deepEqual(
		ids,
		plan.steps.map(({ id }) => id),
	);
	const shown = follower();
	for (const event of events) shown.follow(event);
	assert.match(shown.clock(), new RegExp(`^step 1 of ${plan.steps.length},`));
	// A second run on the same display is counted from its own beginning.
	for (const event of events) shown.follow(event);
	assert.match(shown.clock(), new RegExp(`^step 1 of ${plan.steps.length},`));
});

test("a plan that fits is announced in one event", async () => {
	const plan = planBackup({ manifest: await loaded(3), run, services: [], spool: "/s", targets });
	const [event, ...others] = eventsOf(plan, (reporter) => reporter.runStarted());
	assert.ok(event?.type === "run-started" && event.steps.length === plan.steps.length);
	assert.deepEqual(others, []);
});

test("the end of a run of 15,000 states fits, whatever each of them did", () => {
	const steps = Array.from({ length: STATES }, (_, index): Step => {
		const name = `state:state-${index}`;
		return { id: `dump:${name}`, kind: "dump", title: `dump ${name}`, scope: name, touches: [] };
	});
	const last: Step = { id: "create:tar/disk", kind: "archive-create", title: "w", scope: "d", touches: [] };
	const plan: Plan = { version: 1, run, operation: "create", manifest, steps: [...steps, last], goals: [] };
	const error = new HoldfastError("failed", "it failed ".repeat(20), { hint: "h".repeat(200) });
	const failures = new Map(steps.map(({ scope }) => [scope, error]));
	const units = steps.map(({ scope }) => ({
		...{ unit: `${scope}.service`, role: "own" as const, wasUp: true },
		...{ became: "started" as const, because: "" },
	}));
	const archive = { archive: "a".repeat(64), bytes: 5 };
	const events = eventsOf(plan, (reporter) => {
		for (const step of steps) reporter.stepDone(step, { warnings: ["a file vanished ".repeat(10)] });
		reporter.stepDone(last, archive);
		const ended = reporter.summary(
			"partial",
			failures,
			steps.map(({ id }) => `${id} is in /x`),
			units,
		);
		// The journal gets it all.
		assert.equal(Object.keys(ended.results).length, STATES + 1);
		assert.equal(ended.failures.length, STATES);
		reporter.tell({ type: "run-ended", ...ended, stuck: steps.map(({ scope }) => scope) });
	});
	const ended = events.at(-1);
	assert.ok(ended?.type === "run-ended" && ended.omitted);
	assert.deepEqual(ended.results[last.id], archive);
	for (const [name, list] of [
		...([
			["failures", ended.failures],
			["units", ended.units],
			["left", ended.left],
		] as const),
		...([
			["stuck", ended.stuck],
			["results", Object.keys(ended.results)],
		] as const),
	]) {
		const all = name === "results" ? STATES + 1 : STATES;
		assert.ok(list && list.length > 0 && list.length < all, name);
		assert.equal(list.length + (ended.omitted[name] ?? 0), all, name);
	}
	assert.match(whatOf(ended), new RegExp(`\\(and ${STATES - 1} more\\)$`));
});

test("a step with very many remarks, or a very long title, fits too, and says how many more there are", () => {
	const remarks = Array.from({ length: 50_000 }, (_, index) => `state-${index}: nothing to back up\u202e`);
	const step: Step = { id: "s", kind: "k", title: "\0".repeat(500_000), scope: "s", touches: [] };
	const plan: Plan = { version: 1, run, operation: "create", manifest, steps: [step], goals: [] };
	const events = eventsOf(plan, (reporter) => {
		reporter.runStarted();
		reporter.stepStarted(step);
		reporter.stepDone(step, { warnings: remarks, removed: remarks, archive: "a" });
		reporter.stepDone(step, remarks);
		reporter.stepDone(step, Object.fromEntries(remarks.map((remark) => [remark, 1])));
		reporter.stepSkipped(step, "why");
	});
	const { result } = events[2] as { result?: { warnings: string[]; archive: string } };
	assert.equal(result?.archive, "a");
	const count = result.warnings.length - 1;
	assert.ok(count > 1_000);
	assert.equal(result.warnings.at(-1), `… and ${remarks.length - count} more`);
});
