// Routines and triggers, types and operators.
import type { Row } from "../row.ts";
import { routine } from "./shown.ts";

export const ROUTINES: readonly Row[] = [
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

export const TYPES: readonly Row[] = [
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
