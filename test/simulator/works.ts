// Steps like the real ones, on the simulated machine: their notes, the order of their writes, and what their undos
// rely on. A state has some entries at its live path; a restore creates new ones in a private folder and swaps them
// one by one.

import type { StepContext, UndoContext } from "../../src/steps/context.ts";
import type { Ref } from "../../src/steps/fields.ts";
import { type LoadedKind, STEP_KINDS } from "../../src/steps/list.ts";
import type { Step } from "../../src/steps/plan.ts";
import type { StepKind } from "../../src/steps/step.ts";
import type { MemoryJournal } from "./journal.ts";
import type { World } from "./world.ts";

/** What all steps of the simulator have; `kind` selects the work and how the executor treats it. */
export interface FakeStep extends Step {
	readonly state: string;
	readonly run: string;
	readonly entries: number;
	/** What a restore writes. */
	readonly version: string;
	/** For a start: the step that stopped the units. */
	readonly stopped?: Ref<"stop">;
	/** The only entry that it is about. */
	readonly only?: number;
	/** For a stop: the unit is down before anything is undone. */
	readonly downForUndo?: boolean;
}

export const live = (state: string, entry: number) => `live/${state}/${entry}`;
export const area = ({ run, state }: Pick<FakeStep, "run" | "state">) => `area/${run}/${state}`;
const fresh = (step: FakeStep, entry: number) => `${area(step)}/new/${entry}`;
const old = (step: FakeStep, entry: number) => `${area(step)}/old/${entry}`;
export const hooked = (state: string) => `hooked/${state}`;
/** The previous database after the swap; a separate step removes it. */
export const database = ({ run, state }: Pick<FakeStep, "run" | "state">) => `database/${run}/${state}`;
export const archive = ({ run, state }: Pick<FakeStep, "run" | "state">) => `archive/${state}/${run}`;

/** In the metadata of an archive that the engine had stored when the run died. */
export const doubt = ({ run, state }: Pick<FakeStep, "run" | "state">) => `doubt/${state}/${run}`;

/** What a deploy writes; its steps have no commit. */
export const installed = ({ id }: Pick<FakeStep, "id">) => `installed/${id}`;

const each = ({ entries, only }: FakeStep) =>
	only === undefined ? Array.from({ length: entries }, (_, entry) => entry) : [only];

interface FakeWork {
	run(step: FakeStep, context: StepContext): void;
	beforeUndo?(step: FakeStep, context: StepContext): void;
	undo?(step: FakeStep, context: UndoContext): void;
	later?(step: FakeStep): void;
}

/** The note of a stop, for a start. */
const stop = {
	kind: "stop",
	handedIn: (_: string, noted: unknown) => noted as { readonly wasUp: boolean } | undefined,
} as const;

/** The real kinds, so that the executor treats them as usual, with the work of these. */
export function kindsIn(world: World, journal: MemoryJournal): ReadonlyMap<string, LoadedKind> {
	const { disk, running } = world;
	const looked = new Set<string>();
	const there = (path: string) => disk.has(path);
	const removeAll = (paths: readonly string[]) => {
		for (const path of paths) if (there(path)) world.remove(path);
	};
	const works: Readonly<Record<string, FakeWork>> = {
		preflight: { run: ({ id }) => world.failNow(id) },
		check: { run: ({ id }) => world.failNow(id) },
		area: {
			run(step, { note }) {
				note({ began: true });
				world.put(area(step), "folder");
				world.sync();
				world.failNow(step.id);
			},
			undo(step, { noted }) {
				if (noted() === undefined) return;
				if (each(step).some((entry) => there(old(step, entry))))
					throw new Error(`${area(step)} still holds what stood there before`);
				removeAll([...each(step).map((entry) => fresh(step, entry)), area(step)]);
				world.sync();
			},
		},
		stage: {
			run(step, { note }) {
				note({ began: true });
				for (const entry of each(step)) {
					world.put(fresh(step, entry), "half");
					world.put(fresh(step, entry), step.version);
				}
				world.sync();
				world.failNow(step.id);
			},
			undo(step, { noted }) {
				if (noted() !== undefined) removeAll(each(step).map((entry) => fresh(step, entry)));
			},
		},
		account: {
			run(step, { note }) {
				note({ wasUp: running.has(step.state) });
				world.stop(step.state);
				world.failNow(step.id);
			},
			beforeUndo(step, { noted }) {
				if (!step.downForUndo || noted() === undefined) return;
				world.stop(step.state);
			},
			undo(step, { noted, somethingLeft }) {
				const note = noted() as { readonly wasUp: boolean } | undefined;
				if (!note?.wasUp) return;
				if (somethingLeft && step.downForUndo) throw new Error(`${step.state} stays stopped`);
				world.start(step.state);
			},
		},
		aside: {
			run(step) {
				for (const entry of each(step))
					if (there(live(step.state, entry))) world.rename(live(step.state, entry), old(step, entry));
				if (step.only === 0) world.put(database(step), "old");
				world.sync();
				world.failNow(step.id);
			},
			undo(step) {
				if (!there(area(step))) throw new Error(`${area(step)} is not there`);
				if (each(step).some((entry) => there(old(step, entry)) && there(live(step.state, entry))))
					world.blame(`${step.state} is put back where something stands`);
				world.failNow(`undo ${step.id}`);
				if (step.only === 0) removeAll([database(step)]);
				for (const entry of each(step))
					if (there(old(step, entry))) world.rename(old(step, entry), live(step.state, entry));
				world.sync();
			},
		},
		place: {
			run(step, { note }) {
				note({ entries: each(step) });
				for (const entry of each(step)) world.rename(fresh(step, entry), live(step.state, entry));
				world.sync();
				world.failNow(step.id);
			},
			beforeUndo(step) {
				looked.delete(step.id);
				world.failNow(`look ${step.id}`);
				looked.add(step.id);
			},
			undo(step, { noted }) {
				if (!looked.has(step.id))
					world.blame(`${step.id} is undone, and nobody has looked what stands there`);
				if (!there(area(step))) throw new Error(`${area(step)} is not there`);
				world.failNow(`undo ${step.id}`);
				const { entries } = (noted() as { readonly entries: readonly number[] } | undefined) ?? {};
				for (const entry of entries ?? [])
					if (!there(fresh(step, entry)) && there(live(step.state, entry)))
						world.rename(live(step.state, entry), fresh(step, entry));
				world.sync();
			},
		},
		overwrite: {
			run(step, { note }) {
				note({ began: true });
				for (const entry of each(step)) {
					if (there(live(step.state, entry))) world.remove(live(step.state, entry));
					world.put(live(step.state, entry), step.version);
				}
				world.sync();
				world.failNow(step.id);
			},
		},
		timers: {
			run(step, { handedBy }) {
				if (!step.stopped || !handedBy(stop, step.stopped)?.wasUp) return;
				world.start(step.state);
				world.failNow(step.id);
			},
		},
		hook: {
			run(step) {
				if (step.whenBegan === undefined) world.put(hooked(step.state), step.run);
				else removeAll([hooked(step.state)]);
				world.sync();
				world.failNow(step.id);
			},
		},
		"archive-create": {
			run(step, { plan, failScope }) {
				world.put(archive(step), "half");
				// A state whose dump or folder turns out to be unusable while it is read.
				for (const { scope } of plan.steps.filter(({ id }) => id.startsWith("stop:")))
					try {
						world.failNow(`unusable ${scope} ${step.id}`);
					} catch (error) {
						failScope(scope, error as Error);
					}
				world.failNow(step.id);
				world.put(archive(step), "whole");
				world.sync();
			},
			undo(step, { completed, leave }) {
				if (completed) return;
				if (disk.get(archive(step)) === "half") removeAll([archive(step)]);
				world.sync();
				if (!there(archive(step))) return;
				try {
					world.failNow(`away ${step.id}`);
					world.put(doubt(step), "unseen");
					world.sync();
				} catch {
					leave();
				}
			},
			later(step) {
				world.put(doubt(step), "unseen");
				world.sync();
			},
		},
		"file-put": {
			run(step, { note }) {
				note({ was: disk.get(installed(step)) ?? null });
				world.put(installed(step), step.version);
				world.sync();
				world.failNow(step.id);
			},
			undo(step, { noted }) {
				const note = noted() as { readonly was: string | null } | undefined;
				if (note === undefined) return;
				if (note.was !== null) world.put(installed(step), note.was);
				else removeAll([installed(step)]);
				world.sync();
			},
		},
		dump: {
			run({ id }) {
				world.operate(`dump ${id}`);
				world.failNow(id);
			},
		},
		commit: { run: () => {} },
		discard: {
			run(step) {
				world.failNow(step.id);
				removeAll([...each(step).flatMap((entry) => [old(step, entry), fresh(step, entry)]), area(step)]);
				world.sync();
			},
		},
		"database-drop": {
			run(step) {
				world.failNow(step.id);
				removeAll([database(step)]);
				world.sync();
			},
		},
	};
	return new Map(
		Object.entries(works).map(([name, fake]) => {
			const kind = STEP_KINDS.get(name);
			if (kind === undefined) throw new Error(`no kind of step is called ${name}`);
			return [name, loaded(kind, fake, world, journal)];
		}),
	);
}

/**
 * Also checks what holds of every kind: no two steps of a scope at once, a step sees what it has noted, and a recovery undoes
 * later scopes first.
 */
function loaded(
	real: StepKind,
	{ run, beforeUndo, undo, later }: FakeWork,
	world: World,
	journal: MemoryJournal,
): LoadedKind {
	const onlyOne = async (step: FakeStep, context: StepContext, work: () => void) => {
		if (world.busy.has(step.scope)) world.blame(`${step.id} and another step of ${step.scope} at once`);
		if (JSON.stringify(context.noted()) !== JSON.stringify(journal.noteOf(step.run, step.id)))
			world.blame(`${step.id} does not see what it has noted`);
		world.busy.add(step.scope);
		try {
			// Others get their turn while it works.
			await null;
			work();
		} finally {
			world.busy.delete(step.scope);
		}
	};
	const backwards = async (step: FakeStep, context: StepContext, work: () => void) => {
		world.goBack(step);
		try {
			await onlyOne(step, context, work);
		} catch (error) {
			for (const path of step.touches) world.blocked.add(path);
			throw error;
		}
	};
	const fake = (step: Step) => step as FakeStep;
	return {
		kind: { ...real, noteIn: (_, noted) => noted },
		work: {
			run: (step, context) => onlyOne(fake(step), context, () => run(fake(step), context)),
			...(beforeUndo && {
				beforeUndo: (step, context) => backwards(fake(step), context, () => beforeUndo(fake(step), context)),
			}),
			...(undo && {
				undo: (step, context) => backwards(fake(step), context, () => undo(fake(step), context)),
			}),
			...(later && { later: async (step) => later(fake(step)) }),
		},
	};
}
