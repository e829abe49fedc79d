// Shared by the tests of PostgreSQL: a name that is hard to quote, a query as the user postgres, and an application
// with a folder and two databases.
import assert from "node:assert/strict";
import { before, beforeEach } from "node:test";
import { type Machine, machine } from "../machine/machine.ts";
import { testedBundle } from "../support/tested-bundle.ts";

export const ODD = `we"ird'; DROP TABLE x; = ü\\`;

export const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** Not Debian's wrapper of it, which takes five times as long as the query; postgresql.test.ts uses that. */
const PSQL = ["sh", "-c", 'exec /usr/lib/postgresql/*/bin/psql "$@"', "psql"];

export async function asPostgres(web01: Machine, database: string, statement: string): Promise<string> {
	const name = `dbname='${database.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
	const { code, stdout, stderr } = await web01.run(
		["runuser", "-u", "postgres", "--", ...PSQL, "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", name],
		{ input: statement, cwd: "/" },
	);
	assert.equal(code, 0, `${statement}\n${stderr}`);
	return stdout.trim();
}

/**
 * Call in a `describe`: a machine with the application; each test starts with it filled, running and not yet backed
 * up.
 */
export function application(disks: Readonly<Record<string, "ext4">> = {}) {
	let web01: Machine;

	before(async () => {
		web01 = await machine("web01", { units: ["postgresql.service"], disks });
		await web01.sh(`
			useradd --system app
			until runuser -u postgres -- pg_isready -q; do sleep 0.2; done
			runuser -u postgres -- createuser app
			runuser -u postgres -- createuser other
			runuser -u postgres -- createdb -O other other
		`);
		await web01.write(
			"/etc/systemd/system/app.service",
			"[Service]\nUser=app\nExecStart=/bin/sh -c 'cd /usr/lib/postgresql/*/bin; while ./psql -qAtd app -c \"SELECT count(*) FROM note\" >/dev/null; do sleep 0.5; done'\n[Install]\nWantedBy=multi-user.target\n",
		);
		await web01.sh("systemctl enable app 2>/dev/null");
	});

	beforeEach(async () => {
		await web01.sh(
			"systemctl stop app || true; rm -rf /mnt/archives /mnt/repo /srv/app /var/lib/holdfast; mkdir -p /srv/app; echo old >/srv/app/file",
		);
		for (const name of ["app", ODD]) {
			await sql("postgres", `DROP DATABASE IF EXISTS ${quoted(name)} WITH (FORCE)`);
			await sql(
				"postgres",
				`CREATE DATABASE ${quoted(name)} OWNER app TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'`,
			);
			await sql(
				name,
				"CREATE TABLE note (id serial PRIMARY KEY, text text); ALTER TABLE note OWNER TO app; INSERT INTO note (text) SELECT 'old ' || n FROM generate_series(1, 1000) AS n",
			);
		}
		await web01.sh("systemctl start app");
	});

	const sql = (database: string, statement: string) => asPostgres(web01, database, statement);
	const declare = (state: object = {}) =>
		web01.write(
			"/etc/holdfast/holdfast.json",
			JSON.stringify({
				machines: {
					web01: {
						state: {
							app: {
								folders: ["/srv/app"],
								dumps: [{ postgresql: "app" }, { postgresql: ODD }],
								stopOnRestore: ["app.service"],
								settle: 0,
								...state,
							},
						},
						providers: {
							tar: { destinations: { disk: { path: "/mnt/archives" } } },
							borgbackup: { destinations: { repo: { repo: "/mnt/repo", encryption: "none" } } },
						},
					},
				},
			}),
		);
	const holdfast = async (expected: number, ...words: string[]) => {
		const { code, stdout, stderr } = await web01.run(
			[
				"sh",
				"-c",
				'PATH="$(echo /usr/lib/postgresql/*/bin):$PATH" exec /opt/holdfast/bin/holdfast "$@"',
				"sh",
				...words,
			],
			{ env: testedBundle("/opt/holdfast") },
		);
		assert.equal(code, expected, `holdfast ${words.join(" ")}\n${stdout}${stderr}`);
		return stderr;
	};
	const change = async () => {
		await web01.sh("echo newer >/srv/app/file");
		for (const name of ["app", ODD])
			await sql(name, "UPDATE note SET text = 'newer'; DELETE FROM note WHERE id > 500");
	};
	const facts = async () => [
		await web01.sh("cat /srv/app/file"),
		...(await Promise.all(
			["app", ODD].map((name) =>
				sql(
					name,
					"SELECT count(*), min(text), (SELECT tableowner FROM pg_tables WHERE tablename = 'note') FROM note",
				),
			),
		)),
		await sql(
			"postgres",
			"SELECT datname, pg_get_userbyid(datdba), datcollate, datallowconn FROM pg_database WHERE datname NOT LIKE 'template%' ORDER BY 1",
		),
		await web01.sh(
			"systemctl is-active app; ls -A /srv; ls -A /var/lib/holdfast | grep -Ev '^(journal|private.key)' || true",
		),
	];

	return { web01: () => web01, sql, declare, holdfast, change, facts };
}
