// What MariaDB and MySQL have in common: rows that both inventories have, and how they are shown.
import type { Row } from "./row.ts";

export const table = (...names: string[]) =>
	names.map((name) => `SHOW CREATE TABLE \`${name}\`; SELECT * FROM \`${name}\``).join("; ");
export const account = (who: string) => `SHOW CREATE USER ${who}; SHOW GRANTS FOR ${who}`;
export const INNER = "\nDELIMITER //\n";

/** Drops the database and all accounts of the rows. */
export const DROP =
	"DROP DATABASE app; DROP USER one@localhost, `some one`@`%`, few@localhost, member@localhost, wide@localhost, everywhere@localhost; DROP ROLE aa, zz";

export const FOREIGN_KEYS: Row = {
	kind: "foreign key: actions, to itself, in a cycle",
	comes: "back",
	make: "CREATE TABLE parent (id INT PRIMARY KEY, c INT); CREATE TABLE child (id INT PRIMARY KEY, p INT, s INT, CONSTRAINT f1 FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE ON UPDATE SET NULL, FOREIGN KEY (s) REFERENCES child (id)); INSERT INTO parent VALUES (1, NULL); INSERT INTO child VALUES (1, 1, 1); UPDATE parent SET c = 1; ALTER TABLE parent ADD FOREIGN KEY (c) REFERENCES child (id)",
	shows: table("parent", "child"),
};

export const TEMPORARY_TABLE: Row = {
	kind: "temporary table",
	comes: "not",
	unsaid: "it ends with its session",
	make: "CREATE TEMPORARY TABLE of_session (a INT); INSERT INTO of_session VALUES (1)",
	shows: "SELECT a FROM of_session",
};

export const VIEWS: Row = {
	kind: "view: algorithm, caller's rights, check option, of views, of functions",
	comes: "back",
	make: "CREATE FUNCTION fv(n INT) RETURNS INT DETERMINISTIC RETURN n * 2; CREATE ALGORITHM=MERGE SQL SECURITY INVOKER VIEW v2 AS SELECT id, p FROM child WHERE id > 0 WITH CASCADED CHECK OPTION; CREATE ALGORITHM=TEMPTABLE VIEW v1 AS SELECT id FROM v2; CREATE VIEW v0 AS SELECT fv(id) AS `x``y` FROM v1",
	shows: "SHOW CREATE VIEW v0; SHOW CREATE VIEW v1; SHOW CREATE VIEW v2; SELECT * FROM v0",
};

export const VIEW_OF_NOTHING: Row = {
	kind: "view of a table or column that is gone",
	comes: "not",
	said: {
		create: /the view gone_view of app is invalid \(ERROR 1356 .*\): a restore may have to leave it out/,
		restore:
			/the view gone_view of app could not be created \(ERROR 1146 .*\); its definition: CREATE .*gone/,
	},
	make: "CREATE TABLE gone (n INT); CREATE VIEW gone_view AS SELECT * FROM gone; CREATE VIEW gone_too AS SELECT n FROM gone_view; DROP TABLE gone",
	shows: "SELECT table_name FROM information_schema.views WHERE table_name IN ('gone_view', 'gone_too')",
};

export const TRIGGERS: Row = {
	kind: "trigger: of each time and event, in order",
	comes: "back",
	make: `CREATE TABLE trg (a INT); ${INNER}CREATE TRIGGER t1 BEFORE INSERT ON trg FOR EACH ROW BEGIN SET NEW.a = NEW.a + 1; END//\nCREATE TRIGGER t2 BEFORE INSERT ON trg FOR EACH ROW PRECEDES t1 SET @x = ';;'//\nCREATE TRIGGER t3 AFTER DELETE ON trg FOR EACH ROW SET @y = OLD.a//\nCREATE TRIGGER t4 BEFORE UPDATE ON trg FOR EACH ROW SET @z = 1//\n`,
	shows:
		"SELECT trigger_name, event_manipulation, action_timing, action_order, action_statement, definer, sql_mode FROM information_schema.triggers WHERE trigger_schema = 'app' AND trigger_name LIKE 't_' ORDER BY 1",
};

export const OF_NOBODY: Row = {
	kind: "objects of a definer that does not exist",
	comes: "back",
	make: "CREATE DEFINER=nobody@nowhere VIEW of_nobody AS SELECT * FROM child; CREATE DEFINER=nobody@nowhere PROCEDURE pr_nobody() SELECT 1",
	shows:
		"SHOW CREATE PROCEDURE pr_nobody; SELECT definer FROM information_schema.views WHERE table_name = 'of_nobody'",
};

export const CHARACTER_SET: Row = {
	kind: "character set and collation of a database",
	comes: "back",
	make: "ALTER DATABASE app CHARACTER SET latin2 COLLATE latin2_czech_cs",
	shows:
		"SELECT default_character_set_name, default_collation_name FROM information_schema.schemata WHERE schema_name = 'app'",
};

export const WIDE_ACCOUNTS: Row = {
	kind: "account that has its privileges by a pattern or on the entire server",
	comes: "not",
	said: {
		create:
			/everywhere@localhost has no privileges on the database alone(.*\n)+.*wide@localhost has its privileges on ap%/,
	},
	make: "CREATE USER wide@localhost IDENTIFIED BY 'w'; GRANT SELECT ON `ap%`.* TO wide@localhost; CREATE USER everywhere@localhost IDENTIFIED BY 'e'; GRANT SELECT, INSERT ON *.* TO everywhere@localhost; CREATE DEFINER=everywhere@localhost VIEW of_all AS SELECT * FROM app.trg",
	shows: "SELECT User FROM mysql.user WHERE User IN ('wide', 'everywhere')",
};
