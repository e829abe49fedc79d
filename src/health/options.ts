// Options that several kinds share.
import * as v from "valibot";
import * as f from "../values/fields.ts";

export const user = v.pipe(v.optional(f.text), v.description("ask as this user"));
export const query = v.pipe(f.text, v.description("a query that must succeed"));
export const expect = v.pipe(
	v.optional(v.string()),
	v.description("the answer must be this, apart from space around it"),
);

/** Every kind has it. */
export const within = v.optional(
	f.seconds(f.pause, {
		about: "how long it may take to pass; it is repeated until then",
		usual: "30s",
		least: 0,
		isFilledIn: true,
	}),
	"30s",
);
