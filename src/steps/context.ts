// What the work of a step may use, and what it is made of; by kind it is found in steps/registry.ts.
import type { Records } from "../engines/archive-time.ts";
import type { Destination, Progress } from "../engines/destination.ts";
import type { LeftStep, Plan, Step, StepKind } from "./plan.ts";
import type { KeptCopy, MadeArchive } from "./records.ts";
import type { LastGood } from "./work/expectations.ts";
import type { LostArchive } from "./work/lost.ts";

/** Of a run that died, and one of its scopes: others may have written to what it had put in place. */
export interface Unwatched {
	/** In milliseconds: when its units were first to be started, and else when the run last wrote of its work. */
	readonly since: number;
	/** Its units were to be started, or are found running. */
	readonly unitsWereUp: boolean;
}

/** What a step's work may use. */
export interface StepContext {
	readonly plan: Plan;
	readonly signal: AbortSignal;
	/** Whether anybody looks at the progress. */
	readonly watched: boolean;
	/** A moment that a test of crashes may stop at; see `fault.ts`. Between any two things that a crash could part. */
	point(name: string): void;
	/** Keep facts that an undo will need. On disk and synced when it returns: call it before acting on them. */
	note(facts: unknown): void;
	/** The last note of a step, or undefined. */
	noteOf(step: string): unknown;
	/** Whether a step has come to its end, by the journal. */
	isDone(step: string): boolean;
	/** Why a scope failed, or undefined. */
	failureOf(scope: string): string | undefined;
	/** Whether a scope is under way: it has neither failed nor been committed. */
	isUnderWay(scope: string): boolean;
	/** In a recovery: since when others may have written to what a scope had put in place. */
	unwatched(scope: string): Unwatched | undefined;
	/** In a recovery: units of a scope were running when it began. */
	foundUp(scope: string): void;
	/** Say at the end of the run, however it ends, what it leaves where; it is kept in the journal too. */
	leaves(line: string): void;
	/** Say that a scope failed though this step did not: what it stored is not whole. */
	failScope(scope: string, error: Error): void;
	/** Whether a destination was written before. */
	knows(location: string): boolean;
	/** Where the file system was mounted that it was on when it was last written. */
	mountOf(location: string): { readonly mount?: string };
	/** What the journal has of archives with these names in a destination. */
	records(destination: Pick<Destination, "name" | "location">, names: readonly string[]): Records;
	/** Only archives with these names are left in a destination: forget others that would trouble a person for long. */
	forgetGone(destination: Pick<Destination, "name" | "location">, names: readonly string[]): void;
	/** Archives that were made in a destination and are gone, where these names are left. */
	lost(destination: Pick<Destination, "name" | "location">, names: readonly string[]): LostArchive[];
	/** These were removed from a destination just now. */
	removed(destination: Pick<Destination, "location">, names: readonly string[]): void;
	/** What the last good archive of a state was, in whichever destination. */
	lastGood(state: string): LastGood | undefined;
	/** Once all is done, a scope is told as failed though what it was to store is stored: there is reason to doubt it. */
	doubt(scope: string, error: Error): void;
	made(archive: MadeArchive): void;
	/** Bytes of an archive's files, when this machine made it and still knows. */
	bytesOf(archiveId: string): number | undefined;
	keep(copy: KeptCopy): void;
	forget(run: string, state: string): void;
	progress(progress: Progress): void;
	log(line: string): void;
}

export interface UndoContext extends StepContext {
	/** Whether the step had ended well; false when it failed, or when it is not known how far it came. */
	readonly completed: boolean;
	/** Whether something of the scope could not be undone before this. */
	readonly somethingLeft: boolean;
	/** What this step could not do now is tried again before every later run. */
	leave(step: LeftStep): void;
}

/** What a kind of step does. An undo is safe to repeat, and does nothing for what the step did not come to do. */
export interface StepWork<S extends Step> {
	run(step: S, context: StepContext): Promise<unknown>;
	/** Before anything of the scope is undone, in the order of the plan. */
	beforeUndo?(step: S, context: StepContext): Promise<void>;
	/** What it finds before the undo decides what that does: without it this step is not undone. */
	readonly looksFirst?: true;
	/** While it is not undone, no earlier step of the scope that touches the same is either: it stands there. */
	readonly standsInPlace?: true;
	/** Before what is left of a committed scope is done, in another process than the one that died. */
	beforeFinish?(step: S, context: StepContext): Promise<void>;
	undo?(step: S, context: UndoContext): Promise<void>;
	/**
	 * Its undo deletes what tells the undos of later steps, should they be repeated, how far things have come: it waits
	 * until all of those are done and in the journal.
	 */
	readonly undoesLast?: true;
	/** When an undo failed: lines that say what of this step is where on disk now. */
	whereabouts?(step: S): Promise<string[]>;
}

export type StepRegistry = { readonly [K in StepKind]: StepWork<Extract<Step, { kind: K }>> };
