// `restore --as OLD=NEW` or `OLD=SERVER:NEW`: which of an archive's databases get which new names, on which server.
import { isDeepStrictEqual } from "node:util";
import {
	covers,
	databaseOf,
	dumpLabel,
	isOfAll,
	isServerDump,
	requireFreeName,
	type ServerDump,
	withDatabase,
} from "../databases/dump.ts";
import { type DatabaseServer, onServer } from "../databases/servers.ts";
import type { HeldDatabase } from "../plan/databases.ts";
import type { RestoreAsRequest } from "../plan/restore-as.ts";
import type { Plan } from "../steps/plan.ts";
import { preflight } from "../steps/preflight.ts";
import { HoldfastError } from "../values/error.ts";
import { recordOf } from "../values/record.ts";

/** What every server takes as a name: PostgreSQL keeps 63 bytes of one, MariaDB 64 characters. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_$.-]{0,62}$/;

/** `words`: as typed. `held`: the databases of the archive, by state. `servers`: of the config, by name. */
export async function namedAnew(
	words: readonly string[],
	held: Readonly<Record<string, readonly HeldDatabase[]>>,
	servers: Readonly<Record<string, DatabaseServer>> = {},
): Promise<RestoreAsRequest["databases"]> {
	const wanted = words.map((word) => wishIn(word));
	const twice = wanted.find(
		(one, index) =>
			wanted.findIndex(({ old, on, into }) => old === one.old || (into === one.into && on === one.on)) !==
			index,
	);
	if (twice) throw new HoldfastError("usage", `--as names ${twice.old} or ${twice.into} twice`);
	const all = Object.entries(held).flatMap(([state, some]) => some.map((one) => ({ state, one })));
	const found = wanted.map(({ old, on, into }) => {
		const named = all.filter(({ one }) => databaseOf(one.dump) === old);
		const [match] = named;
		if (!match)
			throw notThere(
				old,
				all.map(({ one }) => one).filter(({ dump }) => isServerDump(dump)),
			);
		if (named.length > 1)
			throw new HoldfastError("usage", `several states of the archive have a database ${old}`, {
				subject: old,
				hint: `add one of: ${named.map(({ state }) => `--service ${state}`).join(", ")}`,
			});
		return { ...match, on, into };
	});
	const renamed: Renamed[] = [];
	for (const { state, one, on, into } of found) {
		if (!isServerDump(one.dump))
			throw new HoldfastError(
				"not-supported",
				`the ${dumpLabel(one.dump)} is not in a server with several databases, so it cannot get a new name`,
				{
					subject: databaseOf(one.dump),
					hint: "get it as a file with: --into FOLDER",
				},
			);
		const dump = on === undefined ? one.dump : onServer(one.dump, serverNamed(on, servers), on);
		renamed.push({ state, one: { ...one, dump, ...(on === undefined ? {} : { on }) }, dump, into });
	}
	requireDifferent(renamed);
	for (const { dump, into } of renamed) await requireFreeName(dump, into);
	return recordOf(
		[...new Set(renamed.map(({ state }) => state))].map((state) => [
			state,
			renamed.filter((one) => one.state === state).map(({ one, into }) => ({ ...one, into })),
		]),
	);
}

/** A line for each new database that the backups of its server hold from now on, since they are of all its databases. */
export function coveredAnew({ steps, manifest }: Pick<Plan, "steps" | "manifest">): string[] {
	const made = preflight
		.among(steps)
		.flatMap(({ dumps }) =>
			dumps.flatMap(({ dump, into }) =>
				isServerDump(dump) && into !== undefined ? [{ into, dump: withDatabase(dump, into) }] : [],
			),
		);
	return made.flatMap(({ into, dump }) =>
		Object.entries(manifest.state)
			.filter(([, { dumps }]) => dumps.some((all) => isOfAll(all) && covers(all, dump)))
			.map(
				([state]) =>
					`! ${into} is in the backups of ${state} from now on, which are of all databases of the server ("*"): add it to \`except\` there, or drop it when you have seen enough`,
			),
	);
}

interface Renamed {
	readonly state: string;
	readonly one: HeldDatabase;
	/** On the server that it gets to. */
	readonly dump: ServerDump;
	readonly into: string;
}

/** Several names in the config may be of one server. */
function requireDifferent(renamed: readonly Renamed[]): void {
	const made = renamed.map(({ dump, into }) => withDatabase(dump, into));
	const index = made.findIndex((one, at) => made.slice(0, at).some((other) => isDeepStrictEqual(one, other)));
	const twice = renamed[index];
	if (twice === undefined) return;
	throw new HoldfastError("usage", `--as names ${twice.into} twice on the same server`, {
		subject: twice.into,
		hint: "give each database a name of its own",
	});
}

interface Wish {
	readonly old: string;
	/** A server of the config. Undefined for the one that the database is on. */
	readonly on?: string | undefined;
	readonly into: string;
}

function wishIn(word: string): Wish {
	const [, old = "", on, into = ""] = /^(.+)=(?:([^=:]*):)?([^=:]*)$/.exec(word) ?? [];
	if (old === "")
		throw new HoldfastError("usage", `--as takes OLD=NEW or OLD=SERVER:NEW, not ${JSON.stringify(word)}`, {
			hint: "for example: --as notes=notes_test",
		});
	if (!NAME.test(into) || into.toLowerCase().startsWith("holdfast_"))
		throw new HoldfastError("usage", `${JSON.stringify(into)} cannot be the name of the new database`, {
			subject: into,
			hint: "use up to 63 letters, digits and underscores, and do not begin with holdfast_",
		});
	return { old, on, into };
}

function serverNamed(name: string, servers: Readonly<Record<string, DatabaseServer>>): DatabaseServer {
	const server = Object.hasOwn(servers, name) ? servers[name] : undefined;
	if (server !== undefined) return server;
	const names = Object.keys(servers);
	throw new HoldfastError("usage", `the config has no database server ${JSON.stringify(name)}`, {
		subject: name,
		hint:
			names.length > 0
				? `it has: ${names.join(", ")}`
				: "name it under databaseServers of the machine, for example: { test: { postgresql: { port: 5433 } } }",
	});
}

function notThere(old: string, others: readonly HeldDatabase[]): HoldfastError {
	return new HoldfastError(
		"database-not-found",
		`there is no database ${old} in the archive, or not in the states that were named`,
		{
			subject: old,
			hint:
				others.length > 0
					? `it holds: ${others.map(({ dump }) => databaseOf(dump)).join(", ")}`
					: "there is no database of a server in these states; see: holdfast archives show",
		},
	);
}

/** `--as` touches nothing live: flags about that would mean nothing. */
export function requireAlone(flags: {
	readonly as?: readonly string[];
	readonly into?: string;
	readonly path?: readonly string[];
	readonly inPlace: boolean;
	readonly keepOld?: number;
	readonly keepFailed: boolean;
	readonly noStart: boolean;
}): void {
	if (flags.as === undefined) return;
	const others = [
		...(flags.into === undefined ? [] : ["--into"]),
		...(flags.path === undefined ? [] : ["--path"]),
		...(flags.inPlace ? ["--in-place"] : []),
		...(flags.keepOld === undefined ? [] : ["--keep-old"]),
		...(flags.keepFailed ? ["--keep-failed"] : []),
		...(flags.noStart ? ["--no-start"] : []),
	];
	if (others.length === 0) return;
	throw new HoldfastError(
		"usage",
		`--as loads new databases and touches nothing else: omit ${others.join(", ")}`,
	);
}
