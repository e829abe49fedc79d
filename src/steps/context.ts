// What a step's work may use of the run that it is in: its journal, how far the steps have come, and who is told.
import type { Records } from "../engines/archive-time.ts";
import type { Destination, Progress, Work } from "../engines/destination.ts";
import type { Manifest } from "../manifest/schema.ts";
import type { Ref } from "./fields.ts";
import type { Plan } from "./plan.ts";
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

/** A kind of step that hands something on. */
interface Handing<K extends string, H> {
	readonly kind: K;
	handedIn(step: string, noted: unknown): H | undefined;
}

/** What a step's work may use. `N`: what its undo must know; `H`: what later steps may know of it. */
export interface StepContext<N = unknown, H = unknown> {
	readonly plan: Plan;
	readonly signal: AbortSignal;
	/** Whether anybody looks at the progress. */
	readonly watched: boolean;
	/** A moment that a test of crashes may stop at; see `fault.ts`. Between any two things that a crash could part. */
	point(name: string): void;
	/** Keep facts that an undo or a later step will need. On disk and synced when it returns: call it before acting on them. */
	note(facts: N & H): void;
	/** What this step has noted last, or undefined. */
	noted(): N | undefined;
	/** What a step of this kind, here or earlier in the plan, hands on: of what it has noted last, or undefined. */
	handedBy<K extends string, R>(kind: Handing<K, R>, step: Ref<K>): R | undefined;
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

/** What work at an archive needs of it. */
export type ArchiveContext = Pick<StepContext, "plan" | "signal" | "watched" | "point" | "progress" | "log">;

export interface UndoContext<N = unknown, H = unknown> extends StepContext<N, H> {
	/** Whether the step had ended well; false when it failed, or when it is not known how far it came. */
	readonly completed: boolean;
	/** Whether something of the scope could not be undone before this. */
	readonly somethingLeft: boolean;
	/** What this step could not do now is tried again before every later run: see `later` of its kind. */
	leave(): void;
}

/** For what was left to do of a step of an earlier run. */
export interface LaterContext extends Work {
	readonly run: string;
	/** As it was in that run. Throws where that is not understood. */
	manifest(): Manifest;
	/** Old copies that a run kept are gone. */
	forget(run: string, state: string): void;
}
