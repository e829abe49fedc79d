// A PostgreSQL database as declared in the config.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { ALL, except, port } from "../fields.ts";

/** The server's address and the user to connect as. */
export const connection = {
	user: v.pipe(
		v.optional(f.text),
		v.description(
			"the user of the machine who may do all with it (default: postgres, or oneself when not root)",
		),
	),
	host: v.pipe(v.optional(f.text), v.description("the folder of the server's socket, or its host name")),
	port: v.pipe(port, v.description("the server's port (default 5432)")),
	pgService: v.pipe(
		v.optional(f.text),
		v.description("a service of the user's pg_service.conf, which names server and password file"),
	),
};

export const excludeTableData = v.pipe(
	v.optional(v.array(f.text)),
	v.description("tables whose rows are left out, as pg_dump's --exclude-table-data"),
);

export const schema = v.strictObject({
	postgresql: v.pipe(
		v.string(),
		v.nonEmpty("must not be empty"),
		v.maxBytes(63, "PostgreSQL's names have at most 63 bytes"),
		v.check((name) => !name.includes("\0"), "a name cannot hold a NUL byte"),
		v.check(
			(name) => !["postgres", "template0", "template1"].includes(name),
			"this database is the server's own, and cannot be swapped",
		),
		v.description(`a PostgreSQL database, by name; "${ALL}" for all of the server's`),
	),
	except,
	excludeTableData,
	...connection,
});
export type PostgresqlDump = v.InferOutput<typeof schema>;
