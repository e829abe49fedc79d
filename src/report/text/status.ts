// Formats the status of machines.
import { localTime } from "../../values/local-time.ts";
import type { Standing } from "../result.ts";
import { screenWidth } from "../terminal.ts";
import { table } from "./table.ts";
import { sameMachine } from "./tables.ts";
import { ago, size } from "./units.ts";
import { wrapped } from "./wrap.ts";

export function statusText(machines: readonly Standing[]): string[] {
	const rows = machines.flatMap((one) =>
		one.archives.map(
			({
				state,
				destination,
				created,
				ageSeconds,
				bytes,
				growthBytes,
				isLate,
				doubt,
				missing,
				failedCheck,
			}) => [
				[isLate || undefined, doubt, missing, failedCheck].some((one) => one !== undefined) ? "✘" : "✔",
				one.machine,
				state,
				destination,
				created === undefined ? "never" : localTime(created),
				ageSeconds === undefined ? "-" : ago(ageSeconds),
				bytes === undefined ? "-" : size(bytes),
				growthBytes === undefined
					? "-"
					: `${growthBytes < 0 ? "-" : "+"}${size(Math.abs(growthBytes))} a week`,
			],
		),
	);
	const works = machines.flatMap(({ machine, runs, timers, now }) => {
		const next = timers
			.flatMap((one) => (one.next === undefined ? [] : [{ name: one.name, at: one.next }]))
			.sort((a, b) => a.at.localeCompare(b.at))
			.map(({ name, at }) => `${name} ${localTime(at)}`);
		const last = runs.map(
			({ operation, outcome, started, isRolledBack }) =>
				`${operation} ${isRolledBack ? "recovered (rolled back)" : (outcome ?? "under way")}, ${localTime(started)}`,
		);
		return [
			`${machine}: ${last.join("; ") || "no run yet"}; ${next.length === 0 ? "no timer" : `next ${next.join(", ")}`}${now === undefined ? "" : `; running now: ${now}`}`,
		];
	});
	const problems = machines.flatMap(({ machine, problems }) =>
		problems.map((line) => `✘ ${machine}: ${line}`),
	);
	return [
		...table([["", "MACHINE", "STATE", "DESTINATION", "LAST GOOD", "AGE", "SIZE", "GROWTH"], ...rows], {
			drops: [...sameMachine(machines), "GROWTH", "SIZE"],
			wraps: ["DESTINATION", "STATE"],
		}),
		...[...works, ...problems].flatMap((line) => wrapped(line, screenWidth(), "  ")),
	];
}
