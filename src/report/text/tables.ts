// Results as tables for people.

import * as v from "valibot";
import type { StateRecord } from "../../engines/archive.ts";
import type { ListedArchive } from "../../plan/archives.ts";
import type { Difference, RowDifferences } from "../../plan/diff.ts";
import { isRolledBack, type RunRow } from "../../run/journal-rows.ts";
import type { Step } from "../../steps/plan.ts";
import { consistencyOf } from "../../values/consistency.ts";
import { errorReportSchema } from "../../values/error-report.ts";
import { localTime } from "../../values/local-time.ts";
import type { Series } from "../../values/series.ts";
import type { ResultOf } from "../result.ts";
import { errorLines } from "./error.ts";
import { longTable, table } from "./table.ts";
import { duration, size } from "./units.ts";

/** With a column for the machine if there are several. `services`: the states to name, if not all. */
export function* archiveTable(
	machines: Series<{ readonly archives: readonly ListedArchive[] }>,
	services?: readonly string[],
): Generator<string> {
	const each = () => machines[Symbol.iterator]().flatMap(({ archives }) => archives);
	const several = machines.length > 1;
	// Some engines do not know it, and nobody has measured.
	const isSized = each().some(({ bytes }) => bytes !== undefined);
	const isHeld = each().some(({ metadata }) => metadata?.hold !== undefined);
	yield* longTable(
		[
			...(several ? ["MACHINE"] : []),
			"TIME",
			...(isSized ? ["SIZE"] : []),
			"PROVIDER",
			"STATES",
			...(isHeld ? ["HELD"] : []),
			"ARCHIVE",
		],
		each().map((archive) => [
			...(several ? [archive.machine] : []),
			archive.created === undefined ? "-" : localTime(archive.created),
			...(isSized ? [archive.bytes === undefined ? "-" : size(archive.bytes)] : []),
			archive.provider,
			holdings(archive, services),
			...(isHeld ? [clipped(archive.metadata?.hold?.reason ?? "")] : []),
			archive.id,
		]),
		{ below: true, wraps: ["STATES"] },
	);
}

/** Shortens a reason to fit into a column. */
const clipped = (reason: string) => (reason.length > 40 ? `${reason.slice(0, 39)}…` : reason);

/** Remarks about a state in an archive; empty if it was read live and nothing was wrong. */
export function wordsOf(record: StateRecord): string[] {
	const { outcome, suspicious } = record;
	if (outcome !== "good") return [outcome];
	const consistency = consistencyOf(record);
	return [
		...(suspicious === undefined ? [] : ["in doubt"]),
		...(consistency === undefined || consistency === "live" ? [] : [consistency]),
	];
}

/** The archive's states, or why they are unknown. */
function holdings(
	{ metadata, damaged, newer, foreign }: ListedArchive,
	services: readonly string[] | undefined,
): string {
	if (metadata)
		return Object.entries(metadata.states)
			.filter(([name]) => services === undefined || services.includes(name))
			.map(([name, record]) => {
				const words = wordsOf(record);
				return words.length === 0 ? name : `${name} (${words.join(", ")})`;
			})
			.join(", ");
	if (damaged !== undefined) return "damaged";
	if (newer !== undefined) return "created by a newer version of Holdfast";
	return foreign ? "created by another program" : "-";
}

/** The column that says the same in every row. */
export const sameMachine = (rows: Iterable<{ readonly machine: string }>): string[] =>
	new Set(Iterator.from(rows).map(({ machine }) => machine)).size > 1 ? [] : ["MACHINE"];

/** `died`: ids of interrupted runs. */
export function runTable(rows: readonly RunRow[], died: ReadonlySet<string>): string[] {
	if (rows.length === 0) return ["no runs yet"];
	return table(
		[
			["STARTED", "OPERATION", "MACHINE", "OUTCOME", "TOOK", "RUN"],
			...rows.map(({ id, operation, machine, started, ended, outcome, summary }) => [
				localTime(started),
				operation,
				machine,
				died.has(id)
					? "died (holdfast recover)"
					: isRolledBack({ outcome, summary })
						? "recovered (rolled back)"
						: (outcome ?? "running"),
				took({ started, ended, outcome, summary }),
				id,
			]),
		],
		{ drops: sameMachine(rows), below: true, wraps: ["OUTCOME"] },
	);
}

/** Of a recovered run, until it was recovered. */
function took({ started, ended, outcome, summary }: Omit<RunRow, "id" | "operation" | "machine">): string {
	if (ended === null) return "-";
	const between = (Date.parse(ended) - Date.parse(started)) / 1000;
	const seconds = outcome === "recovered" ? between : (summary?.seconds ?? between);
	return seconds < 0 ? "-" : duration(seconds);
}

/** A step's failure, as stored in the journal. */
function failureLines(data: unknown, lead: string): string[] {
	const { success, output } = v.safeParse(errorReportSchema, data);
	return success ? errorLines(output, `${lead}: `) : [lead];
}

export function runText(
	plan: { readonly steps: readonly Pick<Step, "id" | "title">[] },
	{ outcome, failures, entries, lines }: Pick<ResultOf<"run">, "outcome" | "failures" | "entries" | "lines">,
): string[] {
	const titles = new Map(plan.steps.map(({ id, title }) => [id, title]));
	const shown = entries
		.filter(({ phase }) => phase !== "note")
		.flatMap(({ time, phase, step, data }) => {
			const line = `${localTime(time)}  ${phase.padEnd(11)}  ${titles.get(step) ?? step}`;
			if (phase.endsWith("failed")) return failureLines(data, line);
			return [phase === "left" ? `${line}: ${data}` : line];
		});
	const log = lines.map(({ step, line }) => `${step}: ${line}`);
	return [
		...shown,
		...(outcome === null ? [] : ["", `Ended: ${outcome}`]),
		...failures.map(({ scope, message }) => `✘ ${scope.replace(":", " ")}: ${message}`),
		...(log.length > 0 ? ["", "Log:", ...log] : []),
	];
}

const SIGNS = { add: "+", remove: "-", change: "~" } as const;

export function differenceLine({ change, path, in: what }: Difference): string {
	return `${SIGNS[change]} ${path}${what ? ` (${what.join(", ")})` : ""}`;
}

/** The lines below those of the files. */
export function differenceEnd(
	counts: Readonly<Record<Difference["change"], number>>,
	{ rows, undeclared, uncounted }: RowDifferences,
): string[] {
	const tables =
		rows.length === 0
			? []
			: table([
					["DATABASE", "TABLE", "ROWS NOW", "ROWS IN THE ARCHIVE"],
					...rows.map(({ database, table, live, archived }) => [
						database,
						table,
						String(live ?? "-"),
						String(archived ?? "-"),
					]),
				]);
	const unknown = undeclared.map(
		({ state, database }) =>
			`the archive contains the ${database} of ${state}, but the config does not declare it: it is not compared`,
	);
	const lost = uncounted.flatMap(({ state, database, where, why }) => [
		`! ${database} of ${state} is not compared: its ${where === "live" ? "live rows" : "rows in the archive"} could not be counted`,
		...errorLines(why, "    "),
	]);
	return [
		...tables,
		...lost,
		...unknown,
		`${counts.add} to add, ${counts.remove} to remove, ${counts.change} to change`,
	];
}
