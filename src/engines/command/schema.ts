// The options of a command provider. Loaded with the manifest, so keep it light.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { timing } from "../fields.ts";

export const commandOptions = v.strictObject({
	type: v.literal("command"),
	...timing,
	create: v.pipe(f.text, v.description("script that creates an archive")),
	list: v.pipe(
		f.text,
		v.description("script that prints the archives: a JSON array of { name }, or one name per line"),
	),
	restore: v.pipe(
		f.text,
		v.description(
			"script that restores the folders FOLDERS (joined with ':') of the archive NAME to their original paths",
		),
	),
});
export type CommandOptions = v.InferOutput<typeof commandOptions>;
