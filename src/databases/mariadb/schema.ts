// A MariaDB or MySQL database as declared in the config.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { ALL, except } from "../fields.ts";

/** The server's address and the account to connect as. */
export const connection = {
	user: v.pipe(
		v.optional(f.text),
		v.description("the user of the machine who asks (default: the user that runs Holdfast)"),
	),
	socket: v.pipe(v.optional(f.path), v.description("the server's socket")),
	defaultsFile: v.pipe(
		v.optional(f.path),
		v.description("an option file with user, password and host, as --defaults-extra-file"),
	),
};

/** System databases. */
export const OWN = ["mysql", "information_schema", "performance_schema", "sys"];

export const schema = v.strictObject({
	mariadb: v.pipe(
		v.string(),
		v.nonEmpty("must not be empty"),
		v.maxLength(64, "MariaDB's names have at most 64 characters"),
		v.check((name) => !name.includes("\0"), "a name cannot hold a NUL byte"),
		v.check(
			(name) => !OWN.includes(name.toLowerCase()),
			"this database is the server's own, and cannot be swapped",
		),
		v.description(`a MariaDB or MySQL database, by name; "${ALL}" for all of the server's`),
	),
	except,
	...connection,
});
export type MariadbDump = v.InferOutput<typeof schema>;
