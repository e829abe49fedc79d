// MariaDB and MySQL.
import { connection } from "../../databases/mariadb/schema.ts";
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
	options: serverOptions("mariadb", "/etc/mysql", connection, {}),
	yields: (options, { declared }) => serverStates("mariadb", options, declared),
	signs: { units: ["mariadb.service", "mysql.service"] },
	proven: "application",
});
