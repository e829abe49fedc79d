// The definition of a kind of step: one file in this folder that holds everything particular to it, and one line in list.ts.
//
// A step is plain data: it is printed, journaled, and possibly undone by a different process. Its kind defines its
// parameters, what it records for its undo, what it hands on to later steps, and how the executor treats it. That much is
// loaded whenever a journal is read; the behaviour is loaded when a run contains a step of the kind.
import * as v from "valibot";
import type { Manifest } from "../manifest/schema.ts";
import { HoldfastError } from "../values/error.ts";
import type { LaterContext, StepContext, UndoContext } from "./context.ts";
import type { Ref } from "./fields.ts";
import type { Step, StepBase } from "./plan.ts";
import type { UnitOutcome } from "./unit-outcome.ts";

/** A step of one kind, with the parameters that its schema describes. */
export type StepOf<K extends string, P extends v.ObjectEntries> = Readonly<
	v.InferOutput<v.ObjectSchema<P, undefined>>
> &
	Omit<StepBase, "id"> & { readonly kind: K; readonly id: Ref<K> };

/** How the executor treats steps of this kind. */
interface Traits {
	/** When it is done, its scope is committed and never undone. Its completion is on disk before anything relies on it. */
	readonly commits?: true;
	/** It only removes what is no longer needed: if it fails, the operation has still succeeded. */
	readonly tidies?: true;
	/** It may fail after the commit without leaving the state inconsistent. */
	readonly isAfterthought?: true;
	/** It changes only data of its own: an undo need not wait for one that hangs. */
	readonly onlyReads?: true;
	/** Once it has begun, services use the data that the scope has put in place. */
	readonly startsUnits?: true;
	/** The findings of `beforeUndo` decide what its undo does: if that fails, this step is not undone. */
	readonly looksFirst?: true;
	/** Until it is undone, no earlier step of the scope that touches the same path is: its data are still in that place. */
	readonly standsInPlace?: true;
	/**
	 * Its undo deletes evidence of how far the run has come, which the undos of other steps need if they are repeated: it
	 * waits until all of those are done and in the journal.
	 */
	readonly undoesLast?: true;
}

/** The behaviour of a kind of step. An undo is safe to repeat, and does nothing for what the step had not done yet. */
export interface StepWork<S extends Step = Step, N = unknown, H = unknown> {
	/** What its errors are about, if they do not say so themselves. Default: what the step touches, if that is one thing. */
	about?(step: S): string;
	/** Whether there is anything for it to do, which only earlier steps tell. If not, it counts as done and is not mentioned. */
	isDue?(step: S, context: Pick<StepContext, "plan" | "handedBy">): boolean;
	/** The return value is reported as the step's result. */
	run(step: S, context: StepContext<N, H>): Promise<unknown>;
	undo?(step: S, context: UndoContext<N, H>): Promise<void>;
	/** Runs before anything of the scope is undone, in the order of the plan. */
	beforeUndo?(step: S, context: StepContext<N, H>): Promise<void>;
	/** Runs before the rest of a committed scope is completed, in a different process than the interrupted one. */
	beforeFinish?(step: S, context: StepContext<N, H>): Promise<void>;
	/** Does the remaining work, before a later run. */
	later?(step: S, context: LaterContext): Promise<void>;
	/** When an undo failed: lines that say where this step's data are on disk now. */
	whereabouts?(step: S): Promise<string[]>;
	/** The outcome of each unit that the step dealt with. */
	units?(step: S, context: Pick<StepContext, "handedBy">): readonly UnitOutcome[];
}

interface Definition<K extends string, P extends v.ObjectEntries, I extends (...of: never[]) => string, N, H>
	extends Traits {
	readonly kind: K;
	/** Parameters besides those of every step. Any that were added after the first version are optional. */
	readonly params: P;
	/** Makes the ids of its steps. Steps that refer to one of this kind use it too. */
	readonly id: I;
	/** What its undo must know. */
	readonly note?: v.GenericSchema<unknown, N>;
	/** What later steps may know. Recorded together with the note; other steps see only this part. */
	readonly hands?: v.GenericSchema<unknown, H>;
	/** Describes what remains to be done when it fails: that is recorded, and `later` does it. */
	readonly due?: (step: StepOf<K, P>) => string;
	/**
	 * The location of what must answer for it to be done, from the manifest of the step's own run: if it does not answer,
	 * nothing else that is due there is tried before this run.
	 */
	readonly dueAt?: (step: StepOf<K, P>, manifest: Manifest) => Promise<string>;
	readonly work: () => Promise<StepWork<NoInfer<StepOf<K, P>>, NoInfer<N>, NoInfer<H>>>;
}

/** A kind of step, as the rest of the program sees it. */
export interface StepKind<
	K extends string = string,
	S extends Step = Step,
	I extends (...of: never[]) => string = (...of: never[]) => string,
	N = unknown,
	H = unknown,
> extends Traits {
	readonly kind: K;
	id(...of: Parameters<I>): Ref<K>;
	/** Make a step of this kind. */
	step(fields: Omit<S, "kind">): S;
	/** The steps of this kind. */
	among(steps: readonly Step[]): S[];
	/** The first problem with the parameters of a stored step, or undefined. */
	faultOf(step: object): v.BaseIssue<unknown> | undefined;
	/** A step's recorded facts, in the form for its undo and for later steps. Throw if they cannot be parsed. */
	noteIn(step: string, noted: unknown): N | undefined;
	handedIn(step: string, noted: unknown): H | undefined;
	due?(step: S): string;
	dueAt?(step: S, manifest: Manifest): Promise<string>;
	work(): Promise<StepWork<S, N, H>>;
}

export function defineStep<
	const K extends string,
	const P extends v.ObjectEntries,
	const I extends (...of: never[]) => string,
	N = unknown,
	H = unknown,
>({ id, params, note, hands, ...kind }: Definition<K, P, I, N, H>): StepKind<K, StepOf<K, P>, I, N, H> {
	const shape = v.looseObject(params);
	const isOfKind = (step: Step): step is StepOf<K, P> => step.kind === kind.kind;
	return {
		...kind,
		id: id as StepKind<K, StepOf<K, P>, I, N, H>["id"],
		step: (fields) => ({ ...fields, kind: kind.kind }) as StepOf<K, P>,
		among: (steps) => steps.filter(isOfKind),
		faultOf: (step) => v.safeParse(shape, step, { abortEarly: true }).issues?.[0],
		noteIn: (step, noted) => (note === undefined ? undefined : understood(note, step, noted)),
		handedIn: (step, noted) => (hands === undefined ? undefined : understood(hands, step, noted)),
	};
}

function understood<T>(schema: v.GenericSchema<unknown, T>, step: string, noted: unknown): T | undefined {
	if (noted === undefined) return undefined;
	const { success, output, issues } = v.safeParse(schema, noted, { abortEarly: true });
	if (success) return output;
	throw new HoldfastError(
		"journal-damaged",
		`the journal's entry for ${step} cannot be read: ${issues[0].message}`,
		{
			subject: step,
			hint: "check what its run left behind, then give it up with: holdfast recover --abandon RUN",
		},
	);
}
