// Everything that the servers' manuals know, on the versions of Debian 13.
import { scratch } from "../support/scratch.ts";
import { noNewer } from "../support/server-programs.ts";
import { mariadbServer, noServers, postgresqlServer } from "../support/servers.ts";
import { comesBack } from "./inventory/inventory.ts";
import { MARIADB_SETTINGS, ofMariadb, ofPostgresql, POSTGRESQL_SETTINGS } from "./inventory/servers.ts";

comesBack({
	name: "PostgreSQL 17",
	skip: noServers ?? noNewer(),
	scratch: scratch("inventory-postgresql-17"),
	start: () => postgresqlServer(POSTGRESQL_SETTINGS, "trixie"),
	...ofPostgresql,
});

comesBack({
	name: "MariaDB 11.8",
	skip: noServers ?? noNewer(),
	scratch: scratch("inventory-mariadb-11"),
	start: () => mariadbServer(MARIADB_SETTINGS, "trixie"),
	...ofMariadb,
});
