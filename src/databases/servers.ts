// A database server that the config names besides those of its dumps: `restore --as` can load a database there.
import { isDeepStrictEqual } from "node:util";
import * as v from "valibot";
import { HoldfastError } from "../values/error.ts";
import { type Dump, databaseOf, definitionOf, dumpSchema, type ServerDump, type ServerKey } from "./dump.ts";
import { DATABASES } from "./list.ts";

/** One key, the server's kind, with the fields by which a dump of that kind finds its server. */
export type DatabaseServer = Readonly<
	Partial<Record<ServerKey, Readonly<Record<string, string | number | undefined>>>>
>;

const KINDS = DATABASES.filter((one) => one.kind === "server");
const WORDS = KINDS.map(({ key }) => `{ ${key}: … }`).join(" or ");

export const databaseServerSchema: v.GenericSchema<DatabaseServer> = v.union(
	KINDS.map(({ key, label, connection }) =>
		v.strictObject({
			[key]: v.pipe(v.strictObject(connection), v.description(`a ${label} server, as a dump names its own`)),
		}),
	),
	`a database server must be ${WORDS}`,
);

/** The same database on another server, which must be of its kind. `name`: of the server in the config, for the error. */
export function onServer(dump: Dump, server: DatabaseServer, name: string): ServerDump {
	const { key, label, kind } = definitionOf(dump);
	const connection = new Map(Object.entries(server)).get(key);
	if (kind !== "server" || connection === undefined)
		throw new HoldfastError("usage", `the database server ${name} of the config is not a ${label} server`, {
			subject: name,
			hint: `${databaseOf(dump)} can only be loaded by a ${label} server`,
		});
	return v.parse(dumpSchema, { ...connection, [key]: databaseOf(dump) }) as ServerDump;
}

/** Whether the database is on one of these servers of the config. */
export function isOnOneOf(dump: Dump, servers: Readonly<Record<string, DatabaseServer>> = {}): boolean {
	const { key } = definitionOf(dump);
	return Object.entries(servers).some(
		([name, server]) => Object.hasOwn(server, key) && isDeepStrictEqual(onServer(dump, server, name), dump),
	);
}
