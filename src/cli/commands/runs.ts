// holdfast runs, holdfast runs show ID
import { buildCommand, buildRouteMap } from "@stricli/core";
import { places } from "../../host/places.ts";
import { print, printJson } from "../../report/terminal.ts";
import { runTable, runText } from "../../report/text/tables.ts";
import { diedRuns } from "../../run/died.ts";
import { Journal } from "../../run/journal.ts";
import { isForeign } from "../../run/plan-shape.ts";
import { HoldfastError } from "../../values/error.ts";
import { shortLine } from "../../values/printable.ts";
import { type CommonFlags, commonFlags, guard, onFlag, requireHere } from "../flags.ts";

interface Flags extends CommonFlags {
	readonly on?: string;
}

const listRuns = buildCommand({
	docs: { brief: "past runs with their durations and outcomes" },
	parameters: { flags: { ...commonFlags, on: onFlag }, positional: { kind: "tuple", parameters: [] } },
	func: (flags: Flags) =>
		guard(flags, async () => {
			await requireHere(flags);
			const journal = Journal.open(places().state);
			const rows = journal.runs(50);
			const died = new Set(
				diedRuns(journal, places().runtime).flatMap(({ run, isStuck }) => (isStuck ? [] : [run])),
			);
			journal.close();
			if (flags.json)
				printJson(
					rows.map((row) => (died.has(row.id) ? { ...row, outcome: "died" } : row)),
					2,
				);
			else print(runTable(rows, died));
			return 0;
		}),
});

const show = buildCommand({
	docs: { brief: "a run's steps and log" },
	parameters: {
		flags: { ...commonFlags, on: onFlag },
		positional: {
			kind: "tuple",
			parameters: [
				{ brief: "the run, as `holdfast runs` prints it", placeholder: "ID", parse: (id: string) => id },
			],
		},
	},
	func: (flags: Flags, id: string) =>
		guard(flags, async () => {
			await requireHere(flags);
			const journal = Journal.open(places().state);
			const plan = journal.plan(id);
			const outline = plan && isForeign(plan) ? plan : undefined;
			if (!plan)
				throw new HoldfastError("run-not-found", `there is no run ${id}`, {
					hint: "see them with: holdfast runs",
				});
			const entries = journal.entries(id);
			const lines = journal.lines(id);
			journal.close();
			if (flags.json) printJson({ plan, entries, lines }, 2);
			else
				print([
					...(outline ? [`This version does not understand the run: ${outline.foreign}`, ""] : []),
					...runText(plan, entries, lines).map(shortLine),
				]);
			return 0;
		}),
});

export const runs = buildRouteMap({
	routes: { list: listRuns, show },
	defaultCommand: "list",
	docs: { brief: "past runs" },
});
