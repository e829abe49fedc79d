// An SQLite file as declared in the config.
import * as v from "valibot";
import * as f from "../../values/fields.ts";

export const schema = v.strictObject({
	sqlite: v.pipe(f.path, v.description("an SQLite file, in one of the state's folders")),
});
export type SqliteDump = v.InferOutput<typeof schema>;
