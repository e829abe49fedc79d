// `restore --as OLD=NEW`: a database of an archive becomes a new one beside the live one, which is left alone; or on
// another server, with `OLD=SERVER:NEW`.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { before, describe, test } from "node:test";
import { namedAnew } from "../../src/cli/new-names.ts";
import { linesOf } from "../docs/page.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { mariadbServer, noServers, postgresqlServer, type TestServer, until } from "../support/servers.ts";

const folder = scratch("new-names");
const EVERY = process.env.HOLDFAST_MOMENTS === "every";

interface Kind {
	readonly name: string;
	start(): Promise<TestServer>;
	readonly key: string;
	connection(server: TestServer): object;
	/** The database `app` with two notes, which a view counts, and functions, triggers and rights of its own account. */
	readonly fill: readonly (readonly [database: string, statements: string])[];
	names(server: TestServer): string;
	definition(server: TestServer, database: string): string;
}

const KINDS: readonly Kind[] = [
	{
		name: "MariaDB",
		start: () => mariadbServer(),
		key: "mariadb",
		connection: ({ socket }) => ({ socket }),
		fill: [
			[
				"",
				"CREATE DATABASE app CHARACTER SET latin1; CREATE USER app@localhost IDENTIFIED BY 'pw'; GRANT ALL ON app.* TO app@localhost",
			],
			[
				"app",
				`CREATE TABLE note (id INT PRIMARY KEY, text TEXT); CREATE TABLE log (id INT); INSERT INTO note VALUES (1, 'a'), (2, 'b');
				CREATE DEFINER=app@localhost VIEW counted AS SELECT count(*) AS n FROM note;
				CREATE DEFINER=app@localhost TRIGGER \`logged\` AFTER INSERT ON \`note\` FOR EACH ROW INSERT INTO log VALUES (NEW.id);
				CREATE DEFINER=app@localhost FUNCTION twice(x INT) RETURNS INT DETERMINISTIC RETURN 2 * x`,
			],
		],
		names: (server) =>
			server.sql(
				"",
				"SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE '%app%' OR schema_name LIKE 'holdfast%' ORDER BY 1",
			),
		definition: ({ socket }, database) =>
			spawnSync(
				"mariadb-dump",
				[
					...["--no-defaults", `--socket=${socket}`, "--skip-dump-date", "--skip-comments"],
					...["--routines", "--triggers", database],
				],
				{ encoding: "utf8" },
			).stdout,
	},
	{
		name: "PostgreSQL",
		start: () => postgresqlServer(),
		key: "postgresql",
		connection: ({ folder, port }) => ({ host: folder, port }),
		fill: [
			["postgres", "CREATE ROLE app LOGIN PASSWORD 'pw'"],
			["postgres", "CREATE DATABASE app OWNER app"],
			[
				"app",
				`SET ROLE app; CREATE SCHEMA own; CREATE TABLE own.note (id INT PRIMARY KEY, text TEXT); CREATE TABLE own.log (id INT); INSERT INTO own.note VALUES (1, 'a'), (2, 'b');
				CREATE VIEW own.counted AS SELECT count(*) AS n FROM own.note;
				CREATE FUNCTION own.logging() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO own.log VALUES (NEW.id); RETURN NEW; END $$;
				CREATE TRIGGER logged AFTER INSERT ON own.note FOR EACH ROW EXECUTE FUNCTION own.logging()`,
			],
		],
		names: (server) =>
			server.sql(
				"postgres",
				"SELECT datname FROM pg_database WHERE datname LIKE '%app%' OR datname LIKE 'holdfast%' ORDER BY 1",
			),
		definition: ({ socket, port }, database) =>
			spawnSync(
				"setpriv",
				[
					...["--reuid=postgres", "--regid=postgres", "--init-groups", "--"],
					...["pg_dump", `--host=${socket}`, `--port=${port}`, database],
				],
				{ encoding: "utf8", cwd: "/" },
			).stdout.replaceAll(/^\\(un)?restrict .*$/gm, ""),
	},
];

test("two new databases of one name on one server, whatever the config calls it, are refused", async () => {
	const held = ["a", "b"].map((name) => ({
		...{ dump: { mariadb: name, socket: "/nowhere" }, stored: name, facts: { version: 10 } },
	}));
	const one = { mariadb: { socket: "/elsewhere" } };
	for (const words of [
		["a=one:x", "b=two:x"],
		["a=x", "b=own:x"],
	])
		await assert.rejects(
			namedAnew(words, { app: held }, { one, two: one, own: { mariadb: { socket: "/nowhere" } } }),
			/--as names x twice on the same server/,
		);
});

for (const kind of KINDS)
	describe(`a ${kind.name} database under a new name`, { skip: noServers }, () => {
		let server: TestServer;
		let spare: TestServer;
		let place: Place;
		let whole: string;
		/** `others`: states besides `app`. */
		const declare = (others: object = {}) =>
			place.declare({
				databaseServers: {
					spare: { [kind.key]: kind.connection(spare) },
					other: { [kind.key === "mariadb" ? "postgresql" : "mariadb"]: {} },
				},
				state: {
					app: {
						folders: [place.path("files")],
						dumps: [{ [kind.key]: "app", ...kind.connection(server) }],
						hooks: {
							preRestore: `touch ${place.path("hooked")}`,
							postRestore: `touch ${place.path("hooked")}`,
						},
					},
					...others,
				},
			});
		before(async () => {
			server = await kind.start();
			spare = await kind.start();
			for (const [database, statements] of kind.fill) server.sql(database, statements);
			place = new Place(folder);
			declare();
			place.write("files/file", "old");
			const { code, stderr } = await place.holdfast("create");
			assert.equal(code, 0, stderr);
			whole = kind.definition(server, "app");
			place.write("files/file", "newer");
			server.sql(
				"app",
				kind.name === "MariaDB" ? "DELETE FROM note WHERE id = 1" : "DELETE FROM own.note WHERE id = 1",
			);
		});

		const faulty = (fault: string, names: string) =>
			place.start(["restore", "--yes", "--as", names, "tar", "latest"], ["env", `HOLDFAST_FAULT=${fault}`])
				.ended;
		const restore = (...words: string[]) => place.holdfast("restore", "--yes", ...words, "tar", "latest");

		/** As docs/how-to/databases.md says it, with the names that are here. */
		const ofPage = (index: number, ...more: string[]) => {
			const { line = "" } = linesOf("docs/how-to/databases.md")[index] ?? {};
			const [, ...words] = line.replaceAll("notes", "app").replace("=test:", "=spare:").split(" ");
			return place.holdfast(...words, "--yes", ...more);
		};

		test("holds what it held, and the live one what it holds now", async () => {
			const live = kind.definition(server, "app");
			const rest = (server: TestServer) => ({
				dumps: [{ [kind.key]: "*", except: ["scratch"], ...kind.connection(server) }],
			});
			declare({ rest: rest(server), spare: rest(spare) });
			const { code, stdout, stderr } = await ofPage(0, "--service", "app");
			declare();
			assert.equal(code, 0, stdout + stderr);
			const remark =
				/^! app_test is in the backups of rest from now on, .*: add it to `except` there, or drop it/gm;
			assert.equal([...stderr.matchAll(remark)].length, 1, stderr);
			assert.doesNotMatch(stderr, /the backups of spare/);
			assert.equal(kind.definition(server, "app_test"), whole);
			assert.equal(kind.definition(server, "app"), live);
			assert.equal(kind.names(server).split("\n").join(" "), "app app_test", "nothing else is left");
			assert.match((await place.holdfast("runs")).stdout.split("\n")[1] ?? "", / restore-as +web01 +done /);
			const files = await place.holdfast("diff", "tar", "latest");
			assert.match(files.stdout, /files\/file/, "the folder is as it was");
			assert.ok(!existsSync(place.path("hooked")), "no hook has run");
		});

		test("on another server, under its own name, with the accounts that it needs", async () => {
			const live = kind.definition(server, "app");
			const { stdout: plan } = await restore("--dry-run", "--as", "app=spare:app");
			assert.match(plan, /load the .* on the server spare$/m);
			const { code, stdout, stderr } = await ofPage(1);
			assert.equal(code, 0, stdout + stderr);
			assert.equal(kind.definition(spare, "app"), whole);
			assert.equal(kind.names(spare), "app");
			assert.equal(kind.definition(server, "app"), live);
			const again = await restore("--as", "app=spare:app");
			assert.equal(again.code, 1);
			assert.match(again.stderr, /there is a .* database app already/);
		});

		test("a name that a database has already is refused, before anything is done", async () => {
			const { code, stderr } = await restore("--as", "app=app_test");
			assert.equal(code, 1);
			assert.match(stderr, /there is a .* database app_test already/);
		});

		test(`killed at any moment and recovered: whole, or not there${kind.name === "PostgreSQL" ? "" : " [long]"}`, async () => {
			const traced = await faulty("trace", "app=traced_app");
			const points = [
				...new Set([...traced.stderr.matchAll(/^fault-point (.+)$/gm)].map(([, point = ""]) => point)),
			];
			assert.ok(points.length > 10);
			for (const point of points.filter((one) =>
				(EVERY ? /load|swap|commit/ : /#(loaded|remembered|swapped)$|commit:app#/).test(one),
			)) {
				await faulty(`kill@${point}`, "app=killed_app");
				const { code, stderr } = await place.holdfast("recover");
				assert.equal(code, 0, `${point}: ${stderr}`);
				const there = kind.names(server).split("\n");
				assert.ok(!there.some((name) => name.startsWith("holdfast")), `${point}: ${there.join(" ")}`);
				if (!there.includes("killed_app")) continue;
				assert.equal(kind.definition(server, "killed_app"), whole, point);
				assert.match(point, /commit:app#after|forget|drop/, "only once it is committed");
				server.sql(kind.name === "MariaDB" ? "" : "postgres", "DROP DATABASE killed_app");
			}
		});

		test("a database that somebody makes meanwhile is theirs, whatever becomes of the restore", async () => {
			const theirs = () => {
				server.sql(kind.name === "MariaDB" ? "" : "postgres", "CREATE DATABASE theirs_app");
				server.sql("theirs_app", "CREATE TABLE precious (n INT)");
				server.sql("theirs_app", "CREATE VIEW seen AS SELECT * FROM precious");
			};
			const isWhole = (said: string) => {
				server.sql("theirs_app", "SELECT * FROM precious");
				server.sql("theirs_app", "SELECT * FROM seen");
				assert.doesNotMatch(kind.definition(server, "theirs_app"), /note/, said);
				assert.ok(!kind.names(server).includes("holdfast"), said);
				server.sql(kind.name === "MariaDB" ? "" : "postgres", "DROP DATABASE theirs_app");
			};
			await faulty("kill@swap:app:0#remembered", "app=theirs_app");
			theirs();
			const { code, stderr } = await place.holdfast("recover");
			assert.equal(code, 0, stderr);
			isWhole(stderr);

			const [asked, answered] = [place.path("asked"), place.path("answered")];
			const { ended } = place.start(
				["restore", "--yes", "--as", "app=theirs_app", "tar", "latest"],
				[
					"env",
					"HOLDFAST_FAULT=run@swap:app:0#remembered",
					`HOLDFAST_FAULT_COMMAND=touch ${asked}; while [ ! -e ${answered} ]; do sleep 0.05; done`,
				],
			);
			await until(() => existsSync(asked));
			theirs();
			writeFileSync(answered, "");
			const end = await ended;
			assert.equal(end.code, 1, end.stderr);
			isWhole(end.stderr);
		});

		test("what cannot be is said", async () => {
			for (const [words, said] of [
				[["--as", "app"], /--as takes OLD=NEW or OLD=SERVER:NEW, not "app"/],
				[["--as", "app=no good"], /"no good" cannot be the name of the new database/],
				[["--as", "app=holdfast_x"], /cannot be the name/],
				[["--as", "other=x"], /there is no database other in the archive[\s\S]*it holds: app/],
				[["--as", "app=x", "--as", "app=y"], /twice/],
				[["--as", "app=nowhere:x"], /no database server "nowhere"[\s\S]*it has: spare, other/],
				[["--as", "app=other:x"], /the database server other of the config is not a /],
				[["--as", "app=spare:"], /cannot be the name/],
				[["--as", "app=x", "--keep-old", "1d"], /omit --keep-old/],
				[["--as", "app=x", "--in-place"], /omit --in-place/],
			] as const) {
				const { code, stderr } = await restore(...words);
				assert.notEqual(code, 0);
				assert.match(stderr, said);
			}
			assert.ok(!kind.names(server).split("\n").includes("x"));
		});
	});
