// Replace one database with another by renaming both. ALTER DATABASE … RENAME can run in a transaction, requires that
// nobody is connected, and takes milliseconds (PostgreSQL 15 documentation, "ALTER DATABASE").
import { HoldfastError } from "../../values/error.ts";
import type { ServerDatabase, Swap } from "../database.ts";
import type { Ask } from "./ask.ts";
import { presentOf } from "./catalog.ts";
import { identifier, literal } from "./names.ts";

export async function swap(sql: Ask, { fresh, live, old }: Swap): Promise<void> {
	const there = await presentOf(sql, fresh, live);
	if (!there.has(fresh))
		throw new HoldfastError(
			"database-failed",
			`there is no database ${fresh} to put in the place of ${live}`,
		);
	const hadLive = there.has(live);
	await sql(
		[
			...(hadLive ? endSessions(live) : []),
			"BEGIN",
			...(hadLive ? [rename(live, old)] : []),
			rename(fresh, live),
			"COMMIT",
			open(live),
		],
		`swap the database ${live}`,
	);
}

export async function swapBack(
	sql: Ask,
	{ fresh, live, old, forUse = false }: Parameters<ServerDatabase["swapBack"]>[0],
): Promise<void> {
	const there = await presentOf(sql, old, live, fresh);
	const [hasOld, hasLive, hasFresh] = [there.has(old), there.has(live), there.has(fresh)];
	// If `fresh` does not exist, it has already been renamed to `live`.
	const liveIsFresh = hasLive && !hasFresh;
	if (hasOld || liveIsFresh)
		await sql(
			[
				...(liveIsFresh ? endSessions(live) : []),
				"BEGIN",
				...(liveIsFresh ? [rename(live, fresh)] : []),
				...(hasOld ? [rename(old, live)] : []),
				"COMMIT",
			],
			`swap the database ${live} back`,
		);
	const closed = [...(hasOld || (hasLive && hasFresh) ? [live] : []), ...(forUse ? [fresh] : [])];
	for (const one of closed) await sql([open(one)], `open the database ${one} again`);
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

function open(name: string): string {
	return `ALTER DATABASE ${identifier(name)} WITH ALLOW_CONNECTIONS true`;
}
