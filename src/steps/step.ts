// What a kind of step is: one file in this folder that says all that is particular to it, and one line in list.ts.
//
// A step is plain data: it is printed, journaled, and undone by another process than the one that began it. Its kind says
// which parameters it has, what it notes for its undo, what it hands on to later steps, and how the executor is to treat
// it. That much is read whenever a journal is; what a step does is loaded when a run has one of its kind.
import * as v from "valibot";
import { HoldfastError } from "../values/error.ts";
import type { LaterContext, StepContext, UndoContext } from "./context.ts";
import type { Ref } from "./fields.ts";
import type { Step, StepBase } from "./plan.ts";
import type { UnitOutcome } from "./unit-outcome.ts";

/** A step of one kind, with the parameters that its schemas describe. */
export type StepOf<K extends string, P extends v.ObjectEntries> = Readonly<
	v.InferOutput<v.ObjectSchema<P, undefined>>
> &
	Omit<StepBase, "id"> & { readonly kind: K; readonly id: Ref<K> };

/** What the executor makes of a step of this kind. */
interface Traits {
	/** When it is done, its scope is finished and never undone: its end is on disk before anybody counts on it. */
	readonly commits?: true;
	/** It only takes away what is no longer needed: what was asked for is done also when it fails. */
	readonly tidies?: true;
	/** It may fail after the commit without leaving the state half-way. */
	readonly isAfterthought?: true;
	/** It changes nothing but what is its own: an undo need not wait for one that hangs. */
	readonly onlyReads?: true;
	/** From its beginning on, services use what the scope has put in place. */
	readonly startsUnits?: true;
	/** What `beforeUndo` finds decides what its undo does: without it this step is not undone. */
	readonly looksFirst?: true;
	/** While it is not undone, no earlier step of the scope that touches the same is either: it stands there. */
	readonly standsInPlace?: true;
	/**
	 * Its undo deletes what tells the undos of later steps, should they be repeated, how far things have come: it waits
	 * until all of those are done and in the journal.
	 */
	readonly undoesLast?: true;
}

/** What a step of a kind does. An undo is safe to repeat, and does nothing for what the step did not come to do. */
export interface StepWork<S extends Step = Step, N = unknown, H = unknown> {
	/** What it returns is told as its result. */
	run(step: S, context: StepContext<N, H>): Promise<unknown>;
	undo?(step: S, context: UndoContext<N, H>): Promise<void>;
	/** Before anything of the scope is undone, in the order of the plan. */
	beforeUndo?(step: S, context: StepContext<N, H>): Promise<void>;
	/** Before what is left of a committed scope is done, in another process than the one that died. */
	beforeFinish?(step: S, context: StepContext<N, H>): Promise<void>;
	/** What was left to do of it, before a later run. */
	later?(step: S, context: LaterContext): Promise<void>;
	/** When an undo failed: lines that say what of this step is where on disk now. */
	whereabouts?(step: S): Promise<string[]>;
	/** How the units ended up that it had to do with. */
	units?(step: S, context: Pick<StepContext, "handedBy">): readonly UnitOutcome[];
}

interface Definition<K extends string, P extends v.ObjectEntries, I extends (...of: never[]) => string, N, H>
	extends Traits {
	readonly kind: K;
	/** What such a step must say beside what every step does. What no version wrote from the start on is optional. */
	readonly params: P;
	/** Makes its ids: steps that refer to one of this kind take them from here. */
	readonly id: I;
	/** What its undo must know. */
	readonly note?: v.GenericSchema<unknown, N>;
	/** What later steps may know of it. It is noted with the rest, and no other step sees that. */
	readonly hands?: v.GenericSchema<unknown, H>;
	/** What is left to do when it fails, in words: it is remembered, and done `later`. */
	readonly due?: (step: StepOf<K, P>) => string;
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
	/** A step of this kind, for a plan. */
	step(fields: Omit<S, "kind">): S;
	/** Those of a plan. */
	among(steps: readonly Step[]): S[];
	/** What is wrong with the parameters of a step that was stored; undefined where nothing is. */
	faultOf(step: object): v.BaseIssue<unknown> | undefined;
	/** What a step has noted, as its undo takes it, and as later steps do. Throws where that is not understood. */
	noteIn(step: string, noted: unknown): N | undefined;
	handedIn(step: string, noted: unknown): H | undefined;
	due?(step: S): string;
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
		`what the journal has of ${step} is not understood: ${issues[0].message}`,
		{
			hint: "look at what its run has left, then give it up with: holdfast recover --abandon RUN",
		},
	);
}
