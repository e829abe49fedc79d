// The last resort for a run that can be neither finished nor rolled back: nothing more of it is done or undone. It is
// reported what the run has left and where, so that a person can put it back by hand.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { namesIn, openFolder } from "../host/folder.ts";
import { isPrivate } from "../host/private-area.ts";
import { unitLabel } from "../host/systemd.ts";
import { unitFacts } from "../host/unit-facts.ts";
import { dueOf, STEP_KINDS } from "../steps/list.ts";
import type { Step } from "../steps/plan.ts";
import { isRunning } from "../steps/work/unit-status.ts";
import { HoldfastError } from "../values/error.ts";
import { localTime } from "../values/local-time.ts";
import type { Unit } from "../values/unit.ts";
import { stepsDueIn } from "./debts.ts";
import type { Journal } from "./journal.ts";
import { openForInspection, setAside } from "./journal-file.ts";
import type { Entry } from "./journal-rows.ts";
import { isForeign, type KnownRun, type OutlineStep, outlineOf, privatePathsIn } from "./plan-shape.ts";
import { unitsNoted } from "./units-noted.ts";

export interface Left {
	readonly run: string;
	/** Undefined if the run has ended and only tidying up remains, and if only what is still to do in `paths` is meant. */
	readonly open?: KnownRun;
	/** The destinations that are meant, if not the whole run. */
	readonly paths?: readonly string[];
	/** The steps of which something is still to do, of those meant. */
	readonly steps: readonly string[];
	/** What is still on disk or still to do, one line each; empty if the run has left nothing. */
	readonly lines: readonly string[];
}

/** What a run has left that has not ended, or that has work remaining. Read-only. */
export async function leftBy(journal: Journal, run: string): Promise<Left> {
	const open = journal.open();
	const found = open.find((one) => one.run === run);
	const due = leftoversOf(journal, run);
	const steps = due.map(({ step }) => step);
	if (!found && due.length === 0)
		throw new HoldfastError(
			"run-not-found",
			journal.outline(run) ? `run ${run} has ended and left nothing to abandon` : `there is no run ${run}`,
			{
				subject: run,
				...(open.length > 0 ? { details: open.map((one) => `open: ${one.run}, ${one.operation}`) } : {}),
				hint:
					open.length > 0
						? "name one of the runs above"
						: "no run is open; list the runs with: holdfast runs",
			},
		);
	if (!found) return { run, steps, lines: stillToDo(due) };
	const lines = [...(await whatIsWhere(found, entriesOf(journal, run))), ...stillToDo(due)];
	return { run, open: found, steps, lines };
}

/** What runs have left to do in these destinations (`provider/destination`), and nothing else of them. Read-only. */
export const leftIn = (journal: Journal, paths: readonly string[]): Left[] =>
	[...stepsDueIn(journal, paths)].map(([run, steps]) => {
		const due = leftoversOf(journal, run).filter(({ step }) => steps.includes(step));
		return { run, paths, steps, lines: stillToDo(due) };
	});

const leftoversOf = (journal: Journal, run: string) => journal.leftovers().filter((one) => one.run === run);

const stillToDo = (due: ReturnType<typeof leftoversOf>): string[] =>
	due.flatMap(({ step, work }) => [
		`still to do: ${work ? dueOf(work) : step}`,
		...(work === undefined ? [] : thereOf(privatePathsIn(work))),
	]);

/** `undefined`: the journal entries cannot be read, and any step may have begun. */
function entriesOf(journal: Journal, run: string): readonly Entry[] | undefined {
	try {
		return journal.entries(run);
	} catch {
		return undefined;
	}
}

async function whatIsWhere(run: KnownRun, entries: readonly Entry[] | undefined): Promise<string[]> {
	const began = entries && new Set(entries.filter(({ phase }) => phase === "begin").map(({ step }) => step));
	const undone = new Set(entries?.filter(({ phase }) => phase === "undo-done").map(({ step }) => step));
	const lines: string[] = [];
	const isLeft = ({ id }: { readonly id: string }) => began?.has(id) !== false && !undone.has(id);
	if (isForeign(run)) lines.push(...run.steps.filter(isLeft).flatMap(touchedBy));
	else for (const step of run.steps.filter(isLeft)) lines.push(...(await linesOf(step)));
	const units = (entries ?? []).flatMap(({ data }) => unitsNoted(data));
	for (const unit of new Map(units.map((one) => [unitLabel(one), one])).values())
		lines.push(...(await unitLines(unit)));
	return [...new Set(lines)];
}

/** In a run that cannot be parsed it is unknown what a step did, but known what it was about to touch. */
function touchedBy(step: OutlineStep): string[] {
	const touched = step.touches.length > 0 ? ` (touches ${step.touches.join(", ")})` : "";
	return [`this step had started: ${step.title}${touched}`, ...areasOf(step)];
}

async function linesOf(step: Step): Promise<string[]> {
	const work = await STEP_KINDS.get(step.kind)?.work();
	return (await work?.whereabouts?.(step).catch(() => undefined)) ?? areasOf(step);
}

const areasOf = (step: Step | OutlineStep) =>
	thereOf("areas" in step && Array.isArray(step.areas) ? step.areas : privatePathsIn(step));

const thereOf = (paths: readonly string[]) =>
	paths
		.filter((path) => existsSync(path))
		.map((path) => `${path} exists: data that this run restored or put aside`);

async function unitLines(unit: Unit): Promise<string[]> {
	const [facts] = await unitFacts(unit.user, [unit.unit]).catch(() => []);
	if (facts === undefined || isRunning(facts)) return [];
	const manager = unit.user === undefined ? "systemctl" : `systemctl --user --machine=${unit.user}@`;
	const unmask = facts.load === "masked" ? `${manager} unmask --runtime ${unit.unit}; ` : "";
	return [`${unitLabel(unit)} was running before and is not now: ${unmask}${manager} start ${unit.unit}`];
}

/** Stop doing anything for this run, or in these destinations. */
export function abandon(journal: Journal, { run, open, steps, lines }: Left): void {
	for (const step of steps) journal.tidied(run, step);
	if (open) journal.end(run, "abandoned", { failures: [], left: lines });
}

/** What can still be read of a journal that cannot be opened, and the private folders next to these folders. Read-only. */
export function leftInJournal(folder: string, folders: readonly string[]): string[] {
	const db = openForInspection(folder);
	const ask = (question: string): Record<string, unknown>[] => {
		try {
			return db?.prepare(question).all() ?? [];
		} catch {
			return [];
		}
	};
	const runs = ask("SELECT id, plan FROM run WHERE ended IS NULL OR outcome = 'needs-recover'").flatMap(
		({ id, plan }) => {
			const { run, operation, program, steps } = outlineOf(String(id), jsonIn(plan));
			const by = program === undefined ? "" : `, started by Holdfast ${program}`;
			return [
				`run ${run} (${operation}${by}) has not ended`,
				...thereOf(steps.flatMap(({ areas = [] }) => areas)),
			];
		},
	);
	const kept = ask("SELECT run, state, until, copy FROM kept").flatMap(({ run, state, until, copy }) => [
		`an old copy of ${state} of run ${run} is kept until ${localTime(String(until))}`,
		...thereOf(privatePathsIn(jsonIn(copy))),
	]);
	db?.close();
	return [...new Set([...runs, ...kept, ...privateBeside(folders)])];
}

function jsonIn(text: unknown): unknown {
	try {
		return JSON.parse(String(text));
	} catch {
		return undefined;
	}
}

/** Private folders of restores are next to a state's folder, in it, or above it on the same file system. */
function privateBeside(folders: readonly string[]): string[] {
	const looked = new Set(folders.flatMap((folder) => [folder, ...parentsOf(folder)]));
	return [...looked].flatMap((parent) =>
		privateIn(parent).map(
			(name) => `${join(parent, name)} exists: data that a restore restored or put aside`,
		),
	);
}

function parentsOf(path: string): string[] {
	const parent = dirname(path);
	return parent === path ? [] : [parent, ...parentsOf(parent)];
}

function privateIn(path: string): string[] {
	try {
		using folder = openFolder(path);
		return [...namesIn(folder)].filter((name) => isPrivate(folder, name));
	} catch {
		return [];
	}
}

/** Rename the journal, so that the next command creates a new one. Returns its new path. */
export const abandonJournal = (folder: string, mark: string): string | undefined => setAside(folder, mark);
