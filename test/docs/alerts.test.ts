// The alerts in docs/how-to/holdfast.rules.yml, by Prometheus's own promtool, on the metrics that the program writes.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { load } from "js-yaml";
import { metricsText } from "../../src/report/metrics.ts";
import type { ArchiveStatus, LastRun, MachineStatus } from "../../src/run/status.ts";
import { scratch } from "../support/scratch.ts";

const RULES = join(import.meta.dirname, "../../docs/how-to/holdfast.rules.yml");
const DAY = 86_400;
const folder = scratch("alerts");
const skip = spawnSync("promtool", ["--version"]).status === 0 ? false : "there is no promtool (prometheus)";

const { groups } = load(readFileSync(RULES, "utf8")) as {
	groups: readonly { rules: readonly { alert: string; expr: string }[] }[];
};
const rules = groups.flatMap((group) => group.rules);

/** A machine whose newest archive and last runs are of the beginning of time (promtool's 0). */
function machine(
	archive: Partial<ArchiveStatus> = {},
	check: Partial<LastRun> = {},
	problems: string[] = [],
): MachineStatus {
	const time = new Date(0).toISOString();
	const state = { state: "notes", destination: "tar/disk", maxAgeSeconds: 1.5 * DAY, isLate: false };
	const run = { run: "r", started: time, outcome: "done" };
	return {
		...{ machine: "web01", time, problems },
		archives: [{ ...state, archive: "a", created: time, ageSeconds: 0, bytes: 5, ...archive }],
		runs: [
			{ ...run, operation: "create" },
			{ ...run, operation: "check", ...check },
		],
	};
}

/** `text`: what node_exporter reads, unchanged for 20 days, or for the first `days`. */
function alertsOf(text: string, at: string, days = 20): string[] {
	const series = text
		.split("\n")
		.filter((line) => line !== "" && !line.startsWith("#"))
		.map((line) => {
			const [, name = "", value = ""] = /^(.*\}) (\S+)$/.exec(line) ?? [];
			return { series: name, values: `${value}x${days * 24}` };
		});
	const expected = rules.map(({ alert }) => ({ eval_time: at, alertname: alert, exp_alerts: [] }));
	const file = join(folder, "tests.json");
	const one = { interval: "1h", input_series: series, alert_rule_test: expected };
	writeFileSync(file, JSON.stringify({ rule_files: [RULES], evaluation_interval: "1h", tests: [one] }));
	const { stdout, stderr } = spawnSync("promtool", ["test", "rules", file], { encoding: "utf8" });
	const said = stdout + stderr;
	// Every alert that fires is one that was not expected, and is printed with its text.
	assert.match(said, /SUCCESS|FAILED/, said);
	assert.doesNotMatch(said, /<no value>|error executing template/i);
	return [...said.matchAll(/alertname: ?(\w+)/g)].map(([, name = ""]) => name).sort();
}

test("the rules are valid, and use only metrics that exist", { skip }, () => {
	execFileSync("promtool", ["check", "rules", RULES], { stdio: "pipe" });
	const text = metricsText(machine(), [{ operation: "create", started: new Date(0).toISOString() }]);
	for (const { alert, expr } of rules)
		for (const [name] of expr.matchAll(/holdfast_\w+/g))
			assert.ok(text.includes(`# TYPE ${name} gauge`), `${alert}: there is no ${name}`);
	const { status, stderr } = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" });
	assert.equal(status, 0, stderr);
});

test("each alert fires when it should, and is quiet otherwise", { skip }, () => {
	const cases: [string, string, readonly string[], number?][] = [
		["all is well", metricsText(machine()), []],
		["the check failed", metricsText(machine({ failedCheck: "r" })), ["HoldfastCheckFailed"]],
		["a run failed", metricsText(machine({}, { outcome: "failed" })), ["HoldfastRunFailed"]],
		["status says so", metricsText(machine({}, {}, ["one"])), ["HoldfastProblems"]],
	];
	for (const [what, text, expected] of cases) assert.deepEqual(alertsOf(text, "30h"), expected, what);
	const { archives: _, ...bare } = machine();
	const { created: _c, archive: _a, ...never } = machine().archives[0] as ArchiveStatus;
	const without = metricsText({ ...bare, archives: [never] });
	assert.deepEqual(alertsOf(without, "25h"), [], "a new state");
	assert.deepEqual(alertsOf(without, "27h"), ["HoldfastNoArchive"]);
	// The file is as it was when the timers stopped.
	assert.deepEqual(alertsOf(metricsText(machine()), "37h"), ["HoldfastArchiveLate"]);
	assert.deepEqual(alertsOf(metricsText(machine()), "15d"), ["HoldfastArchiveLate", "HoldfastCheckLate"]);
	const open = metricsText(machine(), [{ operation: "create", started: new Date(0).toISOString() }]);
	assert.deepEqual(alertsOf(open, "23h"), []);
	assert.deepEqual(alertsOf(open, "25h"), ["HoldfastRunNotEnded"]);
	assert.deepEqual(alertsOf(metricsText(machine()), "40h", 1), ["HoldfastMetricsGone"]);
});
