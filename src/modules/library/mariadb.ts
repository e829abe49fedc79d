// MariaDB and MySQL.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { defineModule } from "../module.ts";
import { serverOptions, serverStates } from "../servers.ts";

export const mariadb = defineModule({
	name: "mariadb",
	about: "MariaDB or MySQL: every database with its accounts, views, triggers, routines and events",
	sources: [
		"https://mariadb.com/kb/en/mariadb-dump/",
		"https://mariadb.com/kb/en/rename-table/",
		"https://mariadb.com/kb/en/atomic-ddl/",
	],
	options: serverOptions(
		"mariadb",
		{
			socket: v.pipe(v.optional(f.path), v.description("the server's socket")),
			defaultsFile: v.pipe(v.optional(f.path), v.description("an option file with user, password and host")),
			user: v.pipe(v.optional(f.text), v.description("the user of the machine who asks")),
		},
		{},
	),
	yields: (options, { declared }) => serverStates("mariadb", options, declared),
	signs: { units: ["mariadb.service", "mysql.service"] },
	proven: "application",
});
