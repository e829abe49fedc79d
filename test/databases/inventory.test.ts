// Everything that the servers' manuals know: see the table in docs/explanation/databases.md.
import { scratch } from "../support/scratch.ts";
import { mariadbServer, noServers, postgresqlServer } from "../support/servers.ts";
import { comesBack } from "./inventory/inventory.ts";
import { MARIADB_SETTINGS, ofMariadb, ofPostgresql, POSTGRESQL_SETTINGS } from "./inventory/servers.ts";

comesBack({
	name: "PostgreSQL",
	skip: noServers,
	scratch: scratch("inventory-postgresql"),
	start: () => postgresqlServer(POSTGRESQL_SETTINGS),
	...ofPostgresql,
});

comesBack({
	name: "MariaDB",
	skip: noServers,
	scratch: scratch("inventory-mariadb"),
	start: () => mariadbServer(MARIADB_SETTINGS),
	...ofMariadb,
});
