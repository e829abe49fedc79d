// A query to a database of a server.
import * as v from "valibot";
import { databaseNamed } from "../databases/question.ts";
import * as f from "../values/fields.ts";
import { askDatabase } from "./database.ts";
import { defineHealthCheck } from "./health-check.ts";
import { expect, query } from "./options.ts";

export const sql = defineHealthCheck({
	key: "database",
	options: {
		sql: query,
		database: v.pipe(
			f.text,
			v.description(
				"the database to query, on the server of the state's dump of it; without such a dump, on this machine's PostgreSQL server",
			),
		),
		user: v.pipe(
			v.optional(f.text),
			v.description("run the query as this user (default: the dump's user, or postgres)"),
		),
		expect,
	},
	runs: ["sql"],
	data: ["database", "expect"],
	asksService: false,
	label: ({ sql }) => sql,
	ask: ({ database, user, ...question }, attempt) => {
		const dump = databaseNamed(database, attempt.dumps);
		return askDatabase(user === undefined ? dump : { ...dump, user }, question, attempt);
	},
});
