// How far the archives of a run are: units that are down for it start again as soon as all of them hold their states, not when all are
// complete.
import type { ArchiveCreateStep } from "../archive-create.ts";
import type { Plan, Step } from "../plan.ts";
import { STARTS_LANE, statesRead } from "../states-read.ts";

/** How far the steps of a run that is under way are. */
interface Reading {
	/** The steps that have read all states whose units are down. */
	readonly past: Set<string>;
	/** The units may have been started. */
	isOver: boolean;
	/** By step: its latest attempt. What an earlier one learns does not count. */
	readonly attempts: Map<string, object>;
}
type Run = Pick<Plan, "steps">;
const readings = new WeakMap<Run, Reading>();

export function readingOf(plan: Run): Reading {
	const known = readings.get(plan) ?? { past: new Set(), isOver: false, attempts: new Map() };
	readings.set(plan, known);
	return known;
}

/** Whether the units may have been started while archives are still written. */
export const mayRunAgain = ({ plan }: { readonly plan: Run }): boolean => readings.get(plan)?.isOver === true;

/** Before an attempt of a step looks whether units are down: they stay as they are until it has read their states. */
export function beginReading({ id }: Pick<ArchiveCreateStep, "id">, plan: Run): void {
	const reading = readingOf(plan);
	reading.attempts.set(id, {});
	reading.past.delete(id);
}

/** A start that need not wait any more, or did not wait since waiting failed: what is read from now on is read live. */
export function endReading({ lane }: Pick<Step, "lane">, plan: Run): void {
	if (lane === STARTS_LANE) readingOf(plan).isOver = true;
}

/** Watches an attempt of a step to read states whose units are down. `roots`: their paths, by state. */
export function watchReading(
	{ id }: Pick<ArchiveCreateStep, "id">,
	roots: ReadonlyMap<string, readonly string[]>,
	{ plan }: { readonly plan: Run },
	/** Which of these states were disturbed; asked before the units are started. */
	ask: () => Promise<ReadonlySet<string>>,
) {
	const reading = readingOf(plan);
	// Otherwise the units stay down until the archive is complete.
	const isAwaited = statesRead.among(plan.steps).some(({ by }) => by.includes(id));
	const owners = new Map(
		[...(isAwaited ? roots : [])].flatMap(([name, paths]) => paths.map((path) => [path, name] as const)),
	);
	const left = new Set(owners.keys());
	const again = new Set<string>();
	let asked: Promise<ReadonlySet<string>> | undefined;
	const attempt = reading.attempts.get(id);
	const end = () => {
		asked = ask();
		asked.then(
			() => {
				if (reading.attempts.get(id) === attempt) reading.past.add(id);
			},
			() => {},
		);
	};
	if (isAwaited && left.size === 0) end();
	return {
		/** An engine that starts over, as after a lost connection, reads the same root again. */
		passed(path: string): void {
			const owner = owners.get(path);
			if (owner !== undefined && reading.isOver) again.add(owner);
			if (left.delete(path) && left.size === 0) end();
		},
		/** The states that were disturbed, and those that were read again when their units may have been started. */
		seen: async () => ({ disturbed: await (asked ?? ask()), again }),
	};
}
