// npm run crash-matrix [WORD…]: crash every scenario (or those with a word in their name) at every point in every
// way; print the tables and write them to docs/crash-matrix.md, with the names of the scenarios that were not run.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Machine, noMachines } from "../machine/machine.ts";
import { crash, crashRecovery, FAULTS, fillDisk, hangUp, type Outcome, pointsOf } from "./crash.ts";
import { begin, crashMachine } from "./live.ts";
import { SCENARIOS, type Scenario } from "./scenario.ts";
import { serverOf } from "./server.ts";

const FILE = join(import.meta.dirname, "../../docs/crash-matrix.md");
const wanted = process.argv.slice(2);
/** Points in whose recovery a second crash is tried, at every point of that. */
const TWICE = ["place:app:0#renamed", "place:app:0#moved-file"];

interface Table {
	readonly scenario: Scenario;
	readonly outcomes: readonly Outcome[];
	readonly recoveries: readonly Outcome[];
	readonly full: readonly Outcome[];
	readonly unheard: readonly Outcome[];
}

test("crash matrix", { skip: noMachines }, async () => {
	const machines = new Map<string | undefined, Machine>();
	const tables: Table[] = [];
	for (const scenario of SCENARIOS) {
		if (wanted.length > 0 && !wanted.some((word) => scenario.name.includes(word))) continue;
		try {
			const server = serverOf(scenario);
			const web01 = machines.get(server) ?? (await crashMachine(server));
			machines.set(server, web01);
			tables.push(await tableOf(web01, scenario));
		} catch (error) {
			process.stderr.write(`${scenario.name}: ${error instanceof Error ? error.stack : error}\n`);
			throw error;
		}
		process.stdout.write(text(tables.slice(-1)));
		writeFileSync(FILE, page(tables, readFileSync(FILE, "utf8")));
	}
	const all = tables.flatMap(({ outcomes, recoveries, full, unheard }) => [
		...outcomes,
		...recoveries,
		...full,
		...unheard,
	]);
	const broken = all.filter(({ held }) => !held);
	process.stdout.write(`${all.length} crashes, ${broken.length} broken\n`);
	if (broken.length > 0) throw new Error(JSON.stringify(broken, null, 2));
});

async function tableOf(web01: Machine, scenario: Scenario): Promise<Table> {
	process.stderr.write(`${scenario.name} …\n`);
	await begin(web01, scenario);
	const points = await pointsOf(web01, scenario);
	const outcomes: Outcome[] = [];
	for (const point of points) {
		for (const fault of FAULTS) {
			const outcome = await crash(web01, scenario, point, fault);
			outcomes.push(outcome);
			// This takes an hour: show the progress.
			process.stderr.write(`  ${point}, ${fault}: ${outcome.held ? "" : "BROKEN: "}${outcome.end}\n`);
		}
	}
	const recoveries: Outcome[] = [];
	for (const point of TWICE.filter((one) => points.includes(one)))
		recoveries.push(...(await crashRecovery(web01, scenario, point)));
	for (const { point, end, held } of recoveries)
		process.stderr.write(`  ${point}: ${held ? "" : "BROKEN: "}${end}\n`);
	const full: Outcome[] = [];
	for (const point of points) {
		const outcome = await fillDisk(web01, scenario, point);
		full.push(outcome);
		process.stderr.write(`  ${point}, full disk: ${outcome.held ? "" : "BROKEN: "}${outcome.end}\n`);
	}
	const unheard: Outcome[] = [];
	for (const point of points) {
		const outcome = await hangUp(web01, scenario, point);
		unheard.push(outcome);
		if (!outcome.held) process.stderr.write(`  ${point}, hangup: BROKEN: ${outcome.end}\n`);
	}
	return { scenario, outcomes, recoveries, full, unheard };
}

function text(tables: readonly Table[]): string {
	return tables
		.map(({ scenario, outcomes, recoveries, full, unheard }) => {
			const points = [...new Set(outcomes.map(({ point }) => point))];
			const cell = (point: string, fault: string) => {
				const one = outcomes.find((outcome) => outcome.point === point && outcome.fault === fault);
				return one ? `${one.held ? "✔" : "✘"} ${one.end}` : "";
			};
			const rows = points.map(
				(point) => `| \`${point}\` | ${FAULTS.map((fault) => cell(point, fault)).join(" | ")} |\n`,
			);
			const holding = (some: readonly Outcome[]) => some.filter(({ held }) => held).length;
			return `
${heading(scenario)}

| moment | ${FAULTS.join(" | ")} |
| --- | ${FAULTS.map(() => "---").join(" | ")} |
${rows.join("")}${recoveries.length > 0 ? `\nKilled again at each of ${recoveries.length} moments of the recovery: ${holding(recoveries)} held.\n` : ""}
With a full disk from each of ${full.length} moments on: ${holding(full)} held.
With nobody to hear it, and a SIGHUP, at each of ${unheard.length} moments: ${holding(unheard)} held.
`;
		})
		.join("");
}

/** Scenarios that were not run this time keep their tables. */
function page(tables: readonly Table[], before: string): string {
	const had = new Map(before.split(/^(?=## )/m).map((section) => [section.split("\n", 1)[0], section]));
	const sections = SCENARIOS.map((scenario) => {
		const now = tables.filter((table) => table.scenario === scenario);
		return now.length > 0 ? text(now) : `\n${had.get(heading(scenario))?.trim() ?? ""}\n`;
	});
	const all = sections.join("").replaceAll(/\n{3,}/g, "\n\n");
	const again = [...all.matchAll(/each of (\d+) moments(?: of the recovery| on)?: (\d+) held/g)];
	const sum = (values: readonly (string | undefined)[]) =>
		values.reduce((total, value) => total + Number(value), 0);
	const held = (all.match(/✔/g) ?? []).length + sum(again.map(([, , count]) => count));
	const crashes = (all.match(/[✔✘]/g) ?? []).length + sum(again.map(([, count]) => count));
	const missing = SCENARIOS.filter((scenario) => !all.includes(heading(scenario))).map(({ name }) => name);
	return `# Crashes at every moment

Written by \`npm run crash-matrix\`: ${crashes} crashes, of which ${held} held. What else is tried stands in
[reliability](reliability.md).

Each row is a point of a run: before a step, after it, or between two of its actions (\`STEP#POINT\`; the run itself
lists these points, so a new step is in the table as soon as it exists). At each point, in three runs, the process
is killed with SIGKILL, the machine is killed, or the power fails: the filesystem is copied as it is on disk at that point,
and everything that was not synced is lost. Then \`holdfast recover\` runs (in the last two cases, started by the unit at boot). In a fourth
run, the disk with the data, the archives and the journal is full from that point on; then there is space again
(a database server that stopped in the meantime is started by hand). In a fifth run, nobody reads the output, and the
terminal goes away at that point: nothing has to be recovered, since the run completes as usual.

A crash has held if each service's state is entirely the **old** one of the archive or entirely the **newer** one that was
live, its unit runs, no leftovers remain, no incomplete archive is listed and the journal has no open run.
${missing.length > 0 ? `\nNot run for this table: ${missing.join("; ")}.\n` : ""}${all.trimEnd()}
`;
}

function heading({ name }: Scenario): string {
	return `## ${name[0]?.toUpperCase()}${name.slice(1)}`;
}
