// Find the server for a query that names only a database.
import {
	covers,
	type Dump,
	databaseOf,
	definitionOf,
	isOfAll,
	isServerDump,
	type ServerDump,
	withDatabase,
} from "./dump.ts";
import { DATABASES } from "./list.ts";

/**
 * Find the database of this name in these dumps. A dump that names it takes precedence over a dump of all databases. If
 * neither exists, assume the local server of the first kind in the list.
 */
export function databaseNamed(name: string, dumps: readonly Dump[]): ServerDump {
	const known = DATABASES.filter(({ speaksSql }) => speaksSql).flatMap(({ key }) =>
		dumps.filter((dump) => definitionOf(dump).key === key),
	);
	const servers = known.filter(isServerDump);
	const one =
		servers.find((dump) => databaseOf(dump) === name) ??
		servers.find((dump) => isOfAll(dump) && covers(dump, withDatabase(dump, name)));
	return one === undefined ? DATABASES[0].named(name) : withDatabase(one, name);
}
