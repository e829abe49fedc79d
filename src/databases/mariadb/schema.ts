// A MariaDB or MySQL database as declared in the config.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { ALL, except } from "../fields.ts";

/** The server's address and the account to connect as. */
export const connection = {
	user: v.pipe(
		v.optional(f.text),
		v.description("the system user to connect as (default: the user that runs Holdfast)"),
	),
	socket: v.pipe(v.optional(f.path), v.description("the server's socket")),
	defaultsFile: v.pipe(
		v.optional(f.path),
		v.description("an option file with user, password and host, passed as --defaults-extra-file"),
	),
};

/** System databases. */
export const OWN = ["mysql", "information_schema", "performance_schema", "sys"];

export const schema = v.strictObject({
	mariadb: v.pipe(
		v.string(),
		v.nonEmpty("must not be empty"),
		v.maxLength(64, "a MariaDB name has at most 64 characters"),
		v.check((name) => !name.includes("\0"), "a name cannot contain a NUL byte"),
		v.check(
			(name) => !OWN.includes(name.toLowerCase()),
			"this is a system database of the server and cannot be replaced",
		),
		v.description(`name of a MariaDB or MySQL database; "${ALL}" means all databases of the server`),
	),
	except,
	...connection,
});
export type MariadbDump = v.InferOutput<typeof schema>;
