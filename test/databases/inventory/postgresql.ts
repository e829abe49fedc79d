// What PostgreSQL knows: its manual's list of CREATE, ALTER, GRANT and COMMENT statements ("SQL Commands"), and the
// columns of its system catalogs. Each row's SQL runs as the superuser in the database `app`, in this order.
import type { Row } from "./row.ts";

const relation = (name: string, what = "relkind, relpersistence, pg_get_userbyid(relowner), reloptions") =>
	`SELECT ${what} FROM pg_class WHERE oid = '${name}'::regclass`;
const columns = (name: string, what = "format_type(atttypid, atttypmod), attnotnull") =>
	`SELECT attname, ${what} FROM pg_attribute WHERE attrelid = '${name}'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`;
const constraints = (name: string) =>
	`SELECT conname, contype, convalidated, condeferrable, condeferred, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = '${name}'::regclass ORDER BY 1`;
const index = (name: string) =>
	`SELECT pg_get_indexdef('${name}'::regclass), indisunique, indisprimary, indisclustered, indisreplident, (SELECT reloptions FROM pg_class WHERE oid = indexrelid) FROM pg_index WHERE indexrelid = '${name}'::regclass`;
const routine = (name: string) =>
	`SELECT pg_get_functiondef(oid), pg_get_userbyid(proowner), proacl FROM pg_proc WHERE proname = '${name}' ORDER BY 1`;
const view = (name: string) =>
	`SELECT pg_get_viewdef('${name}'::regclass), reloptions, pg_get_userbyid(relowner) FROM pg_class WHERE oid = '${name}'::regclass`;
const comment = (of: string) => `SELECT obj_description(${of})`;

const PROPERTIES: readonly Row[] = [
	{
		kind: "owner of a database",
		comes: "back",
		make: "",
		shows: "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()",
	},
	{
		kind: "encoding, collation and character type of a database",
		comes: "back",
		make: "",
		shows:
			"SELECT pg_encoding_to_char(encoding), datcollate, datctype, to_jsonb(d)->>'datlocprovider', to_jsonb(d)->>'daticulocale', to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticurules' FROM pg_database d WHERE datname = current_database()",
	},
	{
		kind: "connection limit of a database",
		comes: "back",
		make: "ALTER DATABASE app CONNECTION LIMIT 33",
		shows: "SELECT datconnlimit FROM pg_database WHERE datname = current_database()",
	},
	{
		kind: "tablespace of a database",
		comes: "note",
		sameServer: true,
		make: "",
		shows:
			"SELECT spcname FROM pg_database d JOIN pg_tablespace t ON t.oid = dattablespace WHERE datname = current_database()",
	},
	{
		kind: "comment on a database",
		comes: "back",
		make: "COMMENT ON DATABASE app IS E'it''s \\\\ here'",
		shows: "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()",
	},
	{
		kind: "privileges on a database",
		comes: "back",
		make: "GRANT CREATE ON DATABASE app TO builder WITH GRANT OPTION; REVOKE TEMPORARY ON DATABASE app FROM PUBLIC",
		shows: "SELECT unnest(datacl::text[]) FROM pg_database WHERE datname = current_database() ORDER BY 1",
	},
	{
		kind: "settings of a role in a database",
		comes: "back",
		make: "ALTER ROLE only_settings IN DATABASE app SET statement_timeout TO '10s'",
		shows:
			"SELECT setrole::regrole, setconfig FROM pg_db_role_setting s JOIN pg_database d ON d.oid = setdatabase WHERE setrole <> 0 AND datname = current_database() ORDER BY 1",
	},
	{
		kind: "settings of a database",
		comes: "back",
		make: `ALTER DATABASE app SET search_path TO public, "odd ""schema", '$user'; ALTER DATABASE app SET statement_timeout TO '700s'; ALTER DATABASE app SET standard_conforming_strings TO off; ALTER DATABASE app SET bytea_output TO escape; ALTER DATABASE app SET my.own TO 'x y'; ALTER DATABASE app SET default_transaction_read_only TO on`,
		shows:
			"SELECT unnest(setconfig) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = setdatabase WHERE setrole = 0 AND datname = current_database() ORDER BY 1",
	},
];

const ROLES: readonly Row[] = [
	{
		kind: "role: attributes",
		comes: "back",
		make: "CREATE TABLE of_builder (a int); ALTER TABLE of_builder OWNER TO builder",
		shows:
			"SELECT rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls, rolconnlimit, rolvaliduntil FROM pg_roles WHERE rolname IN ('app', 'builder')",
	},
	{
		kind: "role: password",
		comes: "back",
		make: "",
		shows: "SELECT rolpassword FROM pg_authid WHERE rolname IN ('app', 'builder') ORDER BY rolname",
	},
	{
		kind: "role: settings",
		comes: "back",
		make: "ALTER ROLE builder SET search_path TO app, public; ALTER ROLE builder SET work_mem TO '77MB'",
		shows: "SELECT unnest(rolconfig) FROM pg_roles WHERE rolname = 'builder' ORDER BY 1",
	},
	{
		kind: "role: comment",
		comes: "back",
		make: "COMMENT ON ROLE builder IS 'builds'",
		shows: "SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = 'builder'",
	},
	{
		kind: "role: memberships of it",
		comes: "back",
		make: "CREATE ROLE zz_group; CREATE ROLE zz_above; GRANT zz_above TO zz_group; GRANT zz_group TO builder WITH ADMIN OPTION; GRANT pg_read_all_stats TO builder",
		shows:
			"SELECT r.rolname, m.rolname, admin_option FROM pg_auth_members a JOIN pg_roles r ON r.oid = roleid JOIN pg_roles m ON m.oid = member WHERE m.rolname IN ('builder', 'zz_group') ORDER BY 1, 2",
	},
	{
		kind: "role: members of it",
		comes: "back",
		make: "CREATE ROLE alice LOGIN PASSWORD 'a'; CREATE ROLE aa_team; GRANT aa_team TO alice; GRANT app TO aa_team",
		shows:
			"SELECT r.rolname, m.rolname, m.rolcanlogin FROM pg_auth_members a JOIN pg_roles r ON r.oid = roleid JOIN pg_roles m ON m.oid = member WHERE r.rolname IN ('app', 'aa_team') ORDER BY 1, 2",
	},
	{
		kind: "privilege on a server setting (`GRANT SET ON PARAMETER`)",
		comes: "not",
		since: 15,
		make: "GRANT SET ON PARAMETER log_statement TO builder",
		shows: "SELECT parname FROM pg_parameter_acl",
	},
	{
		kind: "settings of the server (`ALTER SYSTEM`), of a role in all databases by `ALTER ROLE ALL`",
		comes: "not",
		make: "ALTER ROLE ALL SET application_name TO 'x'",
		shows: "SELECT setconfig FROM pg_db_role_setting WHERE setrole = 0 AND setdatabase = 0",
	},
];

const SCHEMAS: readonly Row[] = [
	{
		kind: "schema: owner, privileges, comment",
		comes: "back",
		make: `CREATE SCHEMA "odd ""schema" AUTHORIZATION app; GRANT USAGE ON SCHEMA "odd ""schema" TO reader; COMMENT ON SCHEMA "odd ""schema" IS 'c'`,
		shows: `SELECT nspowner::regrole, nspacl, obj_description(oid) FROM pg_namespace WHERE nspname = 'odd "schema'`,
	},
	{
		kind: "schema `public`: owner, privileges, comment",
		comes: "back",
		make: "ALTER SCHEMA public OWNER TO app; GRANT CREATE ON SCHEMA public TO reader; COMMENT ON SCHEMA public IS 'mine'",
		shows:
			"SELECT nspowner::regrole, nspacl, obj_description(oid) FROM pg_namespace WHERE nspname = 'public'",
	},
	{
		kind: "default privileges",
		comes: "back",
		make: "ALTER DEFAULT PRIVILEGES FOR ROLE app IN SCHEMA public GRANT SELECT ON TABLES TO reader; ALTER DEFAULT PRIVILEGES FOR ROLE app REVOKE EXECUTE ON ROUTINES FROM PUBLIC; ALTER DEFAULT PRIVILEGES FOR ROLE app GRANT USAGE ON SCHEMAS TO reader",
		shows:
			"SELECT defaclrole::regrole, defaclnamespace::regnamespace, defaclobjtype, defaclacl FROM pg_default_acl ORDER BY 1, 2, 3",
	},
	{
		kind: "extension: schema, comment, privileges on its members",
		comes: "back",
		make: "CREATE SCHEMA ext; CREATE EXTENSION hstore SCHEMA ext; COMMENT ON EXTENSION hstore IS 'my own'; CREATE EXTENSION pg_trgm; REVOKE EXECUTE ON FUNCTION similarity(text, text) FROM PUBLIC; CREATE EXTENSION btree_gist",
		shows:
			"SELECT extname, nspname, obj_description(e.oid) FROM pg_extension e JOIN pg_namespace n ON n.oid = extnamespace ORDER BY 1; SELECT proacl FROM pg_proc WHERE proname = 'similarity'",
	},
	{
		kind: "extension: version",
		comes: "note",
		make: "CREATE EXTENSION pg_stat_statements VERSION '1.9'",
		shows: "SELECT extname FROM pg_extension WHERE extname = 'pg_stat_statements'",
	},
];

const TABLES: readonly Row[] = [
	{
		kind: "table and its rows",
		comes: "back",
		make: "SET ROLE app; CREATE TABLE item (id serial PRIMARY KEY, name varchar(20) NOT NULL, price numeric(6,2) DEFAULT 1.5, data jsonb, bytes bytea); INSERT INTO item (name, data, bytes) SELECT 'x\\' || n, '{\"a\": 1}', '\\x00ff' FROM generate_series(1, 50) AS n",
		shows: `SELECT md5(string_agg(item::text, '' ORDER BY id)) FROM item; ${columns("item")}; SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'item'::regclass ORDER BY 1`,
	},
	{
		kind: "table: owner, privileges, privileges on columns, comments",
		comes: "back",
		make: "CREATE TABLE rights (a int, b int); ALTER TABLE rights OWNER TO builder; GRANT SELECT ON rights TO reader WITH GRANT OPTION; GRANT UPDATE (b) ON rights TO PUBLIC; SET SESSION AUTHORIZATION reader; GRANT SELECT ON rights TO app; RESET SESSION AUTHORIZATION; COMMENT ON TABLE rights IS 'c'; COMMENT ON COLUMN rights.b IS 'd'",
		shows: `${relation("rights", "relowner::regrole, relacl, obj_description(oid)")}; ${columns("rights", "attacl, col_description(attrelid, attnum)")}`,
	},
	{
		kind: "table: storage parameters, fill factor, unlogged",
		comes: "back",
		make: "CREATE UNLOGGED TABLE unlog (a text) WITH (fillfactor = 70, autovacuum_enabled = off, toast.autovacuum_enabled = off); INSERT INTO unlog VALUES ('x')",
		shows: `${relation("unlog")}; SELECT t.reloptions FROM pg_class c JOIN pg_class t ON t.oid = c.reltoastrelid WHERE c.relname = 'unlog'; SELECT * FROM unlog`,
	},
	{
		kind: "table, index: tablespace",
		comes: "note",
		sameServer: true,
		said: {
			restore: /in the default tablespace, because this server does not have: (fast, slow|slow, fast)/,
		},
		make: "CREATE TABLE placed (a int) TABLESPACE slow; CREATE INDEX placed_a ON placed (a) TABLESPACE slow; INSERT INTO placed VALUES (1)",
		shows:
			"SELECT relname, spcname FROM pg_class c LEFT JOIN pg_tablespace t ON t.oid = reltablespace WHERE relname LIKE 'placed%' ORDER BY 1; SELECT * FROM placed",
	},
	{
		kind: "column: storage, compression, statistics, options, collation",
		comes: "back",
		make: `CREATE TABLE options (a text COLLATE "C", b int); ALTER TABLE options ALTER a SET STORAGE EXTERNAL, ALTER a SET COMPRESSION pglz, ALTER b SET STATISTICS 77, ALTER b SET (n_distinct = 5)`,
		shows: columns(
			"options",
			"attstorage, attcompression, attstattarget, attoptions, attcollation::regcollation",
		),
	},
	{
		kind: "column: identity, generated, default",
		comes: "back",
		make: "CREATE TABLE ident (a int GENERATED ALWAYS AS IDENTITY (START 5 INCREMENT 3), b int GENERATED BY DEFAULT AS IDENTITY, g int GENERATED ALWAYS AS (7 * 6) STORED, d text DEFAULT upper('x') || current_user, t timestamptz DEFAULT now()); INSERT INTO ident (d) VALUES ('1'), ('2')",
		shows: `${columns("ident", "attidentity, attgenerated")}; SELECT a, b, g, d FROM ident; SELECT sequencename, start_value, increment_by, last_value FROM pg_sequences WHERE sequencename LIKE 'ident%' ORDER BY 1`,
	},
	{
		kind: "column: dropped, added with a default",
		comes: "back",
		make: "CREATE TABLE altered (a int, b int, c int); INSERT INTO altered VALUES (1, 2, 3); ALTER TABLE altered DROP b, ADD d int DEFAULT 9",
		shows: `SELECT * FROM altered; ${columns("altered")}`,
	},
	{
		kind: "constraint: check, unique, primary key, exclusion, deferrable, not valid, no inherit",
		comes: "back",
		make: "CREATE TABLE held (a int PRIMARY KEY, b int UNIQUE DEFERRABLE INITIALLY DEFERRED, r int4range, CHECK (a > 0) NO INHERIT, EXCLUDE USING gist (r WITH &&)); INSERT INTO held VALUES (1, 1, '[1,2)'); ALTER TABLE held ADD CONSTRAINT later CHECK (b > 5) NOT VALID; COMMENT ON CONSTRAINT later ON held IS 'c'",
		shows: `${constraints("held")}; SELECT * FROM held; SELECT obj_description(oid, 'pg_constraint') FROM pg_constraint WHERE conname = 'later'`,
	},
	{
		kind: "foreign key: actions, match, deferrable, not valid, to itself, in a cycle",
		comes: "back",
		make: "CREATE TABLE parent (id int PRIMARY KEY, child int); CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent ON DELETE CASCADE ON UPDATE SET NULL DEFERRABLE, self int REFERENCES child MATCH FULL); INSERT INTO parent VALUES (1, 1); INSERT INTO child VALUES (1, 1, 1); ALTER TABLE parent ADD FOREIGN KEY (child) REFERENCES child NOT VALID",
		shows: `${constraints("parent")}; ${constraints("child")}; SELECT * FROM parent, child`,
	},
	{
		kind: "index: of each method, partial, of an expression, with included columns, options and operator classes",
		comes: "back",
		make: "CREATE TABLE idx (a int, b text, c int[], d point); INSERT INTO idx VALUES (1, 'x', '{1}', '(1,1)'); CREATE INDEX idx1 ON idx USING btree (a DESC NULLS LAST) INCLUDE (b) WHERE a > 0; CREATE INDEX idx2 ON idx (lower(b) text_pattern_ops); CREATE INDEX idx3 ON idx USING gin (c) WITH (fastupdate = off); CREATE INDEX idx4 ON idx USING gist (d); CREATE INDEX idx5 ON idx USING hash (a); CREATE INDEX idx6 ON idx USING brin (a) WITH (pages_per_range = 8); CREATE INDEX idx7 ON idx USING spgist (d); CREATE UNIQUE INDEX idx8 ON idx (a); ALTER INDEX idx2 ALTER COLUMN 1 SET STATISTICS 33; CLUSTER idx USING idx8; COMMENT ON INDEX idx1 IS 'c'",
		shows: `${[1, 2, 3, 4, 5, 6, 7, 8].map((n) => index(`idx${n}`)).join("; ")}; ${columns("idx2", "attstattarget")}; ${comment("'idx1'::regclass")}`,
	},
	{
		kind: "index that is not valid",
		comes: "not",
		said: { create: /the index public.broken_a is not valid/ },
		make: "CREATE TABLE broken (a int); CREATE INDEX broken_a ON broken (a); UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken_a'::regclass",
		shows: "SELECT relname FROM pg_class WHERE relname = 'broken_a'",
	},
	{
		kind: "index whose function finds its tables only by the search path",
		comes: "back",
		make: "SET search_path TO public; CREATE TABLE rate (n int); INSERT INTO rate VALUES (3); CREATE FUNCTION rated(a int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a * n FROM rate'; CREATE TABLE priced (a int); INSERT INTO priced VALUES (2); CREATE INDEX priced_rated ON priced (rated(a)); CREATE MATERIALIZED VIEW rates AS SELECT rated(2)",
		shows: `SET search_path TO public; ${index("priced_rated")}; ${routine("rated")}; SELECT * FROM rates`,
	},
	{
		kind: "partitions: by range, list and hash, default, nested, with their own indexes",
		comes: "back",
		make: "CREATE TABLE part (a int, b text, c int) PARTITION BY RANGE (a); CREATE TABLE part1 PARTITION OF part FOR VALUES FROM (0) TO (10) PARTITION BY LIST (b); CREATE TABLE part1x PARTITION OF part1 FOR VALUES IN ('x', NULL); CREATE TABLE part1d PARTITION OF part1 DEFAULT PARTITION BY HASH (c); CREATE TABLE part1h PARTITION OF part1d FOR VALUES WITH (MODULUS 1, REMAINDER 0); CREATE TABLE part2 (c int, a int, b text); ALTER TABLE part ATTACH PARTITION part2 FOR VALUES FROM (10) TO (20); CREATE INDEX part_a ON part (a); CREATE INDEX part2_c ON part2 (c); INSERT INTO part SELECT n, 'p', n FROM generate_series(1, 19) AS n",
		shows:
			"SELECT inhrelid::regclass, inhparent::regclass, pg_get_expr(relpartbound, oid), pg_get_partkeydef(oid) FROM pg_inherits JOIN pg_class ON oid = inhrelid ORDER BY inhrelid::regclass::text, inhseqno; SELECT tableoid::regclass, count(*), sum(c) FROM part GROUP BY 1 ORDER BY min(c)",
	},
	{
		kind: "inheritance",
		comes: "back",
		make: "CREATE TABLE above (a int, CHECK (a > 0)); CREATE TABLE above2 (b int); CREATE TABLE below (c int) INHERITS (above, above2); INSERT INTO below VALUES (1, 2, 3)",
		shows: `SELECT inhparent::regclass, inhseqno FROM pg_inherits WHERE inhrelid = 'below'::regclass ORDER BY 2; ${columns("below", "attislocal, attinhcount")}; SELECT * FROM above; ${constraints("below")}`,
	},
	{
		kind: "table of a composite type",
		comes: "back",
		make: "CREATE TYPE shape AS (a int, b text); CREATE TABLE shaped OF shape (a PRIMARY KEY); INSERT INTO shaped VALUES (1, 'x')",
		shows: `${relation("shaped", "reloftype::regtype")}; SELECT * FROM shaped; ${constraints("shaped")}`,
	},
	{
		kind: "replica identity",
		comes: "back",
		make: "CREATE TABLE repl (a int NOT NULL); CREATE UNIQUE INDEX repl_a ON repl (a); ALTER TABLE repl REPLICA IDENTITY USING INDEX repl_a; CREATE TABLE repl2 (a int); ALTER TABLE repl2 REPLICA IDENTITY FULL",
		shows: `${relation("repl", "relreplident")}; ${relation("repl2", "relreplident")}; ${index("repl_a")}`,
	},
	{
		kind: "row security: policies, roles, forced",
		comes: "back",
		make: "CREATE TABLE rls (a int, o name DEFAULT current_user); ALTER TABLE rls ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY p ON rls AS RESTRICTIVE FOR UPDATE TO reader, app USING (o = current_user) WITH CHECK (a > 0); INSERT INTO rls VALUES (1, 'x'); COMMENT ON POLICY p ON rls IS 'c'",
		shows: `${relation("rls", "relrowsecurity, relforcerowsecurity")}; SELECT polname, polcmd, polpermissive, (SELECT array_agg(r::regrole::text ORDER BY r::regrole::text) FROM unnest(polroles) AS r), pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid), obj_description(oid) FROM pg_policy; SELECT * FROM rls`,
	},
	{
		kind: "sequence: type, bounds, cycle, cache, value, owner column, unlogged",
		comes: "back",
		make: "ALTER SCHEMA public OWNER TO app; SET ROLE app; CREATE SEQUENCE sq AS smallint INCREMENT 2 MINVALUE 3 MAXVALUE 99 START 5 CACHE 4 CYCLE OWNED BY item.name; SELECT nextval('sq'); CREATE SEQUENCE sq2; SELECT setval('sq2', 7, false)",
		shows:
			"SELECT s.*, pg_get_serial_sequence('item', 'name') FROM pg_sequences s WHERE sequencename IN ('sq', 'sq2') ORDER BY sequencename; SELECT is_called FROM sq2",
	},
	{
		kind: "trigger: of each kind, on columns, with a condition, transition tables, disabled, always, of a constraint",
		comes: "back",
		make: "CREATE TABLE trg (a int, b int); CREATE VIEW trgv AS SELECT * FROM trg; CREATE FUNCTION trg() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO trg VALUES (NEW.a + 1); RETURN NEW; END $$; INSERT INTO trg VALUES (1, 1); CREATE TRIGGER t1 BEFORE UPDATE OF a ON trg FOR EACH ROW WHEN (OLD.a <> NEW.a) EXECUTE FUNCTION trg(); CREATE TRIGGER t2 AFTER DELETE ON trg REFERENCING OLD TABLE AS o FOR EACH STATEMENT EXECUTE FUNCTION trg(); CREATE CONSTRAINT TRIGGER t3 AFTER INSERT ON trg DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION trg(); CREATE TRIGGER t4 INSTEAD OF INSERT ON trgv FOR EACH ROW EXECUTE FUNCTION trg(); CREATE TRIGGER t5 BEFORE TRUNCATE ON trg EXECUTE FUNCTION trg('arg'); ALTER TABLE trg DISABLE TRIGGER t1, ENABLE ALWAYS TRIGGER t2, ENABLE REPLICA TRIGGER t3; COMMENT ON TRIGGER t1 ON trg IS 'c'",
		shows:
			"SELECT pg_get_triggerdef(oid), tgenabled, obj_description(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1; SELECT * FROM trg",
	},
	{
		kind: "rule",
		comes: "back",
		make: "CREATE TABLE ruled (a int); CREATE RULE ru AS ON DELETE TO ruled WHERE OLD.a > 1 DO INSTEAD NOTHING; ALTER TABLE ruled DISABLE RULE ru; COMMENT ON RULE ru ON ruled IS 'c'",
		shows:
			"SELECT pg_get_ruledef(oid), ev_enabled, obj_description(oid) FROM pg_rewrite WHERE rulename = 'ru'",
	},
	{
		kind: "extended statistics",
		comes: "back",
		make: "CREATE STATISTICS st (dependencies, ndistinct, mcv) ON a, b FROM part; ALTER STATISTICS st SET STATISTICS 50; CREATE STATISTICS st2 ON (a + 1), (c * 2) FROM part; COMMENT ON STATISTICS st IS 'c'",
		shows:
			"SELECT pg_get_statisticsobjdef(oid), stxstattarget, stxowner::regrole, obj_description(oid) FROM pg_statistic_ext ORDER BY 1",
	},
	{
		kind: "large object: owner, privileges, comment",
		comes: "back",
		make: "SELECT lo_from_bytea(7001, '\\x00ff'), lo_from_bytea(7002, 'reader'); ALTER LARGE OBJECT 7001 OWNER TO app; ALTER LARGE OBJECT 7002 OWNER TO reader; GRANT SELECT ON LARGE OBJECT 7002 TO app; COMMENT ON LARGE OBJECT 7002 IS 'lo'",
		shows:
			"SELECT oid, lomowner::regrole, lomacl, lo_get(oid), obj_description(oid, 'pg_largeobject') FROM pg_largeobject_metadata ORDER BY oid",
	},
	{
		kind: "temporary table",
		comes: "not",
		make: "CREATE TEMPORARY TABLE of_session (a int)",
		shows: "SELECT relname FROM pg_class WHERE relname = 'of_session'",
	},
];

const VIEWS: readonly Row[] = [
	{
		kind: "view: barrier, check option, with defaults, recursive, of views",
		comes: "back",
		make: "CREATE VIEW v1 WITH (security_barrier) AS SELECT id, name FROM item WITH CASCADED CHECK OPTION; ALTER VIEW v1 ALTER name SET DEFAULT 'd'; CREATE VIEW v0 AS SELECT * FROM v1; CREATE RECURSIVE VIEW nums (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM nums WHERE n < 5; ALTER VIEW v0 OWNER TO builder; GRANT SELECT ON v0 TO reader; COMMENT ON COLUMN v0.id IS 'c'",
		shows: `${["v0", "v1", "nums"].map(view).join("; ")}; ${relation("v0", "relacl")}; SELECT column_default FROM information_schema.columns WHERE table_name = 'v1' ORDER BY ordinal_position; SELECT count(*) FROM v0`,
	},
	{
		kind: "view: with the rights of its caller",
		comes: "back",
		since: 15,
		make: "CREATE VIEW invoked WITH (security_invoker) AS SELECT * FROM item",
		shows: view("invoked"),
	},
	{
		kind: "materialized view: with and without data, indexes, of another",
		comes: "back",
		make: "CREATE MATERIALIZED VIEW mv AS SELECT count(*) AS n FROM item; CREATE UNIQUE INDEX mv_n ON mv (n); CREATE MATERIALIZED VIEW amv AS SELECT * FROM mv; CREATE MATERIALIZED VIEW empty AS SELECT 1 AS a WITH NO DATA",
		shows: `${["mv", "amv", "empty"].map(view).join("; ")}; SELECT matviewname, ispopulated FROM pg_matviews ORDER BY 1; SELECT * FROM amv; ${index("mv_n")}`,
	},
];

const ROUTINES: readonly Row[] = [
	{
		kind: "function: attributes, settings, defaults, variadic, of tables, window, standard body",
		comes: "back",
		make: "CREATE FUNCTION f1(a int, b text DEFAULT 'x', VARIADIC c int[] DEFAULT '{}') RETURNS TABLE (d int, e text) LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 7 ROWS 3 SECURITY DEFINER SET search_path TO public, pg_temp SET work_mem TO '5MB' AS $$ SELECT a, b $$; CREATE FUNCTION f1(a text) RETURNS text LANGUAGE sql IMMUTABLE RETURN a || 'x'; CREATE FUNCTION f2() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT count(*)::int FROM item; END; ALTER FUNCTION f2() OWNER TO builder; REVOKE ALL ON FUNCTION f2() FROM PUBLIC; GRANT EXECUTE ON FUNCTION f2() TO reader; COMMENT ON FUNCTION f2() IS 'c'",
		shows: `${routine("f1")}; ${routine("f2")}; SELECT obj_description('f2'::regproc)`,
	},
	{
		kind: "function: leakproof, in C or internal, with settings of a superuser, owned by another",
		comes: "back",
		make: "CREATE FUNCTION leak(int) RETURNS bool LANGUAGE sql LEAKPROOF IMMUTABLE AS 'SELECT true'; CREATE FUNCTION configured() RETURNS int LANGUAGE sql SET log_statement = 'none' AS 'SELECT 3'; ALTER FUNCTION configured() OWNER TO app; CREATE FUNCTION inner_one() RETURNS int LANGUAGE internal AS 'pg_backend_pid'; ALTER FUNCTION inner_one() OWNER TO app",
		shows: ["leak", "configured", "inner_one"].map(routine).join("; "),
	},
	{
		kind: "procedure",
		comes: "back",
		make: "CREATE PROCEDURE pr(INOUT a int) LANGUAGE plpgsql AS $$ BEGIN a := a + 1; COMMIT; END $$; GRANT EXECUTE ON PROCEDURE pr(int) TO reader; COMMENT ON PROCEDURE pr(int) IS 'c'",
		shows: routine("pr"),
	},
	{
		kind: "aggregate: ordinary, moving, ordered-set",
		comes: "back",
		make: "CREATE AGGREGATE agg(int) (SFUNC = int4pl, STYPE = int4, INITCOND = '0', PARALLEL = SAFE, MSFUNC = int4pl, MINVFUNC = int4mi, MSTYPE = int4, MINITCOND = '0'); CREATE AGGREGATE osa(float8 ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA); COMMENT ON AGGREGATE agg(int) IS 'c'",
		shows:
			"SELECT a.*, pg_get_function_arguments(aggfnoid), obj_description(aggfnoid) FROM pg_aggregate a WHERE aggfnoid >= 16384 ORDER BY aggfnoid::text",
	},
	{
		kind: "operator, operator class, operator family",
		comes: "back",
		make: "CREATE OPERATOR +# (LEFTARG = int, RIGHTARG = int, FUNCTION = int4pl, COMMUTATOR = +#); COMMENT ON OPERATOR +#(int, int) IS 'op\\x'; ALTER OPERATOR +#(int, int) OWNER TO reader; CREATE OPERATOR FAMILY fam USING btree; CREATE OPERATOR CLASS cls FOR TYPE int4 USING btree FAMILY fam AS OPERATOR 1 <, FUNCTION 1 btint4cmp(int4, int4); ALTER OPERATOR FAMILY fam USING btree ADD OPERATOR 1 < (int4, int8), FUNCTION 1 btint48cmp(int4, int8)",
		shows:
			"SELECT oprname, oprowner::regrole, oprcode, oprcom::regoper, obj_description(oid, 'pg_operator') FROM pg_operator WHERE oid >= 16384 AND oprname = '+#'; SELECT opcname, opcowner::regrole FROM pg_opclass WHERE opcname = 'cls'; SELECT amopopr::regoperator, amopstrategy FROM pg_amop JOIN pg_opfamily f ON f.oid = amopfamily WHERE opfname = 'fam' ORDER BY 1",
	},
	{
		kind: "cast",
		comes: "back",
		make: "CREATE FUNCTION to_note(int) RETURNS shape LANGUAGE sql IMMUTABLE AS $$ SELECT ROW($1, 'x')::shape $$; CREATE CAST (int AS shape) WITH FUNCTION to_note(int) AS ASSIGNMENT; COMMENT ON CAST (int AS shape) IS 'c'",
		shows:
			"SELECT castsource::regtype, casttarget::regtype, castfunc::regprocedure, castcontext, castmethod, obj_description(oid) FROM pg_cast WHERE oid >= 16384 AND casttarget::regtype::text = 'shape'",
	},
	{
		kind: "transform, procedural language",
		comes: "back",
		make: "CREATE FUNCTION my_handler() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler'; CREATE FUNCTION my_inline(internal) RETURNS void LANGUAGE c STRICT AS '$libdir/plpgsql', 'plpgsql_inline_handler'; CREATE TRUSTED LANGUAGE mine HANDLER my_handler INLINE my_inline; ALTER LANGUAGE mine OWNER TO app; COMMENT ON LANGUAGE mine IS 'c'; CREATE FUNCTION in_mine() RETURNS int LANGUAGE mine AS 'BEGIN RETURN 3; END'; GRANT USAGE ON LANGUAGE plpgsql TO reader; CREATE FUNCTION from_sql(internal) RETURNS internal LANGUAGE internal IMMUTABLE AS 'pg_lsn_in'; CREATE TRANSFORM FOR shape LANGUAGE mine (FROM SQL WITH FUNCTION from_sql(internal))",
		shows: `SELECT lanname, lanowner::regrole, lanpltrusted, lanacl, obj_description(oid) FROM pg_language WHERE oid >= 16384 OR lanname = 'plpgsql' ORDER BY 1; ${routine("in_mine")}; SELECT trftype::regtype, trffromsql FROM pg_transform`,
	},
	{
		kind: "event trigger: owner, enabled, tags, comment",
		comes: "back",
		make: "CREATE FUNCTION et() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER et ON ddl_command_end WHEN TAG IN ('CREATE VIEW') EXECUTE FUNCTION et(); ALTER EVENT TRIGGER et ENABLE ALWAYS; CREATE EVENT TRIGGER off ON sql_drop EXECUTE FUNCTION et(); ALTER EVENT TRIGGER off DISABLE; COMMENT ON EVENT TRIGGER et IS 'c'",
		shows:
			"SELECT evtname, evtowner::regrole, evtevent, evtenabled, evttags, evtfoid::regproc, obj_description(oid) FROM pg_event_trigger ORDER BY 1",
	},
];

const TYPES: readonly Row[] = [
	{
		kind: "type: composite, enumeration, range with multirange, base, shell; owner, privileges, comment",
		comes: "back",
		make: "CREATE TYPE comp AS (a int, b text COLLATE \"C\"); CREATE TYPE enu AS ENUM ('b', 'c'); ALTER TYPE enu ADD VALUE 'a' BEFORE 'b'; CREATE TYPE rng AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = float8mi, MULTIRANGE_TYPE_NAME = many); CREATE TYPE base; CREATE FUNCTION base_in(cstring) RETURNS base LANGUAGE internal IMMUTABLE STRICT AS 'textin'; CREATE FUNCTION base_out(base) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout'; CREATE TYPE base (INPUT = base_in, OUTPUT = base_out, LIKE = text); CREATE TYPE shell; ALTER TYPE comp OWNER TO builder; GRANT USAGE ON TYPE comp TO reader; REVOKE USAGE ON TYPE enu FROM PUBLIC; COMMENT ON TYPE enu IS 'c'; CREATE TABLE typed (c comp, e enu, r rng, b base); INSERT INTO typed VALUES ((1, 'x'), 'a', '[1,2)', 'hello')",
		shows:
			"SELECT typname, typtype, typowner::regrole, typacl, obj_description(oid) FROM pg_type WHERE typname IN ('comp', 'enu', 'rng', 'many', 'base', 'shell') ORDER BY 1; SELECT enumlabel FROM pg_enum JOIN pg_type t ON t.oid = enumtypid WHERE typname = 'enu' ORDER BY enumsortorder; SELECT * FROM typed",
	},
	{
		kind: "domain: constraints, default, collation, not valid",
		comes: "back",
		make: "CREATE DOMAIN dom AS text COLLATE \"C\" DEFAULT 'd' NOT NULL CHECK (VALUE <> ''); ALTER DOMAIN dom ADD CONSTRAINT late CHECK (length(VALUE) < 9) NOT VALID; COMMENT ON CONSTRAINT late ON DOMAIN dom IS 'c'; CREATE TABLE of_dom (a dom); INSERT INTO of_dom VALUES ('x')",
		shows:
			"SELECT typdefault, typnotnull, typcollation::regcollation FROM pg_type WHERE typname = 'dom'; SELECT conname, convalidated, pg_get_constraintdef(oid), obj_description(oid) FROM pg_constraint WHERE contypid = 'dom'::regtype ORDER BY 1; SELECT * FROM of_dom",
	},
	{
		kind: "collation, conversion",
		comes: "back",
		make: "CREATE COLLATION coll FROM \"C\"; CREATE COLLATION ci (PROVIDER = icu, LOCALE = 'und-u-ks-level2', DETERMINISTIC = false); COMMENT ON COLLATION ci IS 'c'; CREATE TABLE of_ci (a text COLLATE ci UNIQUE); INSERT INTO of_ci VALUES ('A'); CREATE DEFAULT CONVERSION conv FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1",
		shows:
			"SELECT collname, collprovider, collisdeterministic, collowner::regrole, to_jsonb(c)->>'colllocale', to_jsonb(c)->>'colliculocale', obj_description(oid) FROM pg_collation c WHERE oid >= 16384 ORDER BY 1; SELECT conname, conowner::regrole, condefault, conproc FROM pg_conversion WHERE oid >= 16384; SELECT * FROM of_ci WHERE a = 'a'",
	},
	{
		kind: "text search: configuration, dictionary, parser, template",
		comes: "back",
		make: "CREATE TEXT SEARCH TEMPLATE tst (INIT = dsimple_init, LEXIZE = dsimple_lexize); CREATE TEXT SEARCH DICTIONARY tsd (TEMPLATE = tst, STOPWORDS = english); CREATE TEXT SEARCH PARSER tsp (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype); CREATE TEXT SEARCH CONFIGURATION tsc (PARSER = tsp); ALTER TEXT SEARCH CONFIGURATION tsc ADD MAPPING FOR word WITH tsd; COMMENT ON TEXT SEARCH CONFIGURATION tsc IS 'c'",
		shows:
			"SELECT tmplname FROM pg_ts_template WHERE oid >= 16384; SELECT dictname, dictowner::regrole, dictinitoption FROM pg_ts_dict WHERE oid >= 16384; SELECT prsname FROM pg_ts_parser WHERE oid >= 16384; SELECT cfgname, cfgowner::regrole, mapdict::regdictionary, obj_description(c.oid) FROM pg_ts_config c JOIN pg_ts_config_map m ON mapcfg = c.oid WHERE c.oid >= 16384",
	},
	{
		kind: "access method",
		comes: "back",
		make: "CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler; COMMENT ON ACCESS METHOD heap2 IS 'c'; CREATE TABLE in_heap2 (a int) USING heap2; INSERT INTO in_heap2 VALUES (1)",
		shows:
			"SELECT amname, amhandler, amtype, obj_description(oid) FROM pg_am WHERE oid >= 16384; SELECT amname FROM pg_class c JOIN pg_am a ON a.oid = relam WHERE relname = 'in_heap2'; SELECT * FROM in_heap2",
	},
];

const OUTSIDE: readonly Row[] = [
	{
		kind: "foreign data wrapper, foreign server, user mapping, foreign table",
		comes: "back",
		make: "CREATE EXTENSION postgres_fdw; CREATE FOREIGN DATA WRAPPER fdw OPTIONS (a 'b'); CREATE SERVER srv TYPE 't' VERSION 'v' FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', dbname 'x'); ALTER SERVER srv OWNER TO app; CREATE USER MAPPING FOR app SERVER srv OPTIONS (user 'x', password 'p'); CREATE USER MAPPING FOR PUBLIC SERVER srv; GRANT USAGE ON FOREIGN SERVER srv TO reader; GRANT USAGE ON FOREIGN DATA WRAPPER fdw TO reader; CREATE FOREIGN TABLE ft (a int OPTIONS (column_name 'b')) SERVER srv OPTIONS (table_name 't'); COMMENT ON SERVER srv IS 'c'",
		shows:
			"SELECT fdwname, fdwowner::regrole, fdwoptions, fdwacl FROM pg_foreign_data_wrapper WHERE fdwname = 'fdw'; SELECT srvname, srvowner::regrole, srvtype, srvversion, srvacl, ARRAY(SELECT unnest(srvoptions) ORDER BY 1), obj_description(oid) FROM pg_foreign_server; SELECT usename, ARRAY(SELECT unnest(umoptions) ORDER BY 1) FROM pg_user_mappings ORDER BY 1; SELECT ftoptions FROM pg_foreign_table; SELECT attfdwoptions FROM pg_attribute WHERE attrelid = 'ft'::regclass AND attnum > 0",
	},
	{
		kind: "publication: of tables, of all tables, operations, partitions by their root",
		comes: "back",
		make: "CREATE PUBLICATION pub1 FOR TABLE item, part WITH (publish = 'insert', publish_via_partition_root = true); ALTER PUBLICATION pub1 OWNER TO app; CREATE PUBLICATION pub2 FOR ALL TABLES; COMMENT ON PUBLICATION pub2 IS 'c'",
		shows:
			"SELECT pubname, pubowner::regrole, puballtables, pubinsert, pubupdate, pubviaroot, obj_description(oid) FROM pg_publication WHERE pubname < 'pub3' ORDER BY 1; SELECT pubname, tablename FROM pg_publication_tables WHERE pubname = 'pub1' ORDER BY 2",
	},
	{
		kind: "publication: columns, rows, schemas",
		comes: "back",
		since: 15,
		make: "CREATE PUBLICATION pub3 FOR TABLE item (id, name) WHERE (id > 3); CREATE PUBLICATION pub4 FOR TABLES IN SCHEMA public",
		shows:
			"SELECT pubname, (SELECT count(*) FROM pg_publication_namespace WHERE pnpubid = p.oid), (SELECT pg_get_expr(prqual, prrelid) FROM pg_publication_rel WHERE prpubid = p.oid), (SELECT prattrs FROM pg_publication_rel WHERE prpubid = p.oid) FROM pg_publication p WHERE pubname > 'pub2' ORDER BY 1",
	},
	{
		kind: "subscription",
		comes: "note",
		make: "CREATE SUBSCRIPTION sub CONNECTION 'host=/nonexistent dbname=x' PUBLICATION pub1 WITH (connect = false, slot_name = 'elsewhere', enabled = false)",
		shows:
			"SELECT subname, subowner::regrole, subenabled, subconninfo, subpublications FROM pg_subscription s JOIN pg_database d ON d.oid = subdbid WHERE datname = current_database()",
	},
	{
		kind: "replication slot",
		comes: "not",
		make: "SELECT pg_create_physical_replication_slot('slot')",
		shows: "SELECT slot_name FROM pg_replication_slots",
	},
];

export const POSTGRESQL: readonly Row[] = [
	...ROLES,
	...SCHEMAS,
	...TABLES,
	...TYPES,
	...ROUTINES,
	...VIEWS,
	...OUTSIDE,
	// Its settings act on all that is done in it afterwards.
	...PROPERTIES,
];
