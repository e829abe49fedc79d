// Formats results by kind, as lines for people.

import { isForeign } from "../../run/plan-shape.ts";
import { jsonText, shortLine } from "../../values/printable.ts";
import type { Kind, Result, ResultOf } from "../result.ts";
import { linesIn } from "../terminal.ts";
import { adoptedText, archiveText, entryLine, pruneTable } from "./archives.ts";
import { sheetText } from "./sheet.ts";
import { statusText } from "./status.ts";
import { archiveTable, differenceEnd, differenceLine, runTable, runText } from "./tables.ts";

const LINES: { readonly [K in Kind]: (result: ResultOf<K>) => Iterable<string> } = {
	answer: ({ text }) => (typeof text === "string" ? [text] : text),
	document: ({ value, line }) => linesIn(jsonText(value, line ? undefined : 2)),
	*archives({ machines, isOfAll, from, services }) {
		const names: string[] = [];
		let count = 0;
		let isUnknown = !isOfAll;
		let isOfOthers = false;
		for (const { machine, archives, failures, others } of machines) {
			names.push(machine);
			count += archives.length;
			// If a machine or a destination could not be asked, it is unknown whether there are archives.
			isUnknown ||= failures.length > 0;
			isOfOthers ||= others.length > 0;
		}
		if (count > 0) yield* archiveTable(machines, services);
		else if (!isUnknown)
			yield services !== undefined
				? `no archive of ${from ?? names.join(", ")} holds ${services.join(" or ")}`
				: isOfOthers || from !== undefined
					? `no archives of ${from ?? names.join(", ")}`
					: "no archives yet";
	},
	archive: ({ archive, details }) => archiveText(archive, details),
	entry: ({ entry }) => [entryLine(entry)],
	plan: ({ plan }) => plan.steps.map(({ title }, index) => `${String(index + 1).padStart(3)}. ${title}`),
	prune: ({ decided }) => pruneTable(decided),
	runs: ({ rows, died }) => runTable(rows, died),
	run: ({ plan, outcome, failures, entries, lines }) => [
		...(isForeign(plan) ? [`This version of Holdfast cannot read the run: ${plan.foreign}`, ""] : []),
		...runText(plan, { outcome, failures, entries, lines }).map(shortLine),
	],
	status: ({ machines }) => statusText(machines),
	*differences({ all, counts, rows }) {
		for (const difference of all()) yield differenceLine(difference);
		yield* differenceEnd(counts, rows);
	},
	adopted: ({ adopted }) => adoptedText(adopted),
	sheet: ({ machine, entries }) => sheetText(machine, entries, new Date()),
};

export function linesOf<K extends Kind>(result: ResultOf<K> & Result): Iterable<string> {
	const lines: (one: ResultOf<K>) => Iterable<string> = LINES[result.kind as K];
	return lines(result);
}
