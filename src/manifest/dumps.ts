// Databases that belong to a state: dumped with it, loaded beside the live one on restore, and swapped.
import * as v from "valibot";
import * as f from "./fields.ts";

export const dumpSchema = v.strictObject({
	postgresql: v.pipe(
		v.string(),
		v.nonEmpty("must not be empty"),
		v.maxBytes(63, "PostgreSQL's names have at most 63 bytes"),
		v.check((name) => !name.includes("\0"), "a name cannot hold a NUL byte"),
		v.check(
			(name) => !["postgres", "template0", "template1"].includes(name),
			"this database is the server's own, and cannot be swapped",
		),
		v.description("a PostgreSQL database, by name"),
	),
	user: v.pipe(
		v.optional(f.text),
		v.description(
			"the user of the machine who may do all with it (default: postgres, or oneself when not root)",
		),
	),
	port: v.pipe(
		v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535))),
		v.description("the server's port (default 5432); its socket is used"),
	),
});
/** One database; `postgresql` is its name. */
export type Dump = v.InferOutput<typeof dumpSchema>;

export function dumpLabel({ postgresql }: Dump): string {
	return `PostgreSQL database ${postgresql}`;
}

/** A file name that no two databases of a state share. */
export function dumpFile({ postgresql, port }: Dump): string {
	return `postgresql-${port ?? ""}${port ? "-" : ""}${encodeURIComponent(postgresql)}.dump`;
}
