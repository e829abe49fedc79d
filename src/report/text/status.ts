// Formats the status of machines.
import { nothingToBackUp } from "../../manifest/warnings.ts";
import { localTime } from "../../values/local-time.ts";
import type { Series } from "../../values/series.ts";
import type { Standing } from "../result.ts";
import { screenWidth } from "../terminal.ts";
import { longTable } from "./table.ts";
import { sameMachine } from "./tables.ts";
import { ago, size } from "./units.ts";
import { wrapped } from "./wrap.ts";

export function* statusText(machines: Series<Standing>): Generator<string> {
	const each = () => machines[Symbol.iterator]();
	if (each().some(({ archives }) => archives.length > 0))
		yield* longTable(
			["", "MACHINE", "STATE", "DESTINATION", "LAST GOOD", "AGE", "READ", "SIZE", "GROWTH"],
			each().flatMap(({ machine, archives }) => archives.map((one) => rowOf(machine, one))),
			{ drops: [...sameMachine(machines), "GROWTH", "SIZE", "READ"], wraps: ["DESTINATION", "STATE"] },
		);
	for (const one of machines) yield* wrapped(worksOf(one), screenWidth(), "  ");
	for (const { machine, problems } of machines)
		for (const line of problems) yield* wrapped(`✘ ${machine}: ${line}`, screenWidth(), "  ");
	for (const { machine, advice = [] } of machines)
		for (const line of advice) yield* wrapped(`! ${machine}: ${line}`, screenWidth(), "  ");
}

function rowOf(
	machine: string,
	{
		state,
		destination,
		created,
		ageSeconds,
		consistency,
		bytes,
		growthBytes,
		isLate,
		doubt,
		missing,
		failedCheck,
	}: Standing["archives"][number],
): string[] {
	return [
		[isLate || undefined, doubt, missing, failedCheck].some((one) => one !== undefined) ? "✘" : "✔",
		machine,
		state,
		destination,
		created === undefined ? "never" : localTime(created),
		ageSeconds === undefined ? "-" : ago(ageSeconds),
		consistency ?? "-",
		bytes === undefined ? "-" : size(bytes),
		growthBytes === undefined ? "-" : `${growthBytes < 0 ? "-" : "+"}${size(Math.abs(growthBytes))} a week`,
	];
}

/** What ran there last, and what runs next. */
function worksOf({ machine, runs, timers, now, isStateless }: Standing): string {
	if (isStateless) return nothingToBackUp(machine);
	const next = timers
		.flatMap((one) => (one.next === undefined ? [] : [{ name: one.name, at: one.next }]))
		.sort((a, b) => a.at.localeCompare(b.at))
		.map(({ name, at }) => `${name} ${localTime(at)}`);
	const last = runs.map(
		({ operation, outcome, started, isRolledBack }) =>
			`${operation} ${isRolledBack ? "recovered (rolled back)" : (outcome ?? "under way")}, ${localTime(started)}`,
	);
	return `${machine}: ${last.join("; ") || "no run yet"}; ${next.length === 0 ? "no timer" : `next ${next.join(", ")}`}${now === undefined ? "" : `; running now: ${now}`}`;
}
