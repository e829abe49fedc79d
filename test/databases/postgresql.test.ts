// PostgreSQL against the contract; its own features are tested in postgresql-databases and postgresql-server.
import type { Machine } from "../machine/machine.ts";
import { fulfilsContract } from "./contract.ts";
import { asPostgres, ODD, quoted } from "./postgresql.ts";

const facts = `
SELECT count(*), min(text), max(text), (SELECT tableowner FROM pg_tables WHERE tablename = 'note') FROM note;
SELECT convert_from(lo_get(loid), 'UTF8') FROM large;
SELECT extname FROM pg_extension ORDER BY 1;
SELECT pg_get_userbyid(datdba), datcollate, datallowconn FROM pg_database WHERE datname = current_database()`;

fulfilsContract({
	name: "PostgreSQL",
	units: ["postgresql.service"],
	stopOnRestore: ["app.service"],
	folders: ["/srv/app"],
	dump: { postgresql: ODD },
	async prepare(web01) {
		await web01.sh(
			"useradd --system app; until runuser -u postgres -- pg_isready -q; do sleep 0.2; done; cd /; runuser -u postgres -- createuser app",
		);
		await web01.write("/etc/systemd/system/app.service", "[Service]\nExecStart=/bin/sleep infinity\n");
	},
	async fill(web01) {
		await asPostgres(web01, "postgres", `DROP DATABASE IF EXISTS ${quoted(ODD)} WITH (FORCE)`);
		await asPostgres(
			web01,
			"postgres",
			`CREATE DATABASE ${quoted(ODD)} OWNER app TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'`,
		);
		await asPostgres(
			web01,
			ODD,
			"CREATE TABLE note (id serial PRIMARY KEY, text text); ALTER TABLE note OWNER TO app; INSERT INTO note (text) SELECT 'old ' || n FROM generate_series(1, 1000) AS n; CREATE TABLE large AS SELECT lo_from_bytea(0, 'a large object') AS loid; CREATE EXTENSION hstore",
		);
		await web01.sh("mkdir -p /srv/app; systemctl start app");
	},
	async change(web01) {
		await asPostgres(
			web01,
			ODD,
			"UPDATE note SET text = 'newer'; DELETE FROM note WHERE id > 500; SELECT lo_put(loid, 0, 'A NEWER ONE') FROM large; DROP EXTENSION hstore; CREATE TABLE extra AS SELECT 1 AS n",
		);
	},
	facts: async (web01: Machine) =>
		`${await asPostgres(web01, ODD, facts)}\n${await web01.sh("systemctl is-active app")}`,
	async destroy(web01) {
		await asPostgres(web01, "postgres", `DROP DATABASE ${quoted(ODD)}`);
		await web01.sh("rm -rf /srv/app");
	},
	breakDown: async (web01) => void (await web01.sh("systemctl stop postgresql@15-main")),
	repair: async (web01) =>
		void (await web01.sh(
			"systemctl start postgresql@15-main; until runuser -u postgres -- pg_isready -q; do sleep 0.2; done",
		)),
	rowsChanged: /PostgreSQL database we.* +public\.note +500 +1000\n(.*\n)?.*public\.extra +1 +-/,
});
