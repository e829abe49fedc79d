// Attacks on MariaDB's root through what somebody wrote into an archive: texts, tables, views, routines and events.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { noServers } from "../support/servers.ts";
import {
	attacked,
	declareAs,
	forge,
	NOTE,
	OBJECTS,
	place,
	planted,
	restored,
	server,
	until,
} from "./attacked-mariadb.ts";

describe("an archive for MariaDB that somebody wrote", { skip: noServers }, () => {
	attacked();

	for (const [what, text] of Object.entries<() => string>({
		"runs a program by a command of the client's": () => `SELECT 1;\n\\! touch ${planted}\n`,
		"runs a program by another [long]": () => `system touch ${planted}\n`,
		"reads a file of commands": () => {
			place.write("commands", `\\! touch ${planted}\n`);
			return `source ${place.path("commands")}\n`;
		},
		"writes a file by the client [long]": () => `tee ${planted}\nSELECT 1;\n`,
		"writes a file by the server": () => `SELECT 'x' INTO OUTFILE '${server.folder}/planted';\n`,
		"gives rights [long]": () => "GRANT ALL ON *.* TO app@localhost;\n",
		"changes an account [long]": () => "UPDATE mysql.global_priv SET Priv = '{}' WHERE User = 'other';\n",
		"drops another's database": () => "DROP DATABASE other;\n",
		"changes another's database [long]": () => "INSERT INTO other.t VALUES (2);\n",
		"changes the live database before its time": () => "DELETE FROM app.note;\n",
		"changes the server's settings [long]": () =>
			`SET GLOBAL general_log_file = '${planted}', GLOBAL general_log = 1;\n`,
		"loads a library [long]": () => "CREATE FUNCTION lib_mysqludf_sys RETURNS INTEGER SONAME 'x.so';\n",
		"makes what runs later, for everybody [long]": () =>
			"CREATE TRIGGER other.x BEFORE INSERT ON other.t FOR EACH ROW SET @x = 1;\n",
	}))
		test(what, async () => {
			forge(`${text()}${OBJECTS}`);
			await restored(1);
			assert.equal(server.sql("app", "SELECT * FROM note"), "1\told");
			assert.ok(!existsSync(`${server.folder}/planted`));
		});

	test("has the client hand a file over that root alone may read", async () => {
		const secret = place.write("secret", "not for the service\n");
		forge(`CREATE TABLE note (text TEXT);\nLOAD DATA LOCAL INFILE '${secret}' INTO TABLE note;\n${OBJECTS}`);
		await restored(1);
		assert.equal(server.sql("app", "SELECT * FROM note"), "1\told");
	});

	/** As a restore of this version reads objects. */
	const withData = (objects: readonly object[]) =>
		`${NOTE}${OBJECTS}-- Holdfast: the above as data: ${JSON.stringify({ at: NOTE.length, objects })}\n`;
	const root = { user: "root", host: "localhost" };
	const session = { sqlMode: "", charset: "utf8mb4", collation: "utf8mb4_general_ci" };
	const view = { kind: "VIEW", name: "v", algorithm: "UNDEFINED", security: "DEFINER", ...session };
	const routine = { kind: "PROCEDURE", name: "p", databaseCollation: "utf8mb4_general_ci", ...session };
	const app = { user: "app", host: "localhost" };

	for (const [what, object] of Object.entries({
		"lets a view read with root's rights": {
			...view,
			definer: root,
			text: " AS SELECT * FROM mysql.global_priv",
		},
		"lets a routine run with root's rights": {
			...routine,
			definer: root,
			text: "() GRANT ALL ON *.* TO app@localhost",
		},
		"puts a second statement after a routine": {
			...routine,
			definer: app,
			text: "() SELECT 1; GRANT ALL ON *.* TO app@localhost",
		},
		"puts a second statement after a view": {
			...view,
			definer: app,
			text: " AS SELECT 1; DROP DATABASE other",
		},
		"makes a view in another's database": { ...view, definer: app, text: ".x AS SELECT 1" },
		"makes a routine in another's database": {
			...routine,
			name: "other",
			definer: app,
			text: ".p() SELECT 1",
		},
		"makes a trigger in another's database": {
			...routine,
			kind: "TRIGGER",
			...{
				timing: "BEFORE",
				event: "INSERT",
				table: "t` FOR EACH ROW SET @x = 1; DROP DATABASE other; -- ",
			},
			definer: app,
			text: "SET @x = 1",
		},
		"sets what it likes with a routine": {
			...routine,
			definer: app,
			text: "() SELECT 1",
			collation: "x; DROP DATABASE other",
		},
		"has a definer that is more than a name": {
			...routine,
			definer: { user: "app", host: "localhost' SELECT 1; DROP DATABASE other; -- " },
			text: "() SELECT 1",
		},
	}))
		test(what, async () => {
			forge(withData([object]));
			await restored(1);
			assert.equal(server.sql("app", "SELECT * FROM note"), "1\told");
		});

	describe("has a view that takes for ever to be read [long]", () => {
		const endless = { ...view, definer: app, text: " AS SELECT ROUND(1.5, BENCHMARK(1e15, MD5(1))) AS x" };
		const busy = () =>
			server.sql(
				"",
				"SELECT id FROM information_schema.processlist WHERE info LIKE 'EXECUTE holdfast%' OR info LIKE 'PREPARE holdfast%' OR info LIKE '%1e15%' AND id <> CONNECTION_ID()",
			);
		const noTraces = () => {
			assert.equal(busy(), "");
			assert.equal(server.sql("", "SELECT count(*) FROM mysql.user WHERE User LIKE 'holdfast%'"), "0");
		};

		test("and nobody waits for it", async () => {
			forge(withData([endless]));
			process.env.HOLDFAST_DEFINITION_SECONDS = "2";
			try {
				// The server ends the evaluation, and creates the view.
				await restored(0);
			} finally {
				delete process.env.HOLDFAST_DEFINITION_SECONDS;
			}
			noTraces();
		});

		test("and the run is interrupted", async () => {
			forge(withData([endless]));
			const { child, ended } = place.start(["restore", "--yes", "tar", "latest"]);
			await until(() => busy() !== "");
			child.kill("SIGTERM");
			const end = await Promise.race([ended, pause(15_000, "late", { ref: false })]);
			child.kill("SIGKILL");
			for (const id of end === "late" ? busy().split("\n") : []) server.sql("", `KILL ${id}`);
			assert.ok(typeof end === "object" && end.code === 130, JSON.stringify(end));
			noTraces();
			assert.equal(server.sql("app", "SELECT * FROM note"), "1\told");
		});
	});

	test("has a view, and we may not let another make it, as on servers before MariaDB 10.5", async () => {
		server.sql(
			"",
			"CREATE USER keeper@localhost IDENTIFIED BY 'pw'; GRANT ALL ON *.* TO keeper@localhost WITH GRANT OPTION; REVOKE SET USER ON *.* FROM keeper@localhost",
		);
		try {
			const defaultsFile = place.write("keeper.cnf", "[client]\nuser=keeper\npassword=pw\n");
			declareAs(defaultsFile);
			forge(withData([{ ...view, definer: app, text: " AS SELECT 1 AS x" }]));
			assert.match(
				await restored(1),
				/views in the dump of app could only be created with administrator rights/,
			);
			assert.equal(server.sql("app", "SELECT * FROM note"), "1\told");
		} finally {
			server.sql("", "DROP USER keeper@localhost");
		}
	});

	test("has an event whose schedule is evaluated while it is made", async () => {
		for (const schedule of [
			"AT NOW() + INTERVAL (1 + SLEEP(100000)) DAY",
			"EVERY LENGTH(LOAD_FILE('/etc/shadow')) SECOND",
			"EVERY '1' DAY STARTS '2030-01-01' + INTERVAL SLEEP(100000) DAY ON COMPLETION NOT PRESERVE",
		]) {
			const text = ` ON SCHEDULE ${schedule} DO SELECT 1`;
			forge(withData([{ ...routine, kind: "EVENT", name: "e", definer: app, timeZone: "SYSTEM", text }]));
			assert.match(await restored(1), /definition of the event e cannot be parsed/);
		}
	});

	test("is trusted by a person, who says so: then a view has root's rights", async () => {
		const text = " AS select `note`.`id` AS `id`,`note`.`text` AS `text` from `note`";
		forge(withData([{ ...view, definer: root, text }]));
		await restored(0, "--trust-archive");
		assert.equal(
			server.sql("app", "SELECT definer FROM information_schema.views WHERE table_schema = 'app'"),
			"root@localhost",
		);
		// An object that already exists in the same form needs no permission.
		await restored(0);
		forge(withData([{ ...view, definer: root, text: " AS SELECT * FROM other.t" }]));
		await restored(1);
	});

	test("lets a view of 0.1.0's form read with root's rights", async () => {
		forge(
			`${NOTE}${OBJECTS}/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=\`root\`@\`localhost\` SQL SECURITY DEFINER */\n/*!50001 VIEW \`v\` AS select * from mysql.global_priv */;\n`,
		);
		assert.match(await restored(1), /view v.*\n.*--trust-archive/);
	});
});
