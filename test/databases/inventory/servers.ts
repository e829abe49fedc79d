// What the inventory of each server asks of a real one, whatever its version.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Inventory } from "./inventory.ts";
import { MARIADB } from "./mariadb.ts";
import { DROP } from "./mariadb-and-mysql.ts";
import { POSTGRESQL } from "./postgresql.ts";

type OfAnyVersion = Omit<Inventory, "name" | "skip" | "scratch" | "start">;

export const POSTGRESQL_SETTINGS = "-c wal_level=logical";
export const ofPostgresql: OfAnyVersion = {
	rows: POSTGRESQL,
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
};

export const MARIADB_SETTINGS = ["--plugin-load-add=ha_archive"];
export const ofMariadb: OfAnyVersion = {
	rows: MARIADB,
	prepare: (server) => void server.sql("", "CREATE DATABASE app"),
	version: (server) => Number(server.sql("", "SELECT VERSION()").split(".")[0]),
	dump: ({ socket }) => ({ mariadb: "app", socket }),
	drop: (server) => void server.sql("", DROP),
};
