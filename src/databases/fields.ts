// The fields that dumps of several kinds have.
import * as v from "valibot";
import * as f from "../values/fields.ts";

/** In place of a name: every database that the server has when it is dumped, but its own and those in `except`. */
export const ALL = "*";

export const port = v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535)));

/** Of every kind that is a server. */
export const except = v.pipe(
	v.optional(v.array(f.text)),
	v.description(`with "${ALL}": databases that are left out`),
);
