-- A database with one of each kind of thing that PostgreSQL knows, of several owners, as its superuser makes it. Roles: app, reader, granter,
-- "we""ird; role"; database: app, owned by app.
ALTER DATABASE app SET search_path TO public, "odd ""sch;ema", '$user';
ALTER ROLE reader IN DATABASE app SET work_mem = '77MB';
GRANT CREATE ON DATABASE app TO "we""ird; role" WITH GRANT OPTION;
ALTER DATABASE app CONNECTION LIMIT 33;
COMMENT ON DATABASE app IS 'not in its dump';
SET search_path TO public;
-- What only a superuser can make.
CREATE EXTENSION hstore; COMMENT ON EXTENSION hstore IS 'my own'; CREATE EXTENSION citext;
CREATE SCHEMA s AUTHORIZATION app; CREATE EXTENSION pg_trgm SCHEMA s; REVOKE EXECUTE ON FUNCTION s.similarity(text, text) FROM PUBLIC;
CREATE FUNCTION et() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER et ON ddl_command_end EXECUTE FUNCTION et();
CREATE TYPE base;
CREATE FUNCTION base_in(cstring) RETURNS base LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION base_out(base) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE base (INPUT = base_in, OUTPUT = base_out, LIKE = text);
CREATE TABLE of_base (b base, c base[]); INSERT INTO of_base VALUES ('hello', '{a,b}');
CREATE CAST (base AS text) WITHOUT FUNCTION;
CREATE FUNCTION leakproof(int) RETURNS bool LANGUAGE sql LEAKPROOF IMMUTABLE AS 'SELECT true';
CREATE FUNCTION configured() RETURNS int LANGUAGE sql SET log_statement = 'none' AS 'SELECT 3'; ALTER FUNCTION configured() OWNER TO app;
CREATE FUNCTION internal() RETURNS int LANGUAGE internal AS 'pg_backend_pid'; ALTER FUNCTION internal() OWNER TO app; COMMENT ON FUNCTION internal() IS 'c';
CREATE FUNCTION as_superuser() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'; REVOKE ALL ON FUNCTION as_superuser() FROM PUBLIC; GRANT EXECUTE ON FUNCTION as_superuser() TO app;
CREATE FOREIGN DATA WRAPPER fdw; CREATE SERVER srv FOREIGN DATA WRAPPER fdw; ALTER SERVER srv OWNER TO app; CREATE USER MAPPING FOR app SERVER srv OPTIONS (user 'x', password 'p'); GRANT USAGE ON FOREIGN SERVER srv TO reader;
CREATE OPERATOR FAMILY fam USING btree; CREATE OPERATOR CLASS cls FOR TYPE int4 USING btree FAMILY fam AS OPERATOR 1 <, FUNCTION 1 btint4cmp(int4, int4);
CREATE AGGREGATE agg(int) (SFUNC = int4pl, STYPE = int4); CREATE AGGREGATE agz(*) (SFUNC = int8inc, STYPE = int8, INITCOND = 0); COMMENT ON AGGREGATE agz(*) IS 'zz'; ALTER AGGREGATE agz(*) OWNER TO app;
CREATE OPERATOR +# (LEFTARG = int, RIGHTARG = int, FUNCTION = int4pl); COMMENT ON OPERATOR +#(int, int) IS 'op\x'; ALTER OPERATOR +#(int, int) OWNER TO reader;
GRANT EXECUTE ON FUNCTION pg_read_file(text) TO app;
-- What its owner makes.
GRANT CREATE ON SCHEMA public TO app; SET ROLE app;
CREATE TABLE note (id serial PRIMARY KEY, t text, h hstore); INSERT INTO note (t) SELECT 'x' || n FROM generate_series(1, 100) AS n; COMMENT ON TABLE note IS 'it''s';
CREATE TABLE s.t2 (a int); CREATE RULE ru AS ON DELETE TO s.t2 DO NOTHING;
CREATE VIEW v AS SELECT * FROM note; CREATE VIEW barrier WITH (security_barrier) AS SELECT 1 AS a;
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'; CREATE INDEX ON note ((f(id))); CREATE PROCEDURE proc() LANGUAGE sql AS 'SELECT 1';
CREATE TYPE composite AS (a int); GRANT USAGE ON TYPE composite TO reader; CREATE TYPE enu AS ENUM ('a', 'b'); CREATE TYPE rng AS RANGE (SUBTYPE = int); CREATE DOMAIN dom AS int CHECK (value > 0);
CREATE TABLE part (a int, b text) PARTITION BY RANGE (a); CREATE TABLE part1 PARTITION OF part FOR VALUES FROM (0) TO (10); CREATE TABLE part2 PARTITION OF part FOR VALUES FROM (10) TO (20); INSERT INTO part SELECT n, 'p' FROM generate_series(1, 19) AS n;
CREATE TABLE rls (a int, o name DEFAULT current_user); ALTER TABLE rls ENABLE ROW LEVEL SECURITY; ALTER TABLE rls FORCE ROW LEVEL SECURITY; CREATE POLICY p ON rls USING (o = current_user);
CREATE TABLE ident (a int GENERATED ALWAYS AS IDENTITY, g int GENERATED ALWAYS AS (1 + 1) STORED, ck int CHECK (ck > 0)); INSERT INTO ident (ck) VALUES (1), (2); CREATE SEQUENCE sq OWNED BY ident.ck;
CREATE MATERIALIZED VIEW mv AS SELECT count(*) FROM note; CREATE UNIQUE INDEX ON mv (count);
CREATE FUNCTION trg() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.t := coalesce(NEW.t, '') || '!'; RETURN NEW; END $$; CREATE TRIGGER trg BEFORE INSERT ON note FOR EACH ROW EXECUTE FUNCTION trg();
CREATE STATISTICS st ON a, b FROM part; CREATE TEXT SEARCH CONFIGURATION tsc (COPY = simple); CREATE TEXT SEARCH DICTIONARY tsd (TEMPLATE = simple); CREATE COLLATION coll FROM "C";
CREATE FOREIGN TABLE ft (a int) SERVER srv; CREATE PUBLICATION pub2 FOR TABLE note;
CREATE TABLE "odd ""tab;le
newline" ("col;umn" int); COMMENT ON TABLE "odd ""tab;le
newline" IS 'x'; COMMENT ON COLUMN "odd ""tab;le
newline"."col;umn" IS 'y'; GRANT SELECT ON "odd ""tab;le
newline" TO "we""ird; role";
GRANT SELECT ON part TO granter WITH GRANT OPTION; GRANT SELECT ON note TO reader; GRANT SELECT (t) ON note TO PUBLIC; GRANT USAGE ON SCHEMA s TO reader;
ALTER DEFAULT PRIVILEGES FOR ROLE app IN SCHEMA public GRANT SELECT ON TABLES TO reader;
RESET ROLE; SET SESSION AUTHORIZATION granter; GRANT SELECT ON part TO reader; RESET SESSION AUTHORIZATION;
-- Of others.
CREATE PUBLICATION pub FOR ALL TABLES; ALTER TABLE s.t2 OWNER TO reader; CREATE TABLE of_superuser (a int); CREATE SCHEMA theirs AUTHORIZATION reader;
REVOKE ALL ON TABLE note FROM app; GRANT SELECT ON TABLE note TO app;
CREATE TABLE large AS SELECT lo_from_bytea(7001, 'mine') AS l; SELECT lo_from_bytea(7002, 'reader'); ALTER LARGE OBJECT 7001 OWNER TO app; ALTER LARGE OBJECT 7002 OWNER TO reader; GRANT SELECT ON LARGE OBJECT 7002 TO app; COMMENT ON LARGE OBJECT 7002 IS 'lo';
GRANT ALL ON SCHEMA public TO app; ALTER SCHEMA public OWNER TO app;
ALTER DEFAULT PRIVILEGES FOR ROLE postgres GRANT SELECT ON TABLES TO app;
