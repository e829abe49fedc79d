// Sessions that would keep a database from being replaced. RENAME TABLE and DROP wait for the locks of every session, also
// of one that has another current database, or none (MariaDB Knowledge Base, "Metadata Locking").
import { setTimeout as pause } from "node:timers/promises";
import { grantees } from "./accounts.ts";
import { literal } from "./names.ts";
import type { Server } from "./server.ts";

/** A swap rarely takes longer, unless it waits for a lock. */
const PATIENCE_MS = 2000;

/**
 * End the sessions that use the database and do the work. While it goes on for longer than usual, end every session of the
 * accounts with rights on the database, unless they are administrators of the server: one of these may hold a lock.
 */
export async function withoutSessions(
	server: Server,
	database: string,
	work: () => Promise<void>,
): Promise<void> {
	await endSessions(server, `db = ${literal(database)}`, database);
	const over = new AbortController();
	const watching = endHolders(server, database, over.signal);
	try {
		await work();
	} finally {
		over.abort();
		await watching;
	}
}

async function endHolders(server: Server, database: string, signal: AbortSignal): Promise<void> {
	// Our own sessions are at work.
	const others = `user <> SUBSTRING_INDEX(SESSION_USER(), '@', 1) AND user NOT LIKE 'holdfast\\_%'`;
	const accounts = `SELECT g.User FROM (${grantees(database)}) g WHERE NOT EXISTS (SELECT 1 FROM information_schema.user_privileges p WHERE p.grantee = CONCAT("'", g.User, "'@'", g.Host, "'") AND p.privilege_type <> 'USAGE')`;
	for (;;) {
		await pause(PATIENCE_MS, undefined, { signal }).catch(() => {});
		if (signal.aborted) return;
		// The work reports its own failure.
		const which = `${others} AND (db = ${literal(database)} OR user IN (${accounts}))`;
		await endSessions(server, which, database).catch(() => {});
	}
}

async function endSessions({ sql }: Server, which: string, database: string): Promise<void> {
	const sessions = await sql(
		[`SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND (${which})`],
		`look for sessions of ${database}`,
	);
	// The session may have ended in the meantime.
	for (const [id] of sessions)
		await sql([`KILL CONNECTION ${Number(id)}`], `end a session of ${database}`).catch(() => {});
}
