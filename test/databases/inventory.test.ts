// Everything that the servers' manuals know: see the table in docs/explanation/databases.md.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { scratch } from "../support/scratch.ts";
import { mariadbServer, noServers, postgresqlServer } from "../support/servers.ts";
import { comesBack } from "./inventory/inventory.ts";
import { MARIADB } from "./inventory/mariadb.ts";
import { DROP } from "./inventory/mariadb-and-mysql.ts";
import { POSTGRESQL } from "./inventory/postgresql.ts";

comesBack({
	name: "PostgreSQL",
	rows: POSTGRESQL,
	skip: noServers,
	scratch: scratch("inventory-postgresql"),
	start: () => postgresqlServer("-c wal_level=logical"),
	prepare(server) {
		for (const name of ["fast", "slow"]) {
			const folder = join(server.folder, name);
			mkdirSync(folder);
			spawnSync("chown", ["postgres:", folder]);
			server.sql("postgres", `CREATE TABLESPACE ${name} LOCATION '${folder}'`);
		}
		server.sql(
			"postgres",
			"CREATE ROLE app LOGIN PASSWORD 'pw' CONNECTION LIMIT 7 VALID UNTIL '2040-01-01'; CREATE ROLE reader; CREATE ROLE only_settings LOGIN; CREATE ROLE builder CREATEDB BYPASSRLS NOINHERIT PASSWORD 'x'",
		);
		server.sql(
			"postgres",
			"CREATE DATABASE app OWNER app TEMPLATE template0 TABLESPACE fast LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'",
		);
	},
	version: (server) => Number(server.sql("postgres", "SHOW server_version_num").slice(0, 2)),
	dump: ({ folder, port }) => ({ postgresql: "app", host: folder, port }),
	drop(server) {
		server.sql(
			"app",
			"SET default_transaction_read_only TO off; ALTER SUBSCRIPTION sub SET (slot_name = NONE); DROP SUBSCRIPTION sub",
		);
		server.sql("postgres", "DROP DATABASE app WITH (FORCE)");
		server.sql(
			"postgres",
			"DO $$ DECLARE one name; BEGIN FOR one IN SELECT rolname FROM pg_roles WHERE rolname !~ '^(pg_|postgres)' LOOP EXECUTE format('DROP OWNED BY %I; DROP ROLE %I', one, one); END LOOP; END $$",
		);
	},
});

comesBack({
	name: "MariaDB",
	rows: MARIADB,
	skip: noServers,
	scratch: scratch("inventory-mariadb"),
	start: () => mariadbServer(["--plugin-load-add=ha_archive"]),
	prepare: (server) => void server.sql("", "CREATE DATABASE app"),
	version: (server) => Number(server.sql("", "SELECT VERSION()").split(".")[0]),
	dump: ({ socket }) => ({ mariadb: "app", socket }),
	drop: (server) => void server.sql("", DROP),
});
