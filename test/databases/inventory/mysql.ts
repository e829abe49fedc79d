// What MySQL knows: the lists of statements in its manual ("Data Definition Statements", "Account Management
// Statements") and information_schema. Each row's SQL runs as root in the database `app`, in this order.
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
		make: "CREATE TABLE types (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY COMMENT 'it''s', a VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_bin DEFAULT 'ü', b DECIMAL(10,3), c SET('x','y'), d ENUM('a','b') DEFAULT 'b', e BIT(3), f JSON, g BLOB, h TIMESTAMP(6) NULL ON UPDATE CURRENT_TIMESTAMP(6), i YEAR, l INT DEFAULT (1 + 2), m VARCHAR(10) DEFAULT (CONCAT('x', 1)), n BINARY(16) DEFAULT (UUID_TO_BIN('00000000-0000-0000-0000-000000000001')), o DOUBLE, p FLOAT) COMMENT 'c' AUTO_INCREMENT = 1000; INSERT INTO types (a, b, c, e, f, g, o, p) VALUES ('é', 1.5, 'x,y', b'101', '{\"a\": 1}', X'00FF27', 0.1, 0.1), (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
		shows: table("types"),
	},
	{
		kind: "table: storage engines InnoDB, MyISAM, MEMORY, CSV, ARCHIVE, BLACKHOLE and MERGE, and their options",
		comes: "back",
		make: "CREATE TABLE e1 (a INT PRIMARY KEY, b TEXT) ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=4 STATS_PERSISTENT=1 STATS_AUTO_RECALC=0; CREATE TABLE e2 (a INT, b VARCHAR(9)) ENGINE=MyISAM MAX_ROWS=1000 CHECKSUM=1 DELAY_KEY_WRITE=1 ROW_FORMAT=DYNAMIC; CREATE TABLE e4 (a INT) ENGINE=MEMORY MIN_ROWS=5; CREATE TABLE e5 (a INT NOT NULL) ENGINE=CSV; CREATE TABLE e6 (a INT) ENGINE=ARCHIVE; CREATE TABLE e7 (a INT) ENGINE=MyISAM; CREATE TABLE e8 (a INT) ENGINE=MERGE UNION=(e7) INSERT_METHOD=LAST; CREATE TABLE e9 (a INT) ENGINE=BLACKHOLE; INSERT INTO e1 VALUES (1, 'x'); INSERT INTO e2 VALUES (1, 'x'); INSERT INTO e4 VALUES (1); INSERT INTO e5 VALUES (1); INSERT INTO e6 VALUES (1); INSERT INTO e8 VALUES (1)",
		shows: table("e1", "e2", "e4", "e5", "e6", "e7", "e8", "e9"),
	},
	{
		kind: "table: page compression, attributes of a second engine, size of growth, old row format",
		comes: "back",
		make: "CREATE TABLE squeezed (a INT, b TEXT) COMPRESSION='zlib' CHARACTER SET latin2; CREATE TABLE redundant (a INT) ROW_FORMAT=REDUNDANT AUTOEXTEND_SIZE=4M; CREATE TABLE attributed (a INT) SECONDARY_ENGINE_ATTRIBUTE='{\"z\": 3}'; INSERT INTO squeezed VALUES (1, REPEAT('x', 200)); INSERT INTO redundant VALUES (1)",
		shows: table("squeezed", "redundant", "attributed"),
	},
	{
		kind: "column: generated (virtual and stored), invisible, with a check that is enforced or not",
		comes: "back",
		make: "CREATE TABLE gen (a INT CHECK (a > 0), b INT AS (a * 2) VIRTUAL, c INT AS (a + 1) STORED, d INT INVISIBLE DEFAULT 9, CONSTRAINT named CHECK (d <> a), CONSTRAINT idle CHECK (a < 2) NOT ENFORCED, KEY (c)); INSERT INTO gen (a, d) VALUES (1, 5), (2, 6)",
		shows: `${table("gen")}; SELECT a, d FROM gen`,
	},
	{
		kind: "primary key that the server generates",
		comes: "back",
		make: "SET sql_generate_invisible_primary_key = ON; CREATE TABLE keyless (a INT); SET sql_generate_invisible_primary_key = OFF; INSERT INTO keyless VALUES (7), (8); DELETE FROM keyless WHERE a = 7",
		shows: "SHOW CREATE TABLE keyless; SELECT my_row_id, a FROM keyless",
	},
	{
		kind: "index: unique, full text, spatial, prefix, descending, invisible, of an expression, of a JSON array",
		comes: "back",
		make: "CREATE TABLE idx (a INT, b VARCHAR(99), c TEXT, d POINT NOT NULL SRID 4326, j JSON, UNIQUE KEY u (a) COMMENT 'c', KEY p (b(5)), KEY ds (a DESC, b), KEY ig (b) INVISIBLE, KEY ex ((a + 1)), KEY mv ((CAST(j->'$.n' AS UNSIGNED ARRAY))), FULLTEXT KEY ft (c), FULLTEXT KEY ng (b) WITH PARSER ngram, SPATIAL KEY sp (d)); INSERT INTO idx VALUES (1, 'x', 'some words', ST_GeomFromText('POINT(1 2)', 4326), '{\"n\": [1, 2]}')",
		shows:
			"SHOW CREATE TABLE idx; SELECT a, b, c, ST_AsText(d), j FROM idx WHERE MATCH (c) AGAINST ('words' IN BOOLEAN MODE); SELECT a FROM idx WHERE 2 MEMBER OF (j->'$.n')",
	},
	FOREIGN_KEYS,
	{
		kind: "partitions: by range, list, hash, key, with subpartitions and options",
		comes: "back",
		make: "CREATE TABLE p1 (a INT, b DATE) PARTITION BY RANGE (YEAR(b)) SUBPARTITION BY HASH (a) SUBPARTITIONS 2 (PARTITION x VALUES LESS THAN (2020) COMMENT = 'c', PARTITION y VALUES LESS THAN MAXVALUE); CREATE TABLE p2 (a INT) PARTITION BY LIST (a) (PARTITION x VALUES IN (1, NULL), PARTITION d VALUES IN (7)); CREATE TABLE p3 (a INT PRIMARY KEY) PARTITION BY LINEAR KEY ALGORITHM=2 () PARTITIONS 3; INSERT INTO p1 VALUES (1, '2019-01-01'), (2, '2021-01-01'); INSERT INTO p2 VALUES (1), (7); INSERT INTO p3 VALUES (1)",
		shows: table("p1", "p2", "p3"),
	},
	{
		kind: "table: odd names, no rows",
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
	TRIGGERS,
	{
		kind: "procedure, function: rights, comment, data access, modes",
		comes: "back",
		make: `${INNER}CREATE PROCEDURE pr(IN a INT, INOUT b TEXT) COMMENT 'c' SQL SECURITY INVOKER READS SQL DATA BEGIN SELECT 'x\\\\ny'; END//\nSET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'//\nCREATE FUNCTION fn(a INT) RETURNS VARCHAR(9) CHARSET latin1 DETERMINISTIC RETURN 'a\\'//\nSET sql_mode = ''//\n`,
		shows: "SHOW CREATE PROCEDURE pr; SHOW CREATE FUNCTION fn",
	},
	{
		kind: "routine made by a client of another character set, in ASCII",
		comes: "back",
		make: "SET NAMES latin1; CREATE FUNCTION plain() RETURNS VARCHAR(9) CHARSET utf8mb4 DETERMINISTIC RETURN 'e'",
		shows:
			"SELECT HEX(plain()); SELECT character_set_client, collation_connection, HEX(routine_definition) FROM information_schema.routines WHERE routine_name = 'plain'",
	},
	{
		kind: "routine made by a client of another character set, with other signs",
		comes: "note",
		make: "SET NAMES latin1; CREATE FUNCTION latin() RETURNS VARCHAR(9) CHARSET utf8mb4 DETERMINISTIC RETURN 'é'",
		shows:
			"SELECT HEX(latin()); SELECT collation_connection, HEX(routine_definition) FROM information_schema.routines WHERE routine_name = 'latin'",
		lost: "SELECT routine_name FROM information_schema.routines WHERE routine_name = 'latin' AND character_set_client = 'latin1'",
	},
	{
		kind: "event: schedule, times, completion, status, time zone, comment",
		comes: "back",
		make: "SET time_zone = '+05:00'; CREATE EVENT e1 ON SCHEDULE EVERY '1:30' HOUR_MINUTE STARTS '2030-01-01 00:00:00' ENDS '2036-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE COMMENT 'c' DO DELETE FROM trg; CREATE EVENT e2 ON SCHEDULE AT '2035-05-05 05:05:05' DISABLE ON REPLICA DO BEGIN END",
		shows:
			"SHOW CREATE EVENT e1; SHOW CREATE EVENT e2; SELECT event_name, time_zone, status, on_completion, event_comment, definer FROM information_schema.events WHERE event_schema = 'app' ORDER BY 1",
	},
	OF_NOBODY,
];

const PROPERTIES: readonly Row[] = [
	CHARACTER_SET,
	{
		kind: "histogram of a column",
		comes: "not",
		unsaid: "the server makes it again: ANALYZE TABLE … UPDATE HISTOGRAM",
		make: "ANALYZE TABLE child UPDATE HISTOGRAM ON p",
		shows: "SELECT column_name FROM information_schema.column_statistics WHERE schema_name = 'app'",
	},
];

const ACCOUNTS: readonly Row[] = [
	{
		kind: "account: password, plugins, TLS, limits, lock, expiry, history, failed logins, comment, attribute",
		comes: "back",
		make: "CREATE USER one@localhost IDENTIFIED BY 'pw' PASSWORD EXPIRE INTERVAL 90 DAY PASSWORD HISTORY 3 PASSWORD REUSE INTERVAL 9 DAY FAILED_LOGIN_ATTEMPTS 3 PASSWORD_LOCK_TIME 2 COMMENT 'it''s'; GRANT ALL ON app.* TO one@localhost WITH GRANT OPTION; CREATE USER `some one`@`%` IDENTIFIED WITH sha256_password BY 'x' REQUIRE SUBJECT '/CN=x' AND ISSUER '/CN=y' WITH MAX_USER_CONNECTIONS 3 MAX_QUERIES_PER_HOUR 9 PASSWORD EXPIRE NEVER ACCOUNT LOCK ATTRIBUTE '{\"a\": 1}'; GRANT SELECT ON app.* TO `some one`@`%`",
		shows: `${account("one@localhost")}; ${account("`some one`@`%`")}`,
	},
	{
		kind: "privileges on tables, columns and routines",
		comes: "back",
		make: "CREATE USER few@localhost; GRANT SELECT (id), UPDATE (p) ON app.child TO few@localhost; GRANT EXECUTE ON FUNCTION app.fn TO few@localhost; GRANT ALTER ROUTINE ON PROCEDURE app.pr TO few@localhost",
		shows: account("few@localhost"),
	},
	{
		kind: "role: its privileges, members, default, of another role, with admin option",
		comes: "back",
		make: "CREATE ROLE zz; GRANT SELECT ON app.* TO zz; CREATE ROLE aa; GRANT zz TO aa; CREATE USER member@localhost IDENTIFIED BY 'm'; GRANT aa TO member@localhost WITH ADMIN OPTION; SET DEFAULT ROLE aa TO member@localhost; GRANT zz TO one@localhost; SET DEFAULT ROLE zz TO one@localhost",
		shows:
			"SELECT FROM_USER, TO_USER, WITH_ADMIN_OPTION FROM mysql.role_edges ORDER BY 1, 2; SELECT USER, DEFAULT_ROLE_USER FROM mysql.default_roles ORDER BY 1, 2; SHOW GRANTS FOR zz",
	},
	WIDE_ACCOUNTS,
	{
		kind: "global setting",
		comes: "not",
		unsaid: "no backup of a database is expected to have them, and most servers have some",
		make: "SET GLOBAL max_connections = 77",
		shows: "SELECT 1 WHERE @@max_connections = 77",
	},
	{
		kind: "server of a federated table",
		comes: "not",
		said: { create: /the servers far \(CREATE SERVER\) belong to the entire server and are not backed up/ },
		make: "CREATE SERVER far FOREIGN DATA WRAPPER mysql OPTIONS (HOST '127.0.0.1')",
		shows: "SELECT Server_name FROM mysql.servers",
	},
];

export const MYSQL: readonly Row[] = [...TABLES, ...OBJECTS, ...PROPERTIES, ...ACCOUNTS];
