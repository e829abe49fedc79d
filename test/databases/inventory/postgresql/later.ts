// What PostgreSQL has had since 16 and 17, by the release notes of these versions.
import type { Row } from "../row.ts";

export const LATER: readonly Row[] = [
	{
		kind: "role: memberships with their own inheritance and `SET ROLE` (since 16)",
		comes: "back",
		since: 16,
		make: "CREATE ROLE zz_lent; GRANT zz_lent TO app WITH INHERIT TRUE, SET FALSE; GRANT zz_lent TO builder WITH INHERIT FALSE, SET TRUE",
		shows:
			"SELECT m.rolname, admin_option, inherit_option, set_option FROM pg_auth_members a JOIN pg_roles r ON r.oid = roleid JOIN pg_roles m ON m.oid = member WHERE r.rolname = 'zz_lent' ORDER BY 1",
	},
	{
		kind: "collation: rules of its own (since 16)",
		comes: "back",
		since: 16,
		make: "CREATE COLLATION ruled (provider = icu, locale = 'en', rules = '&a < g'); CREATE TABLE ruled_names (n text COLLATE ruled); INSERT INTO ruled_names VALUES ('b'), ('g')",
		shows:
			"SELECT collname, colllocale, collicurules FROM pg_collation WHERE collname = 'ruled'; SELECT string_agg(n, '' ORDER BY n) FROM ruled_names",
	},
	{
		kind: "column: storage given with the table; statistics left to the server (since 16, 17)",
		comes: "back",
		since: 17,
		make: "CREATE TABLE stored (a text STORAGE EXTERNAL, b int); ALTER TABLE stored ALTER b SET STATISTICS DEFAULT",
		shows:
			"SELECT attname, attstorage, attstattarget FROM pg_attribute WHERE attrelid = 'stored'::regclass AND attnum > 0 ORDER BY 1",
	},
	{
		kind: "partitioned table: identity column, exclusion constraint, access method (since 17)",
		comes: "back",
		since: 17,
		make: "CREATE TABLE numbered (id int GENERATED ALWAYS AS IDENTITY (START 7), at int, EXCLUDE USING btree (at WITH =)) PARTITION BY RANGE (at) USING heap; CREATE TABLE numbered1 PARTITION OF numbered FOR VALUES FROM (0) TO (9); INSERT INTO numbered (at) VALUES (3)",
		shows:
			"SELECT attidentity FROM pg_attribute WHERE attrelid = 'numbered1'::regclass AND attname = 'id'; SELECT pg_get_constraintdef(oid), conrelid::regclass FROM pg_constraint WHERE contype = 'x' AND conrelid::regclass::text ~ '^numbered' ORDER BY 2::text; SELECT amname FROM pg_class c JOIN pg_am a ON a.oid = relam WHERE relname = 'numbered'; SELECT * FROM numbered; SELECT last_value FROM numbered_id_seq",
	},
	{
		kind: "collation of the server's own provider (since 17)",
		comes: "back",
		since: 17,
		make: "CREATE COLLATION own_utf8 (provider = builtin, locale = 'C.UTF-8'); CREATE TABLE own_names (n text COLLATE own_utf8)",
		shows:
			"SELECT collprovider, colllocale FROM pg_collation WHERE collname = 'own_utf8'; SELECT attcollation::regcollation FROM pg_attribute WHERE attrelid = 'own_names'::regclass AND attname = 'n'",
	},
	{
		kind: "privilege `MAINTAIN` (since 17)",
		comes: "back",
		since: 17,
		make: "CREATE TABLE tended (a int); GRANT MAINTAIN ON tended TO reader; GRANT pg_maintain TO builder",
		shows:
			"SELECT relacl FROM pg_class WHERE relname = 'tended'; SELECT pg_has_role('builder', 'pg_maintain', 'MEMBER')",
	},
	{
		kind: "event trigger: of logins, and of an index that is built again (since 17)",
		comes: "back",
		since: 17,
		make: "CREATE FUNCTION at_login() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER at_login ON login EXECUTE FUNCTION at_login(); ALTER EVENT TRIGGER at_login ENABLE ALWAYS; CREATE EVENT TRIGGER at_reindex ON ddl_command_end WHEN TAG IN ('REINDEX') EXECUTE FUNCTION at_login()",
		shows:
			"SELECT evtname, evtevent, evtenabled, evttags FROM pg_event_trigger WHERE evtname IN ('at_login', 'at_reindex') ORDER BY 1",
	},
];
