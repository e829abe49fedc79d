// An application with SQLite databases, and possibly other files.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { record } from "../../values/record.ts";
import { defineModule } from "../module.ts";

export const sqlite = defineModule({
	name: "sqlite",
	about:
		"Any application with SQLite files, which are copied consistently; the rest of its folders is copied as it is",
	sources: ["https://www.sqlite.org/lang_vacuum.html", "https://www.sqlite.org/howtocorrupt.html"],
	options: v.strictObject({
		apps: v.pipe(
			record(
				f.name,
				v.strictObject({
					folders: v.pipe(v.array(f.folder), v.minLength(1), v.description("the application's folders")),
					files: v.pipe(v.array(f.path), v.minLength(1), v.description("the SQLite files in these folders")),
					units: v.pipe(v.optional(v.array(f.unitName), []), v.description("the units that use them")),
				}),
			),
			v.description("applications, by the name of their state"),
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
