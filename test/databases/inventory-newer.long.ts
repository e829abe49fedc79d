// Everything that the servers' manuals know, on the versions of Debian 13.
import { scratch } from "../support/scratch.ts";
import { noServers } from "../support/servers.ts";
import { comesBack } from "./inventory/inventory.ts";
import { MARIADB_SETTINGS, ofMariadb, ofPostgresql, POSTGRESQL_SETTINGS } from "./inventory/servers.ts";
import { mariadb11, mariadb11Server, postgresql17, postgresql17Server } from "./newer.ts";

comesBack({
	name: "PostgreSQL 17",
	skip: noServers ?? postgresql17.missing,
	scratch: scratch("inventory-postgresql-17"),
	start: () => postgresql17Server(POSTGRESQL_SETTINGS),
	...ofPostgresql,
});

comesBack({
	name: "MariaDB 11.8",
	skip: noServers ?? mariadb11.missing,
	scratch: scratch("inventory-mariadb-11"),
	start: () => mariadb11Server(MARIADB_SETTINGS),
	...ofMariadb,
});
