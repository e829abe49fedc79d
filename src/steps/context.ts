// What a step's work may use of its run: the journal, the progress of other steps, and the run's events.
import type { Records } from "../engines/archive-time.ts";
import type { Destination, Progress, Work } from "../engines/destination.ts";
import type { Manifest } from "../manifest/schema.ts";
import type { Ref } from "./fields.ts";
import type { Plan } from "./plan.ts";
import type { KeptCopy, MadeArchive } from "./records.ts";
import type { LastGood } from "./work/expectations.ts";
import type { LostArchive } from "./work/lost.ts";

/** For one scope of an interrupted run: others may have written to the data that it had put in place. */
export interface Unwatched {
	/** In milliseconds: when its units were first to be started, or else when the run last recorded any work. */
	readonly since: number;
	/** Its units were to be started, or were found running. */
	readonly unitsWereUp: boolean;
}

/** A kind of step that hands facts on to later steps. */
interface Handing<K extends string, H> {
	readonly kind: K;
	handedIn(step: string, noted: unknown): H | undefined;
}

/** What a step's work may use. `N`: what its undo must know; `H`: what later steps may know. */
export interface StepContext<N = unknown, H = unknown> {
	readonly plan: Plan;
	readonly signal: AbortSignal;
	/** Whether anybody watches the progress. */
	readonly watched: boolean;
	/** A point where a test may crash the process; see `fault.ts`. Put one between any two effects that a crash could separate. */
	point(name: string): void;
	/** Record facts that an undo or a later step will need. On disk and synced when it returns: call it before acting on them. */
	note(facts: N & H): void;
	/** What this step recorded last, or undefined. */
	noted(): N | undefined;
	/** What a step of this kind, this one or an earlier one, handed on last, or undefined. */
	handedBy<K extends string, R>(kind: Handing<K, R>, step: Ref<K>): R | undefined;
	/** Whether a step has completed, according to the journal. */
	isDone(step: string): boolean;
	/** Why a scope failed, or undefined. */
	failureOf(scope: string): string | undefined;
	/** Whether a scope is in progress: it has neither failed nor been committed. */
	isUnderWay(scope: string): boolean;
	/** In a recovery: since when others may have written to the data that a scope had put in place. */
	unwatched(scope: string): Unwatched | undefined;
	/** In a recovery: report that units of a scope were running when it began. */
	foundUp(scope: string): void;
	/** Report, at the end of the run, what it leaves behind and where, whatever its outcome. Also kept in the journal. */
	leaves(line: string): void;
	/** Have the rest of this step's work retried before every later run: see `later` of its kind. */
	leave(): void;
	/** Mark a scope as failed although this step succeeded: what it stored is incomplete. */
	failScope(scope: string, error: Error): void;
	/** Whether anything was written to this destination before. */
	knows(location: string): boolean;
	/** The mount point of the destination's file system at the last write. */
	mountOf(location: string): { readonly mount?: string };
	/** The journal's records of archives with these names in a destination. */
	records(destination: Pick<Destination, "name" | "location">, names: readonly string[]): Records;
	/** Only these archives are left in a destination: forget missing ones that would cause warnings for a long time. */
	forgetGone(destination: Pick<Destination, "name" | "location">, names: readonly string[]): void;
	/** Archives that were made in a destination and are missing, given the names that are left. */
	lost(destination: Pick<Destination, "name" | "location">, names: readonly string[]): LostArchive[];
	/** These archives were just removed from a destination. */
	removed(destination: Pick<Destination, "location">, names: readonly string[]): void;
	/** The last good archive of a state, in any destination. */
	lastGood(state: string): LastGood | undefined;
	/** At the end of the run, report a scope as failed although its data are stored: they are in doubt, or something failed after that. */
	doubt(scope: string, error: Error): void;
	made(archive: MadeArchive): void;
	/** Bytes of an archive's files, if this machine made it and still has the record. */
	bytesOf(archiveId: string): number | undefined;
	keep(copy: KeptCopy): void;
	forget(run: string, state: string): void;
	progress(progress: Progress): void;
	log(line: string): void;
}

/** What work on an archive needs of the context. */
export type ArchiveContext = Pick<StepContext, "plan" | "signal" | "watched" | "point" | "progress" | "log">;

export interface UndoContext<N = unknown, H = unknown> extends StepContext<N, H> {
	/** Whether the step had completed; false if it failed, or if its progress is unknown. */
	readonly completed: boolean;
	/** Whether an earlier undo in this scope failed. */
	readonly somethingLeft: boolean;
}

/** For the remaining work of a step of an earlier run. */
export interface LaterContext extends Work {
	readonly run: string;
	/** The manifest of that run. Throws if it cannot be parsed. */
	manifest(): Manifest;
	/** The old copies that a run kept have been deleted. */
	forget(run: string, state: string): void;
}
