// Whom a question is for that names a database and not its server.
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
 * That database, where these dumps say that it is: one that names it comes before one of all. Without either, it is on the
 * server here of the first kind that there is.
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
