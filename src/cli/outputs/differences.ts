// What diff prints with --json.
import * as v from "valibot";
import type { Difference, RowDifference, UncountedDatabase, UndeclaredDatabase } from "../../plan/diff.ts";
import { errorReportSchema } from "../../values/error-report.ts";
import { about, like, type Output, text, texts } from "./output.ts";

const rowDifference = like<RowDifference>()(
	v.object({
		state: text,
		database: text,
		table: text,
		archived: v.optional(about("rows in the archive; absent if it has no such table", v.number())),
		live: v.optional(about("rows in the live database; absent if it has no such table", v.number())),
	}),
);
export const DIFFERENCES: Output = {
	title: "Differences from an archive",
	form: "document",
	schema: v.object({
		archive: text,
		rows: v.array(rowDifference),
		undeclared: about(
			"databases of the archive that the config does not declare",
			v.array(like<UndeclaredDatabase>()(v.object({ state: text, database: text }))),
		),
		uncounted: about(
			"databases whose rows could not be counted",
			v.array(
				like<UncountedDatabase>()(
					v.object({
						state: text,
						database: text,
						where: v.picklist(["live", "archive"]),
						why: errorReportSchema,
					}),
				),
			),
		),
		differences: v.array(
			like<Difference>()(
				v.object({
					state: text,
					path: text,
					change: about("what a restore would do to it", v.picklist(["add", "remove", "change"])),
					in: v.exactOptional(about("what differs: type, size, time, mode, owner or link", texts)),
				}),
			),
		),
	}),
};
