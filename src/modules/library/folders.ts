// Plain folders, by name.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { record } from "../../values/record.ts";
import { defineModule } from "../module.ts";

export const folders = defineModule({
	name: "folders",
	about: "Folders of files that nothing writes to while they are copied; each becomes a separate state",
	sources: ["https://www.gnu.org/software/tar/manual/html_node/Backups.html"],
	options: record(f.name, v.union([f.folder, v.pipe(v.array(f.folder), v.minLength(1))])),
	yields: (options) => ({
		state: Object.fromEntries(
			Object.entries(options).map(([name, paths]) => [
				name,
				{ folders: typeof paths === "string" ? [paths] : paths },
			]),
		),
	}),
	proven: "application",
});
