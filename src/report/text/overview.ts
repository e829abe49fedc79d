// `holdfast` alone: the state of things on one screen, at most ten lines.
import { nothingToBackUp } from "../../manifest/warnings.ts";
import { counted } from "../../values/counted.ts";
import { localTime } from "../../values/local-time.ts";
import type { Standing } from "../result.ts";
import { table } from "./table.ts";
import { ago } from "./units.ts";

const MAX_LINES = 10;
/** The heading, the next backup, and what to type. */
const OTHER_LINES = 3;
const MAX_PROBLEMS = 2;

export interface Overview {
	/** The config file. */
	readonly file: string;
	readonly here: Standing;
	/** The names of the timers that start a backup; others prune or check. */
	readonly backups: readonly string[];
	/** Other machines of the config, which are not asked. */
	readonly others: number;
}

export function overviewText({ file, here, backups, others }: Overview): string[] {
	const { machine, archives, problems, timers, now } = here;
	const heading = `${machine}, by ${file}${others === 0 ? "" : `; ${counted(others, "other machine")}: holdfast status --all`}`;
	if (here.isStateless) return [heading, nothingToBackUp(machine), "Type: holdfast --help"];
	const names = [...new Set(archives.map(({ state }) => state))];
	const states = names
		.map((state) => stateOf(state, archives))
		.sort((a, b) => Number(a.isWell) - Number(b.isWell));
	const room = MAX_LINES - OTHER_LINES - Math.min(problems.length, MAX_PROBLEMS + 1);
	const shown = states.length > room ? states.slice(0, room - 1) : states;
	const more = states.length - shown.length;
	const [next] = timers.flatMap(({ name, next = [] }) => (backups.includes(name) ? next : [])).sort();
	const isEmpty = states.every(({ created }) => created === undefined);
	return [
		heading,
		...(names.length === 0 ? [] : table(shown.map(({ cells }) => cells))),
		...(more === 0 ? [] : [`  and ${more} more: holdfast status`]),
		...problems.slice(0, MAX_PROBLEMS).map((line) => `! ${line}`),
		...(problems.length > MAX_PROBLEMS
			? [`! and ${counted(problems.length - MAX_PROBLEMS, "more problem")}: holdfast status`]
			: []),
		now === undefined
			? `Next backup: ${next === undefined ? "no timer is active (holdfast deploy sets them up)" : localTime(next)}`
			: `Running now: ${now}`,
		names.length === 0
			? "Type: holdfast init --dry-run (what there is to protect), holdfast --help"
			: isEmpty
				? "Type: holdfast create (back up), holdfast --help (everything else)"
				: "Type: holdfast create, list, restore (asks what and from when), --help",
	];
}

/** What to type where there is no config, in ten lines at most. `refused`: configs that are not used, and why. */
export const firstSteps = (refused: readonly string[]): string[] => [
	"Holdfast backs up what services own, and restores one of them with one command.",
	...(refused.length === 0
		? ["There is no config yet. Type:"]
		: [
				...refused.slice(0, 1).map((line) => `! ${line}`),
				"holdfast validate says more. To start again, type:",
			]),
	"  holdfast init --dry-run   what there is to protect on this machine; changes nothing",
	"  holdfast init             write a first config; then read it, and edit it",
	"  holdfast create           back up",
	"  holdfast list             what there is to restore",
	"  holdfast restore          restore; asks what, and from when",
	"  holdfast deploy           set up timers, so that it backs up every night",
	"Only archives are left: holdfast adopt --help. Everything else: holdfast --help",
];

function stateOf(state: string, archives: Standing["archives"]) {
	const own = archives.filter((one) => one.state === state);
	const isWell = own.every(
		({ isLate, doubt, missing, failedCheck }) =>
			!isLate && doubt === undefined && missing === undefined && failedCheck === undefined,
	);
	const good = own.filter(({ created }) => created !== undefined);
	const [newest] = good.sort((a, b) => (a.ageSeconds ?? 0) - (b.ageSeconds ?? 0));
	const { created, ageSeconds } = newest ?? {};
	const cells = [
		isWell ? "✔" : "✘",
		state,
		created === undefined || ageSeconds === undefined
			? "no good backup"
			: `last good backup ${ago(ageSeconds)}`,
		good.length === 0 ? "" : `in ${good.map(({ destination }) => destination).join(", ")}`,
	];
	return { isWell, created, cells };
}
