// An application with SQLite databases, and possibly other files.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { record } from "../../values/record.ts";
import { defineModule } from "../module.ts";

export const sqlite = defineModule({
	name: "sqlite",
	about:
		"Any application with SQLite files: they are copied as they were at one moment, the rest of its folders as it is",
	sources: ["https://www.sqlite.org/lang_vacuum.html", "https://www.sqlite.org/howtocorrupt.html"],
	options: v.strictObject({
		apps: v.pipe(
			record(
				f.name,
				v.strictObject({
					folders: v.pipe(v.array(f.folder), v.minLength(1), v.description("the application's folders")),
					files: v.pipe(v.array(f.path), v.minLength(1), v.description("SQLite files in them")),
					units: v.pipe(v.optional(v.array(f.unitName), []), v.description("the units that use them")),
				}),
			),
			v.description("applications, by the name that their state gets"),
		),
	}),
	yields: ({ apps }) => ({
		state: Object.fromEntries(
			Object.entries(apps).map(([name, { folders, files, units }]) => [
				name,
				{ folders, dumps: files.map((file) => ({ sqlite: file })), stopOnRestore: units },
			]),
		),
	}),
	proven: "application",
});
