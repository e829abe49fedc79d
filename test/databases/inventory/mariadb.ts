// What MariaDB knows: the lists of CREATE, ALTER, GRANT and COMMENT statements and of table options in its documentation
// ("SQL Statements", "CREATE TABLE"), and information_schema. Each row's SQL runs as root in the database `app`, in this
// order.
import {
	account,
	CHARACTER_SET,
	FOREIGN_KEYS,
	INNER,
	OF_NOBODY,
	TEMPORARY_TABLE,
	TRIGGERS,
	table,
	VIEW_OF_NOTHING,
	VIEWS,
	WIDE_ACCOUNTS,
} from "./mariadb-and-mysql.ts";
import type { Row } from "./row.ts";

const TABLES: readonly Row[] = [
	{
		kind: "table and its rows: types, defaults, comments, character sets of columns",
		comes: "back",
		make: "CREATE TABLE types (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY COMMENT 'it''s', a VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_bin DEFAULT 'ü', b DECIMAL(10,3) ZEROFILL, c SET('x','y'), d ENUM('a','b') DEFAULT 'b', e BIT(3), f JSON, g BLOB, h TIMESTAMP(6) NULL ON UPDATE CURRENT_TIMESTAMP(6), i YEAR, j INET6, k UUID, l INT DEFAULT (1 + 2), m VARCHAR(10) DEFAULT (CONCAT('x', 1))) COMMENT 'c' AUTO_INCREMENT = 1000; INSERT INTO types (a, b, c, e, f, g, j) VALUES ('é', 1.5, 'x,y', b'101', '{\"a\": 1}', X'00FF27', '::1'), (NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
		shows: table("types"),
	},
	{
		kind: "table: storage engines InnoDB, MyISAM, Aria, MEMORY, CSV, ARCHIVE and MERGE, and their options",
		comes: "back",
		make: "CREATE TABLE e1 (a INT PRIMARY KEY, b TEXT) ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=4 STATS_PERSISTENT=1 STATS_AUTO_RECALC=0; CREATE TABLE e2 (a INT, b VARCHAR(9)) ENGINE=MyISAM MAX_ROWS=1000 CHECKSUM=1 DELAY_KEY_WRITE=1 ROW_FORMAT=DYNAMIC; CREATE TABLE e3 (a INT) ENGINE=Aria TRANSACTIONAL=1 PAGE_CHECKSUM=1; CREATE TABLE e4 (a INT) ENGINE=MEMORY MIN_ROWS=5; CREATE TABLE e5 (a INT NOT NULL) ENGINE=CSV; CREATE TABLE e6 (a INT) ENGINE=ARCHIVE; CREATE TABLE e7 (a INT) ENGINE=MyISAM; CREATE TABLE e8 (a INT) ENGINE=MERGE UNION=(e7) INSERT_METHOD=LAST; INSERT INTO e1 VALUES (1, 'x'); INSERT INTO e2 VALUES (1, 'x'); INSERT INTO e3 VALUES (1); INSERT INTO e4 VALUES (1); INSERT INTO e5 VALUES (1); INSERT INTO e6 VALUES (1); INSERT INTO e8 VALUES (1)",
		shows: table("e1", "e2", "e3", "e4", "e5", "e6", "e7", "e8"),
	},
	{
		kind: "table: page compression, compressed columns, character set, old row format",
		comes: "back",
		make: "CREATE TABLE squeezed (a INT, b TEXT COMPRESSED) PAGE_COMPRESSED=1 PAGE_COMPRESSION_LEVEL=3 CHARACTER SET latin2; CREATE TABLE redundant (a INT) ROW_FORMAT=REDUNDANT; INSERT INTO squeezed VALUES (1, REPEAT('x', 200)); INSERT INTO redundant VALUES (1)",
		shows: table("squeezed", "redundant"),
	},
	{
		kind: "column: generated (virtual and persistent), invisible, with a check",
		comes: "back",
		make: "CREATE TABLE gen (a INT CHECK (a > 0), b INT AS (a * 2) VIRTUAL, c INT AS (a + 1) PERSISTENT, d INT INVISIBLE DEFAULT 9, CONSTRAINT named CHECK (d <> a), KEY (c)); INSERT INTO gen (a, d) VALUES (1, 5), (2, 6)",
		shows: `${table("gen")}; SELECT a, d FROM gen`,
	},
	{
		kind: "index: unique, full text, spatial, hash, prefix, descending, ignored, with a comment",
		comes: "back",
		make: "CREATE TABLE idx (a INT, b VARCHAR(99), c TEXT, d POINT NOT NULL, UNIQUE KEY u (a) COMMENT 'c', KEY p (b(5)), KEY ds (a DESC, b), KEY ig (b) IGNORED, FULLTEXT KEY ft (c), SPATIAL KEY sp (d), UNIQUE KEY h (c) USING HASH); INSERT INTO idx VALUES (1, 'x', 'some words', POINT(1, 2))",
		shows:
			"SHOW CREATE TABLE idx; SELECT a, b, c, ST_AsText(d) FROM idx WHERE MATCH (c) AGAINST ('words' IN BOOLEAN MODE)",
	},
	FOREIGN_KEYS,
	{
		kind: "partitions: by range, list, hash, key, with subpartitions and options",
		comes: "back",
		make: "CREATE TABLE p1 (a INT, b DATE) PARTITION BY RANGE (YEAR(b)) SUBPARTITION BY HASH (a) SUBPARTITIONS 2 (PARTITION x VALUES LESS THAN (2020) COMMENT = 'c', PARTITION y VALUES LESS THAN MAXVALUE); CREATE TABLE p2 (a INT) PARTITION BY LIST (a) (PARTITION x VALUES IN (1, NULL), PARTITION d DEFAULT); CREATE TABLE p3 (a INT PRIMARY KEY) PARTITION BY KEY () PARTITIONS 3; INSERT INTO p1 VALUES (1, '2019-01-01'), (2, '2021-01-01'); INSERT INTO p2 VALUES (1), (7); INSERT INTO p3 VALUES (1)",
		shows: table("p1", "p2", "p3"),
	},
	{
		kind: "system-versioned table: its rows",
		comes: "back",
		make: "CREATE TABLE versioned (a INT, b INT WITHOUT SYSTEM VERSIONING) WITH SYSTEM VERSIONING; INSERT INTO versioned VALUES (1, 1), (2, 2); CREATE TABLE parted (a INT) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME (PARTITION h HISTORY, PARTITION c CURRENT); INSERT INTO parted VALUES (1)",
		shows: table("versioned", "parted"),
	},
	{
		kind: "system-versioned table: its history",
		comes: "back",
		make: "CREATE TABLE story (a INT) WITH SYSTEM VERSIONING; INSERT INTO story VALUES (1), (2); UPDATE story SET a = 3 WHERE a = 1; DELETE FROM story WHERE a = 2; CREATE TABLE told (a INT, s TIMESTAMP(6) GENERATED ALWAYS AS ROW START, e TIMESTAMP(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING; INSERT INTO told (a) VALUES (1); DELETE FROM told",
		shows:
			"SELECT a, ROW_START, ROW_END FROM story FOR SYSTEM_TIME ALL ORDER BY 1, 2; SELECT a, s, e FROM told FOR SYSTEM_TIME ALL",
	},
	{
		kind: "application-time period",
		comes: "back",
		make: "CREATE TABLE period (a INT, s DATE, e DATE, PERIOD FOR p (s, e), UNIQUE (a, p WITHOUT OVERLAPS)); INSERT INTO period VALUES (1, '2020-01-01', '2021-01-01')",
		shows: table("period"),
	},
	{
		kind: "sequence: bounds, increment, cache, cycle, value",
		comes: "back",
		make: "CREATE SEQUENCE sq START 5 MINVALUE 3 MAXVALUE 99 INCREMENT 2 CACHE 4 CYCLE; SELECT NEXTVAL(sq)",
		shows: "SHOW CREATE SEQUENCE sq; SELECT next_not_cached_value FROM sq",
	},
	{
		kind: "column whose default is a sequence",
		comes: "refused",
		said: { create: /of_sq.*takes its default from a sequence/ },
		make: "CREATE TABLE of_sq (a INT DEFAULT NEXTVAL(sq))",
		shows: "",
		undo: "DROP TABLE of_sq",
	},
	{
		kind: "table: odd names, many columns, no rows",
		comes: "back",
		make: "CREATE TABLE `odd ``;\\'\"-- ü` (`a b;` INT); INSERT INTO `odd ``;\\'\"-- ü` VALUES (1); CREATE TABLE `empty` (a INT)",
		shows:
			"SELECT table_name FROM information_schema.tables WHERE table_schema = 'app' AND table_name LIKE 'odd%'; SHOW CREATE TABLE `empty`",
	},
	TEMPORARY_TABLE,
];

const OBJECTS: readonly Row[] = [
	VIEWS,
	VIEW_OF_NOTHING,
	{
		kind: "trigger that names a column that is gone",
		comes: "not",
		said: {
			create: /the trigger of_column of app is invalid \(its table has no column b\)/,
			restore: /the trigger of_column of app could not be created .*; its definition: CREATE .*NEW/,
		},
		make: "CREATE TABLE narrow (a INT, b INT); CREATE TRIGGER of_column BEFORE INSERT ON narrow FOR EACH ROW SET NEW.a = NEW.`b` + 1; ALTER TABLE narrow DROP COLUMN b",
		shows: "SELECT trigger_name FROM information_schema.triggers WHERE trigger_name = 'of_column'",
	},
	{
		kind: "routine that the server cannot parse any more",
		comes: "not",
		said: {
			create: /the procedure unread of app is invalid \(ERROR 1064 /,
			restore: /the procedure unread of app could not be created .*; its definition: .*SELECT FROM WHERE/,
		},
		make: "CREATE PROCEDURE unread(a INT) SELECT 1; UPDATE mysql.proc SET body = 'SELECT FROM WHERE', body_utf8 = 'SELECT FROM WHERE' WHERE name = 'unread'",
		shows: "SELECT routine_name FROM information_schema.routines WHERE routine_name = 'unread'",
	},
	TRIGGERS,
	{
		kind: "procedure, function: rights, comment, data access, modes, aggregate",
		comes: "back",
		make: `${INNER}CREATE PROCEDURE pr(IN a INT, INOUT b TEXT) COMMENT 'c' SQL SECURITY INVOKER READS SQL DATA BEGIN SELECT 'x\\\\ny'; END//\nSET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'//\nCREATE FUNCTION fn(a INT) RETURNS VARCHAR(9) CHARSET latin1 DETERMINISTIC RETURN 'a\\'//\nSET sql_mode = ''//\nCREATE AGGREGATE FUNCTION ag(x INT) RETURNS INT BEGIN DECLARE n INT DEFAULT 0; DECLARE CONTINUE HANDLER FOR NOT FOUND RETURN n; LOOP FETCH GROUP NEXT ROW; SET n = n + 1; END LOOP; END//\n`,
		shows: "SHOW CREATE PROCEDURE pr; SHOW CREATE FUNCTION fn; SHOW CREATE FUNCTION ag",
	},
	{
		kind: "routine made by a client of another character set",
		comes: "back",
		make: "SET NAMES latin1; CREATE FUNCTION latin() RETURNS VARCHAR(9) CHARSET utf8mb4 DETERMINISTIC RETURN 'é'",
		shows:
			"SELECT HEX(latin()); SELECT character_set_client, collation_connection, HEX(routine_definition) FROM information_schema.routines WHERE routine_name = 'latin'",
	},
	{
		kind: "package, package body",
		comes: "back",
		make: `SET sql_mode = ORACLE;\n${INNER}CREATE PACKAGE pk AS FUNCTION a RETURN INT; PROCEDURE b; END//\nCREATE PACKAGE BODY pk AS FUNCTION a RETURN INT AS BEGIN RETURN 1; END; PROCEDURE b AS BEGIN SELECT 1 FROM dual; END; END//\n`,
		shows: "SET sql_mode = ORACLE; SHOW CREATE PACKAGE pk; SHOW CREATE PACKAGE BODY pk",
	},
	{
		kind: "event: schedule, times, completion, status, time zone, comment",
		comes: "back",
		make: "SET time_zone = '+05:00'; CREATE EVENT e1 ON SCHEDULE EVERY '1:30' HOUR_MINUTE STARTS '2030-01-01 00:00:00' ENDS '2036-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE COMMENT 'c' DO DELETE FROM trg; CREATE EVENT e2 ON SCHEDULE AT '2035-05-05 05:05:05' DISABLE ON SLAVE DO BEGIN END",
		shows:
			"SHOW CREATE EVENT e1; SHOW CREATE EVENT e2; SELECT event_name, time_zone, status, on_completion, event_comment, definer FROM information_schema.events ORDER BY 1",
	},
	OF_NOBODY,
];

const PROPERTIES: readonly Row[] = [
	CHARACTER_SET,
	{
		kind: "comment on a database",
		comes: "back",
		make: "ALTER DATABASE app COMMENT = 'it''s \\\\ here'",
		shows: "SELECT schema_comment FROM information_schema.schemata WHERE schema_name = 'app'",
	},
];

const ACCOUNTS: readonly Row[] = [
	{
		kind: "account: password, plugins, TLS, limits, lock, expiry",
		comes: "back",
		make: "CREATE USER one@localhost IDENTIFIED BY 'pw' PASSWORD EXPIRE INTERVAL 90 DAY; GRANT ALL ON app.* TO one@localhost WITH GRANT OPTION; CREATE USER `some one`@`%` IDENTIFIED VIA mysql_native_password USING PASSWORD('x') OR unix_socket REQUIRE SUBJECT '/CN=x' AND ISSUER '/CN=y' WITH MAX_USER_CONNECTIONS 3 MAX_QUERIES_PER_HOUR 9 MAX_STATEMENT_TIME 2 ACCOUNT LOCK PASSWORD EXPIRE NEVER; GRANT SELECT ON app.* TO `some one`@`%`",
		shows: `${account("one@localhost")}; ${account("`some one`@`%`")}`,
	},
	{
		kind: "privileges on tables, columns and routines",
		comes: "back",
		make: "CREATE USER few@localhost; GRANT SELECT (id), UPDATE (p) ON app.child TO few@localhost; GRANT DELETE HISTORY ON app.story TO few@localhost; GRANT EXECUTE ON FUNCTION app.fn TO few@localhost; GRANT ALTER ROUTINE ON PROCEDURE app.pr TO few@localhost",
		shows: account("few@localhost"),
	},
	{
		kind: "role: its privileges, members, default, of another role, with admin option",
		comes: "back",
		make: "CREATE ROLE zz; GRANT SELECT ON app.* TO zz; CREATE ROLE aa; GRANT zz TO aa; CREATE USER member@localhost IDENTIFIED BY 'm'; GRANT aa TO member@localhost WITH ADMIN OPTION; SET DEFAULT ROLE aa FOR member@localhost; GRANT zz TO one@localhost; SET DEFAULT ROLE zz FOR one@localhost",
		shows:
			"SELECT User, Host, Role, Admin_option FROM mysql.roles_mapping WHERE User <> 'root' ORDER BY 1, 2, 3; SELECT User, default_role FROM mysql.user WHERE default_role <> '' ORDER BY 1; SHOW GRANTS FOR zz",
	},
	WIDE_ACCOUNTS,
	{
		kind: "plugin, global setting",
		comes: "not",
		unsaid: "no backup of a database is expected to have them, and most servers have some",
		make: "SET GLOBAL max_connections = 77",
		shows: "SELECT 1 WHERE @@max_connections = 77",
	},
	{
		kind: "loadable function, server of a federated table",
		comes: "not",
		said: { create: /the servers far \(CREATE SERVER\) belong to the entire server and are not backed up/ },
		make: "CREATE SERVER far FOREIGN DATA WRAPPER mysql OPTIONS (HOST '127.0.0.1')",
		shows: "SELECT Server_name FROM mysql.servers",
	},
];

export const MARIADB: readonly Row[] = [...TABLES, ...OBJECTS, ...PROPERTIES, ...ACCOUNTS];
