// Options that several kinds share.
import * as v from "valibot";
import * as f from "../values/fields.ts";

export const query = v.pipe(f.text, v.description("a query that must succeed"));
export const expect = v.pipe(
	v.optional(v.string()),
	v.description("the result that the query must return; leading and trailing white space is ignored"),
);

/** Every kind has it. */
export const within = v.optional(
	f.seconds(f.pause, {
		about: "how long to retry until it passes",
		usual: "30s",
		least: 0,
		isFilledIn: true,
	}),
	"30s",
);
