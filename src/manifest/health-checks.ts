// What shows that a service is healthy: asked after a restore, and by drills.
import * as v from "valibot";
import * as f from "../values/fields.ts";

const within = v.pipe(
	v.number(),
	v.minValue(0),
	v.description("seconds in which it has to pass; it is asked again until then"),
);
const user = v.pipe(v.optional(f.text), v.description("ask as this user"));
const expect = v.pipe(
	v.optional(v.string()),
	v.description("the answer must be this, apart from space around it"),
);

/** The forms of a check, with `within` as it stands in the manifest. */
export const healthCheckForms = {
	http: {
		http: v.pipe(
			v.string(),
			v.regex(/^https?:\/\/\S+$/, "write a whole address, like http://127.0.0.1:8080/health"),
			v.description("an address that must answer"),
		),
		status: v.pipe(
			v.optional(v.number()),
			v.description("the status it must have (default: any from 200 to 299)"),
		),
		contains: v.pipe(v.optional(f.text), v.description("a text that the answer must hold")),
	},
	script: {
		script: v.pipe(f.text, v.description("a script under `bash -euo pipefail` that must succeed")),
		user,
	},
	command: {
		command: v.pipe(f.argv, v.description("a program that must succeed, run without a shell")),
		user,
	},
	postgresql: {
		sql: v.pipe(f.text, v.description("a query that must succeed")),
		database: v.pipe(
			f.text,
			v.description(
				"the database that it is put to, on the server that the state's dump of it names; without one, the PostgreSQL here",
			),
		),
		user: v.pipe(v.optional(f.text), v.description("ask as this user (default: the dump's, or postgres)")),
		expect,
	},
	sqlite: {
		sql: v.pipe(f.text, v.description("a query that must succeed")),
		sqlite: v.pipe(f.path, v.description("the SQLite file that it is put to")),
		expect,
	},
};

export const healthCheckSchema = v.union([
	v.strictObject({ ...healthCheckForms.http, within }),
	v.strictObject({ ...healthCheckForms.script, within }),
	v.strictObject({ ...healthCheckForms.command, within }),
	v.strictObject({ ...healthCheckForms.postgresql, within }),
	v.strictObject({ ...healthCheckForms.sqlite, within }),
]);
export type HealthCheck = v.InferOutput<typeof healthCheckSchema>;

/** A check in a few words, for titles. */
export function healthCheckLabel(check: HealthCheck): string {
	if ("http" in check) return `GET ${check.http}`;
	if ("script" in check) return check.script.split("\n", 1)[0] ?? "";
	if ("command" in check) return check.command.join(" ");
	return check.sql;
}
