// Around the objects: properties of the database, roles and rights, and what is outside of it.
import type { Row } from "../row.ts";

export const PROPERTIES: readonly Row[] = [
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

export const ROLES: readonly Row[] = [
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
		said: {
			create:
				/the privileges of the role builder on settings of the server \(log_statement\) are not backed up/,
		},
		make: "GRANT SET ON PARAMETER log_statement TO builder",
		shows: "SELECT parname FROM pg_parameter_acl",
	},
	{
		kind: "settings of the server (`ALTER SYSTEM`)",
		comes: "not",
		unsaid: "no backup of a database is expected to have them, and most servers have some",
		make: "ALTER SYSTEM SET log_min_duration_statement TO '7s'",
		shows: "SELECT name FROM pg_file_settings WHERE sourcefile LIKE '%auto.conf'",
	},
	{
		kind: "settings of all roles (`ALTER ROLE ALL`)",
		comes: "not",
		said: {
			create: /the settings that ALTER ROLE ALL makes \(application_name\) belong to the entire server/,
		},
		make: "ALTER ROLE ALL SET application_name TO 'x'",
		shows: "SELECT setconfig FROM pg_db_role_setting WHERE setrole = 0 AND setdatabase = 0",
	},
];

export const OUTSIDE: readonly Row[] = [
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
		make: "CREATE SUBSCRIPTION sub CONNECTION 'host=/nonexistent dbname=x' PUBLICATION pub1 WITH (connect = false, slot_name = 'elsewhere', enabled = false); ALTER SUBSCRIPTION sub ENABLE",
		lost: "SELECT subname FROM pg_subscription WHERE subenabled",
		said: { create: /the subscription sub comes back disabled/ },
		shows:
			"SELECT subname, subowner::regrole, subconninfo, subpublications FROM pg_subscription s JOIN pg_database d ON d.oid = subdbid WHERE datname = current_database()",
	},
	{
		kind: "replication slot",
		comes: "not",
		said: { create: /the replication slot slot is not in the dump/ },
		make: "DO $$ BEGIN PERFORM pg_create_logical_replication_slot('slot', 'pgoutput'); END $$",
		shows: "SELECT slot_name FROM pg_replication_slots",
	},
];
