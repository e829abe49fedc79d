// Databases that belong to a state. Those of a server are loaded beside the live one on restore, and swapped; those
// that are a file are put into the folder that holds it before that is swapped.
import * as v from "valibot";
import * as f from "../values/fields.ts";

/** In place of a name: every database that the server has when it is dumped, but its own and those in `except`. */
export const ALL = "*";

const port = v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535)));
const except = v.pipe(
	v.optional(v.array(f.text)),
	v.description(`with "${ALL}": databases that are left out`),
);

const postgresqlDump = v.strictObject({
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
	excludeTableData: v.pipe(
		v.optional(v.array(f.text)),
		v.description("tables whose rows are left out, as pg_dump's --exclude-table-data"),
	),
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
});

const mariadbDump = v.strictObject({
	mariadb: v.pipe(
		v.string(),
		v.nonEmpty("must not be empty"),
		v.maxLength(64, "MariaDB's names have at most 64 characters"),
		v.check((name) => !name.includes("\0"), "a name cannot hold a NUL byte"),
		v.check(
			(name) => !["mysql", "information_schema", "performance_schema", "sys"].includes(name.toLowerCase()),
			"this database is the server's own, and cannot be swapped",
		),
		v.description(`a MariaDB or MySQL database, by name; "${ALL}" for all of the server's`),
	),
	except,
	user: v.pipe(
		v.optional(f.text),
		v.description("the user of the machine who asks (default: the user that runs Holdfast)"),
	),
	socket: v.pipe(v.optional(f.path), v.description("the server's socket")),
	defaultsFile: v.pipe(
		v.optional(f.path),
		v.description("an option file with user, password and host, as --defaults-extra-file"),
	),
});

const sqliteDump = v.strictObject({
	sqlite: v.pipe(f.path, v.description("an SQLite file, in one of the state's folders")),
});

const redisDump = v.strictObject({
	redis: v.pipe(
		f.path,
		v.description("the file that Redis or Valkey keeps its dataset in, in one of the state's folders"),
	),
	port: v.pipe(port, v.description("the server's port (default 6379)")),
	socket: v.pipe(v.optional(f.path), v.description("the server's socket, in place of a port")),
	passwordFile: v.pipe(v.optional(f.path), v.description("file whose first line is the password")),
});

export const dumpSchema = v.union(
	[postgresqlDump, mariadbDump, sqliteDump, redisDump],
	"a dump is { postgresql }, { mariadb }, { sqlite } or { redis }",
);
export type PostgresqlDump = v.InferOutput<typeof postgresqlDump>;
export type MariadbDump = v.InferOutput<typeof mariadbDump>;
export type SqliteDump = v.InferOutput<typeof sqliteDump>;
export type RedisDump = v.InferOutput<typeof redisDump>;
/** A database of a server that keeps many, by name. */
export type ServerDump = PostgresqlDump | MariadbDump;
/** A database that is a file of the state. */
export type FileDump = SqliteDump | RedisDump;
export type Dump = ServerDump | FileDump;

export function isServerDump(dump: Dump): dump is ServerDump {
	return "postgresql" in dump || "mariadb" in dump;
}

/** The database's name on its server, or the path of its file. */
export function databaseOf(dump: Dump): string {
	if ("postgresql" in dump) return dump.postgresql;
	if ("mariadb" in dump) return dump.mariadb;
	return "sqlite" in dump ? dump.sqlite : dump.redis;
}

/** The same server, another database. */
export function withDatabase<D extends ServerDump>(dump: D, name: string): D {
	const { except: _, ...rest } = dump;
	return ("postgresql" in rest ? { ...rest, postgresql: name } : { ...rest, mariadb: name }) as D;
}

export function dumpLabel(dump: Dump): string {
	const [server, all] =
		"postgresql" in dump
			? ["PostgreSQL", "databases"]
			: "mariadb" in dump
				? ["MariaDB", "databases"]
				: "sqlite" in dump
					? ["SQLite", ""]
					: ["Redis", ""];
	const name = databaseOf(dump);
	return name === ALL ? `${server} ${all}` : `${server} database ${name}`;
}

/** A file name that no two databases of a state share. */
export function dumpFile(dump: Dump): string {
	const server =
		"postgresql" in dump
			? ["postgresql", dump.pgService, dump.host, dump.port]
			: "mariadb" in dump
				? ["mariadb", dump.socket, dump.defaultsFile]
				: ["sqlite" in dump ? "sqlite" : "redis"];
	return `${[...server, databaseOf(dump)]
		.filter((part) => part !== undefined)
		.map((part) => encodeURIComponent(part))
		.join("-")}.dump`;
}

/** Whether the config declares a dump of this database, by name or by `*`. */
export function covers(declared: Dump, held: Dump): boolean {
	if (!isServerDump(declared) || databaseOf(declared) !== ALL) return dumpFile(declared) === dumpFile(held);
	return (
		isServerDump(held) &&
		!declared.except?.includes(databaseOf(held)) &&
		dumpFile(withDatabase(declared, databaseOf(held))) === dumpFile(held)
	);
}

/** The files of a running database, and those it creates beside them. An archive holds the dump instead of them. */
export function liveFiles(dump: Dump): string[] {
	if ("sqlite" in dump) return ["", "-wal", "-shm", "-journal"].map((end) => dump.sqlite + end);
	if (!("redis" in dump)) return [];
	const folder = dump.redis.slice(0, dump.redis.lastIndexOf("/"));
	return [dump.redis, `${folder}/appendonlydir`, `${folder}/appendonly.aof`];
}
