// The kinds of steps. A new kind is a file in this folder and a line here.
import { account } from "./account.ts";
import { accounts } from "./accounts.ts";
import { archiveCreate } from "./archive-create.ts";
import { archivesCheck } from "./archives-check.ts";
import { archivesPrune } from "./archives-prune.ts";
import { area } from "./area.ts";
import { aside } from "./aside.ts";
import { check } from "./check.ts";
import { commit } from "./commit.ts";
import { databaseDrop } from "./database-drop.ts";
import { databaseFile } from "./database-file.ts";
import { databaseSwap } from "./database-swap.ts";
import { discard } from "./discard.ts";
import { dump } from "./dump.ts";
import { engineRestore } from "./engine-restore.ts";
import { extract } from "./extract.ts";
import { filePut } from "./file-put.ts";
import { fileTake } from "./file-take.ts";
import { foldersPresent } from "./folders-present.ts";
import { holders } from "./holders.ts";
import { hook } from "./hook.ts";
import { keep } from "./keep.ts";
import { keepNested } from "./keep-nested.ts";
import { load } from "./load.ts";
import { overwrite } from "./overwrite.ts";
import { place } from "./place.ts";
import type { Step } from "./plan.ts";
import { preflight } from "./preflight.ts";
import { settle } from "./settle.ts";
import { snapshot } from "./snapshot.ts";
import { snapshotDrop } from "./snapshot-drop.ts";
import { stage } from "./stage.ts";
import { statesRead } from "./states-read.ts";
import type { StepKind, StepWork } from "./step.ts";
import { storeAside } from "./store-aside.ts";
import { storeCheck } from "./store-check.ts";
import { storeLoad } from "./store-load.ts";
import { timers } from "./timers.ts";
import { unitsDown } from "./units-down.ts";
import { unitsFreeze } from "./units-freeze.ts";
import { unitsReload } from "./units-reload.ts";
import { unitsStart } from "./units-start.ts";
import { unitsStop } from "./units-stop.ts";
import { unitsThaw } from "./units-thaw.ts";

const ALL: readonly StepKind[] = [
	preflight,
	hook,
	foldersPresent,
	unitsStop,
	unitsDown,
	unitsStart,
	unitsFreeze,
	unitsThaw,
	settle,
	check,
	snapshot,
	snapshotDrop,
	archiveCreate,
	statesRead,
	dump,
	accounts,
	load,
	databaseFile,
	databaseSwap,
	databaseDrop,
	storeCheck,
	storeAside,
	storeLoad,
	area,
	stage,
	holders,
	aside,
	place,
	keepNested,
	engineRestore,
	overwrite,
	extract,
	commit,
	discard,
	keep,
	archivesCheck,
	archivesPrune,
	account,
	filePut,
	fileTake,
	unitsReload,
	timers,
];

export const STEP_KINDS: ReadonlyMap<string, StepKind> = new Map(ALL.map((kind) => [kind.kind, kind]));

/** Kinds of steps that had another name in 0.1.0, by that name. */
export const RENAMED_KINDS: ReadonlyMap<string, StepKind> = new Map<string, StepKind>([
	["carry", keepNested],
	["embed", databaseFile],
]);

/** Describes what remains to be done after a step failed; undefined if nothing can be. */
export const dueOf = (step: Step): string | undefined => STEP_KINDS.get(step.kind)?.due?.(step);

/** A kind of step, with its behaviour loaded. */
export interface LoadedKind {
	readonly kind: StepKind;
	readonly work: StepWork;
}

/** The kinds of these steps, by name. All must be known: a plan with other kinds is not run. */
export async function loadKinds(steps: readonly Step[]): Promise<ReadonlyMap<string, LoadedKind>> {
	const names = new Set(steps.map(({ kind }) => kind));
	const kinds = ALL.filter(({ kind }) => names.has(kind));
	return new Map(
		await Promise.all(kinds.map(async (kind) => [kind.kind, { kind, work: await kind.work() }] as const)),
	);
}

/** What an error of this step is about, if the error does not say. */
export function subjectOf(step: Step, { work }: LoadedKind): string | undefined {
	if (work.about !== undefined) return work.about(step);
	return step.touches.length === 1 ? step.touches[0] : undefined;
}
