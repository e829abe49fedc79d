// The database servers of the crash tests, with their data on a disk that can lose what was not synced.
import { installMysql } from "../databases/mysql.ts";
import type { Machine } from "../machine/machine.ts";
import type { Scenario } from "./scenario.ts";

/** A server whose data are on a disk that can lose what was not synced. */
export interface Server {
	/** The unit that starts at boot if the server's packages come from this host. */
	readonly unit?: string;
	prepare(web01: Machine): Promise<unknown>;
	/**
	 * The unit that runs it: a full disk may end it, and then it stays down until somebody frees space and starts it.
	 */
	readonly service: string;
	fill(which: string): string;
	/** Prints which state the database is in if it is complete; otherwise what is wrong with it. */
	readonly read: string;
	/** Prints databases that a run should not have left behind, or left closed. */
	readonly left: string;
	drop(database: string): string;
}

export const SERVERS: Readonly<Record<string, Server>> = {
	postgresql: {
		unit: "postgresql.service",
		service: "postgresql@15-main.service",
		prepare: (web01) =>
			web01.sh(`
			pg_dropcluster 15 main --stop
			pg_createcluster 15 main -d /disk/postgresql >/dev/null
			systemctl start postgresql@15-main
			until runuser -u postgres -- pg_isready -q; do sleep 0.2; done
			runuser -u postgres -- createdb app
		`),
		fill: (which) =>
			`runuser -u postgres -- psql -XqAt -v ON_ERROR_STOP=1 -d app -c "DROP TABLE IF EXISTS note; CREATE TABLE note AS SELECT '${which}' AS text FROM generate_series(1, 100)"`,
		read: `
			cd /; for n in $(seq 100); do runuser -u postgres -- pg_isready -q && break; sleep 0.1; done
			runuser -u postgres -- psql -XqAt -d app -c "SELECT string_agg(DISTINCT text, '+') || CASE count(*) WHEN 100 THEN '' ELSE ' but ' || count(*) || ' rows' END FROM note" 2>&1 || true
		`,
		left: `cd /; runuser -u postgres -- psql -XqAtd postgres -c "SELECT datname FROM pg_database WHERE datname LIKE 'holdfast%' OR NOT datallowconn AND datname <> 'template0'"`,
		drop: (database) => `cd /; runuser -u postgres -- dropdb ${database}`,
	},
	mariadb: {
		unit: "mariadb.service",
		service: "mariadb.service",
		prepare: (web01) =>
			web01.sh(`
			systemctl stop mariadb
			cp -a /var/lib/mysql /disk/mysql
			printf '[mysqld]\\ndatadir=/disk/mysql\\ninnodb_log_file_size=8M\\n' >/etc/mysql/mariadb.conf.d/99-disk.cnf
			systemctl start mariadb
			mariadb -e 'CREATE DATABASE app'
		`),
		...tables("mariadb"),
	},
	mysql: {
		service: "mysql.service",
		prepare: async (web01) => {
			await installMysql(web01, "/disk/mysql");
			await web01.sh("mysql -e 'CREATE DATABASE app'");
		},
		...tables("mysql"),
	},
};

/** One table, and a view and a trigger that also show which state they belong to. */
function tables(client: string): Pick<Server, "fill" | "read" | "left" | "drop"> {
	return {
		fill: (which) => `${client} app -e "
			DROP VIEW IF EXISTS v; DROP TABLE IF EXISTS note, log; CREATE TABLE log (text TEXT);
			CREATE TABLE note (text TEXT); INSERT INTO note SELECT '${which}' FROM information_schema.columns LIMIT 100;
			CREATE VIEW v AS SELECT DISTINCT text, '${which}' AS own FROM note;
			CREATE TRIGGER t AFTER DELETE ON note FOR EACH ROW INSERT INTO log VALUES ('${which}')"`,
		read: `
			for n in $(seq 100); do ${client} -e 'SELECT 1' >/dev/null 2>&1 && break; sleep 0.1; done
			${client} -N app -e "SELECT IF(text = own AND (SELECT count(*) FROM note) = 100 AND (SELECT action_statement LIKE CONCAT('%', QUOTE(text), '%') FROM information_schema.triggers WHERE trigger_schema = 'app'), text, CONCAT(text, ' with the view of ', own)) FROM v" 2>&1 || true
		`,
		left: `${client} -Ne "SHOW DATABASES LIKE 'holdfast%'"`,
		drop: (database: string) => `${client} -e "DROP DATABASE ${database}"`,
	};
}

/** The server of a scenario's database. */
export function serverOf({ state, server }: Scenario): string | undefined {
	if (server !== undefined) return server;
	const [dump] = Object.values(state).flatMap(({ dumps }) => (dumps ?? []) as object[]);
	return dump && Object.keys(dump)[0];
}

export const server = (scenario: Scenario) => SERVERS[serverOf(scenario) ?? ""];
