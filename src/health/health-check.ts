// The definition of a kind of health check. Each file here is one kind; `list.ts` names them all.
import type * as v from "valibot";
import type { Dump } from "../databases/dump.ts";
import { shownAnswer, shownLines } from "../values/clip.ts";
import { reportOf } from "../values/error.ts";

/** What one attempt may use. */
export interface Attempt {
	/** The time limit in seconds. */
	readonly seconds: number;
	readonly signal: AbortSignal;
	/** The databases of the state that is checked. */
	readonly dumps: readonly Dump[];
	log(line: string): void;
}

/** Why it is not healthy. */
export interface Fault {
	/** Printed after the check's label and a colon: `answered with status 503`. */
	readonly what: string;
	/** Lines of output from the service or a program. */
	readonly details: readonly string[];
}

/** Loaded with every manifest, so `ask` itself imports the code that does the work. */
export interface HealthCheckKind<O extends v.ObjectEntries = v.ObjectEntries> {
	/** The option that identifies a check of this kind. */
	readonly key: string;
	/** In addition to `within`, which all kinds have. */
	readonly options: O;
	/** Options whose values are run or name what is run. Users see them before they adopt somebody else's config. */
	readonly runs?: readonly string[];
	/** Other options that hold text: it is never run. A test asks for those that are in neither list. */
	readonly data?: readonly string[];
	/** Whether the check needs the service's own units, rather than just a database's server or a file. */
	readonly asksService: boolean;
	/** A short description of the check, for titles. */
	label(options: v.InferOutput<v.StrictObjectSchema<O, undefined>>): string;
	/** Ask once; undefined if healthy. Throws if repeating is pointless. */
	ask(
		options: v.InferOutput<v.StrictObjectSchema<O, undefined>>,
		attempt: Attempt,
	): Promise<Fault | undefined>;
}

/** Gives a kind its types, and limits what its faults show of an answer, which may be of any length. */
export function defineHealthCheck<const O extends v.ObjectEntries>(
	kind: HealthCheckKind<O> & { readonly key: keyof O },
): HealthCheckKind<O> {
	return {
		...kind,
		async ask(options, attempt) {
			const fault = await kind.ask(options, attempt);
			return fault && { what: shownAnswer(fault.what), details: shownLines(fault.details) };
		},
	};
}

/** An error from something that may still be starting. */
export function faultOf(error: unknown): Fault {
	const { message, details = [] } = reportOf(error);
	return { what: message, details };
}
