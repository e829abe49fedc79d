// The definition of MariaDB and MySQL. It loads none of the code that talks to the server.
import { defineDatabase } from "../database.ts";
import { connection, schema } from "./schema.ts";

export const mariadb = defineDatabase({
	key: "mariadb",
	label: "MariaDB",
	kind: "server",
	schema,
	connection,
	client: { names: ["mariadb-dump", "mysqldump"], debianPackage: "mariadb-client" },
	runs: ["defaultsFile"],
	units: {
		names: ["mariadb.service", "mysql.service"],
		pattern: /^(mariadb|mysql|mysqld)(@.*)?(\.service)?$/,
	},
	data: ["mariadb", "socket"],
	speaksSql: true,
	named: (database) => ({ mariadb: database }),
	where: ({ socket, defaultsFile }) => [socket, defaultsFile],
	open: async (dump, signal) => (await import("./mariadb.ts")).mariadb(dump, signal),
});
