// A PostgreSQL database as declared in the config.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { ALL, except, port } from "../fields.ts";

/** The server's address and the user to connect as. */
export const connection = {
	user: v.pipe(
		v.optional(f.text),
		v.description(
			"the system user to connect as, which must be a superuser of the database server (default: postgres, or the current user if not root)",
		),
	),
	host: v.pipe(
		v.optional(f.text),
		v.description("the folder of the server's socket, or the server's host name"),
	),
	port: v.pipe(port, v.description("the server's port (default 5432)")),
	pgService: v.pipe(
		v.optional(f.text),
		v.description("a service in the user's pg_service.conf, which sets the server and the password file"),
	),
};

export const excludeTableData = v.pipe(
	v.optional(v.array(f.text)),
	v.description("tables whose rows are left out, passed as pg_dump's --exclude-table-data"),
);

export const schema = v.strictObject({
	postgresql: v.pipe(
		v.string(),
		v.nonEmpty("must not be empty"),
		v.maxBytes(63, "a PostgreSQL name has at most 63 bytes"),
		v.check((name) => !name.includes("\0"), "a name cannot contain a NUL byte"),
		v.check(
			(name) => !["postgres", "template0", "template1"].includes(name),
			"this is a system database of the server and cannot be replaced",
		),
		v.description(`name of a PostgreSQL database; "${ALL}" means all databases of the server`),
	),
	except,
	excludeTableData,
	...connection,
});
export type PostgresqlDump = v.InferOutput<typeof schema>;
