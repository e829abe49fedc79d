// What a command prints with --json: the schema of a document, or of each line. One definition per shape; `holdfast schema`,
// the reference and the tests read it, and the compiler compares it with the type that the command prints.
import * as v from "valibot";

export interface Output {
	/** Its heading in the reference. */
	readonly title: string;
	readonly form: "document" | "lines";
	readonly schema: v.GenericSchema;
}

/** What a command prints in one case. */
export interface OutputCase {
	/** When it prints this and not its first output. */
	readonly when?: string;
	readonly output: Output;
}

type Frozen<T> = T extends readonly (infer E)[]
	? readonly Frozen<E>[]
	: T extends object
		? { readonly [K in keyof T]: Frozen<T[K]> }
		: T;

/** `unknown` if `I` has the keys of `T` and takes every value of it; otherwise the keys or the type that differ. */
type Mismatch<T, I> = [T] extends [Frozen<I>]
	? [Exclude<keyof T, keyof I>, Exclude<keyof I, keyof T>] extends [never, never]
		? unknown
		: { readonly keysThatDiffer: Exclude<keyof T, keyof I> | Exclude<keyof I, keyof T> }
	: { readonly isNot: T };

/** A schema of the type `T`: of all its keys, and no others. */
export const like =
	<T>() =>
	<S extends v.GenericSchema>(schema: S & Mismatch<T, v.InferInput<S>>): S =>
		schema;

export const text = v.string();
export const texts = v.array(v.string());
export const count = v.number();
export const yes = v.exactOptional(v.literal(true));
export const maybe = v.exactOptional(v.string());
export const number = v.exactOptional(v.number());

/** An RFC 3339 time in UTC. */
export const time = v.pipe(v.string(), v.isoTimestamp(), v.description("RFC 3339"));

/** The same schema with a description. */
export const about = <S extends v.GenericSchema>(description: string, schema: S) =>
	v.pipe(schema, v.description(description));
