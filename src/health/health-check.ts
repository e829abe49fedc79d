// What a kind of health check must say of itself. One file here is one kind; `list.ts` names them all.
import type * as v from "valibot";
import type { Dump } from "../databases/dump.ts";
import { reportOf } from "../values/error.ts";

/** What one attempt may use. */
export interface Attempt {
	/** Seconds that it may take. */
	readonly seconds: number;
	readonly signal: AbortSignal;
	/** The databases of the state that is asked about. */
	readonly dumps: readonly Dump[];
	log(line: string): void;
}

/** Why it is not healthy. */
export interface Fault {
	/** Follows the check's label and a colon: `answered with status 503`. */
	readonly what: string;
	/** Lines of what the service or a program said. */
	readonly details: readonly string[];
}

/** Loaded with every manifest, so that what asks, and all that it needs, is imported by `ask` itself. */
export interface HealthCheckKind<O extends v.ObjectEntries = v.ObjectEntries> {
	/** The option by which a check is of this kind. */
	readonly key: string;
	/** Beside `within`, which all have. */
	readonly options: O;
	/** Whether the service's own units must be up for an answer, rather than a database's server, or none for a file. */
	readonly asksService: boolean;
	/** The check in a few words, for titles. */
	label(options: v.InferOutput<v.StrictObjectSchema<O, undefined>>): string;
	/** Ask once; undefined when it is healthy. Throws when to ask again is of no use. */
	ask(
		options: v.InferOutput<v.StrictObjectSchema<O, undefined>>,
		attempt: Attempt,
	): Promise<Fault | undefined>;
}

/** Gives a kind its types; returns it unchanged. */
export function defineHealthCheck<const O extends v.ObjectEntries>(
	kind: HealthCheckKind<O> & { readonly key: keyof O },
): HealthCheckKind<O> {
	return kind;
}

/** An error of what may be on its way up. */
export function faultOf(error: unknown): Fault {
	const { message, details = [] } = reportOf(error);
	return { what: message, details };
}
