// Replace one database with another by renaming both. ALTER DATABASE … RENAME can run in a transaction, requires that
// nobody is connected, and takes milliseconds (PostgreSQL 15 documentation, "ALTER DATABASE").
//
// An owner may drop, rename and open their database. The new one is given to its owner only with the swap, and the old one is
// ours from then on. A database is told by its OID, which a rename keeps: a name may have been dropped, or taken by another.
import * as v from "valibot";
import { HoldfastError } from "../../values/error.ts";
import type { ServerDatabase, Swap } from "../database.ts";
import type { Ask } from "./ask.ts";
import { identifier, literal } from "./names.ts";
import { isSuperuser } from "./temporary.ts";

/** A role may be renamed or dropped meanwhile: where the OID is known, it decides. */
const ownerSchema = v.looseObject({ owner: v.string(), ownerOid: v.exactOptional(v.string()) });
/** What a swap needs to know of the database that it puts in place; null if that has its owner already. */
const restSchema = v.nullish(ownerSchema, null);

const memorySchema = v.looseObject({
	/** OIDs, before anything was renamed. `live` is null if there was no such database. */
	fresh: v.string(),
	live: v.nullable(v.string()),
	/** The owner of the live one is given back with it. */
	aside: v.exactOptional(ownerSchema),
});

interface Found {
	readonly oid: string;
	readonly owner: string;
	readonly ownerOid: string;
}

async function find(sql: Ask, ...names: readonly string[]): Promise<ReadonlyMap<string, Found>> {
	const rows = await sql(
		[
			`SELECT datname, oid, pg_get_userbyid(datdba), datdba FROM pg_database WHERE datname IN (${names.map(literal).join(", ")})`,
		],
		`look for the database ${names[0]}`,
	);
	return new Map(
		rows.map(([name = "", oid = "", owner = "", ownerOid = ""]) => [name, { oid, owner, ownerOid }]),
	);
}

/** The statement that gives a database to its owner; none if we may not, or there is no such role any more. */
async function giveBack(
	sql: Ask,
	name: string,
	to: v.InferOutput<typeof restSchema> | undefined,
): Promise<string[]> {
	if (to == null || !(await isSuperuser(sql))) return [];
	const { owner, ownerOid } = to;
	const [[role] = []] = await sql(
		[
			`SELECT rolname FROM pg_roles WHERE ${ownerOid === undefined ? `rolname = ${literal(owner)}` : `oid = ${literal(ownerOid)}`}`,
		],
		`look for the role ${owner}`,
	);
	return role === undefined ? [] : [give(name, identifier(role))];
}

export async function swap(
	sql: Ask,
	{ fresh, live, old, rest, memory: before, mustBeNew = false, keep, point = () => {} }: Swap,
): Promise<void> {
	const found = await find(sql, fresh, live, old);
	const [coming, going] = [found.get(fresh), found.get(live)];
	const earlier = v.parse(v.nullish(memorySchema), before);
	if (earlier && going?.oid === earlier.fresh) return openAgain(sql, live);
	if (!coming || (earlier && coming.oid !== earlier.fresh))
		throw new HoldfastError(
			"database-failed",
			coming
				? `the database ${fresh} was replaced with another, which does not replace ${live}`
				: `there is no database ${fresh} to replace ${live} with`,
		);
	if (mustBeNew && going && !earlier)
		throw new HoldfastError(
			"database-failed",
			`somebody has made a database ${live} meanwhile; it was left alone`,
			{
				hint: "choose another name, and run the restore again",
			},
		);
	// Must be on disk before anything is renamed, because an undo goes by it.
	keep({
		fresh: coming.oid,
		live: going?.oid ?? null,
		hadLive: going !== undefined,
		...(going ? { aside: { owner: going.owner, ownerOid: going.ownerOid } } : {}),
	});
	point("remembered");
	const mayGive = await isSuperuser(sql);
	const given = await giveBack(sql, live, v.parse(restSchema, rest));
	await sql(
		[
			...endSessions(fresh),
			...(going ? endSessions(live) : []),
			"BEGIN",
			...(going ? [rename(live, old), ...(mayGive ? [give(old, "SESSION_USER")] : [])] : []),
			rename(fresh, live),
			...given,
			"COMMIT",
		],
		`swap the database ${live}`,
	);
	await openAgain(sql, live);
}

/** Does nothing to a database that this swap has not moved. */
export async function swapBack(
	sql: Ask,
	{ fresh, live, old, memory, forUse = false }: Parameters<ServerDatabase["swapBack"]>[0],
): Promise<void> {
	const found = await find(sql, old, live, fresh);
	const known = memory === undefined ? legacyMemory(found, { fresh, live, old }) : readMemory(memory);
	const isNew = known !== undefined && found.get(live)?.oid === known.fresh;
	const isAside = known?.live != null && found.get(old)?.oid === known.live;
	if (known?.live != null && isNew && !isAside)
		throw new HoldfastError("database-failed", `the previous database ${live} is gone: ${old} was dropped`, {
			hint: `${live} keeps the restored data`,
		});
	if (isAside && !isNew && found.has(live))
		throw new HoldfastError(
			"database-failed",
			`another database is named ${live} now; the previous one is ${old}`,
			{
				hint: `rename or drop ${live}, then: holdfast recover`,
			},
		);
	if (isNew || isAside) {
		const mayGive = await isSuperuser(sql);
		const given = isAside ? await giveBack(sql, live, known?.aside) : [];
		await sql(
			[
				...(isNew ? endSessions(live) : []),
				...(isAside ? endSessions(old) : []),
				"BEGIN",
				...(isNew ? [rename(live, fresh), ...(mayGive ? [give(fresh, "SESSION_USER")] : [])] : []),
				...(isAside ? [rename(old, live)] : []),
				...given,
				"COMMIT",
			],
			`swap the database ${live} back`,
		);
	}
	const there = await find(sql, live, fresh);
	for (const name of [live, ...(forUse ? [fresh] : [])]) if (there.has(name)) await openAgain(sql, name);
}

/** Null: nothing was recorded, so nothing was renamed. */
const readMemory = (memory: unknown) => v.parse(v.nullable(memorySchema), memory) ?? undefined;

/**
 * 0.1.0 recorded nothing: only the names tell what it renamed. Without the old database they do not, and nothing is moved: what
 * is live may be the only one.
 */
function legacyMemory(
	found: ReadonlyMap<string, Found>,
	{ fresh, live, old }: Pick<Swap, "fresh" | "live" | "old">,
): v.InferOutput<typeof memorySchema> | undefined {
	const aside = found.get(old);
	if (aside === undefined) return undefined;
	const swapped = found.has(fresh) ? undefined : found.get(live);
	return { fresh: swapped?.oid ?? "", live: aside.oid };
}

function endSessions(name: string): string[] {
	return [
		`ALTER DATABASE ${identifier(name)} WITH ALLOW_CONNECTIONS false`,
		`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ${literal(name)} AND pid <> pg_backend_pid()`,
		// A terminated backend takes a moment to exit.
		`DO $$ BEGIN FOR n IN 1..200 LOOP EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = ${literal(name)}); PERFORM pg_sleep(0.05); PERFORM pg_stat_clear_snapshot(); END LOOP; END $$`,
	];
}

function rename(from: string, to: string): string {
	return `ALTER DATABASE ${identifier(from)} RENAME TO ${identifier(to)}`;
}

function give(name: string, role: string): string {
	return `ALTER DATABASE ${identifier(name)} OWNER TO ${role}`;
}

async function openAgain(sql: Ask, name: string): Promise<void> {
	await sql(
		[`ALTER DATABASE ${identifier(name)} WITH ALLOW_CONNECTIONS true`],
		`open the database ${name} again`,
	);
}
