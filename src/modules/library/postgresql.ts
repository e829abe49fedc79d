// PostgreSQL.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { defineModule } from "../module.ts";
import { serverOptions, serverStates } from "../servers.ts";

export const postgresql = defineModule({
	name: "postgresql",
	about:
		"PostgreSQL: every database with its roles and settings, loaded beside the live one and swapped by rename",
	sources: [
		"https://www.postgresql.org/docs/current/backup-dump.html",
		"https://www.postgresql.org/docs/current/sql-alterdatabase.html",
	],
	options: serverOptions(
		"postgresql",
		{
			user: v.pipe(
				v.optional(f.text),
				v.description("the user of the machine who may do all (default postgres)"),
			),
			host: v.pipe(v.optional(f.text), v.description("the folder of the server's socket, or its host name")),
			port: v.pipe(v.optional(v.number()), v.description("the server's port (default 5432)")),
			pgService: v.pipe(v.optional(f.text), v.description("a service of pg_service.conf")),
		},
		{
			excludeTableData: v.pipe(v.optional(v.array(f.text)), v.description("tables whose rows are left out")),
		},
	),
	yields: (options, { declared }) => serverStates("postgresql", options, declared),
	signs: { units: ["postgresql.service"] },
	proven: "application",
});
