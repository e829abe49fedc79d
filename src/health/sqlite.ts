// A query to an SQLite file.
import * as v from "valibot";
import * as f from "../values/fields.ts";
import { askDatabase } from "./database.ts";
import { defineHealthCheck } from "./health-check.ts";
import { expect, query } from "./options.ts";

export const sqlite = defineHealthCheck({
	key: "sqlite",
	options: {
		sql: query,
		sqlite: v.pipe(f.path, v.description("the SQLite file to query")),
		expect,
	},
	runs: ["sql"],
	data: ["expect", "sqlite"],
	asksService: false,
	label: ({ sql }) => sql,
	ask: ({ sqlite, ...question }, attempt) => askDatabase({ sqlite }, question, attempt),
});
