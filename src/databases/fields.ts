// Fields that dumps of several kinds have in common.
import * as v from "valibot";
import * as f from "../values/fields.ts";

/**
 * Used in place of a name: every database that exists at backup time, except system databases and those in `except`.
 */
export const ALL = "*";

export const port = v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535)));

/** For every kind that is a server. */
export const except = v.pipe(
	v.optional(v.array(f.text)),
	v.description(`with "${ALL}": databases to leave out`),
);
