// Sessions that would keep a database from being replaced. RENAME TABLE and DROP wait for the locks of every session, also
// of one that has another current database, or none (MariaDB Knowledge Base, "Metadata Locking").
import { setTimeout as pause } from "node:timers/promises";
import { grantees } from "./accounts.ts";
import { literal } from "./names.ts";
import type { Server } from "./server.ts";

/** Statements of a swap rarely wait for a lock, and never for long unless somebody keeps it. */
const PATIENCE_MS = 2000;

/**
 * End the sessions that use the database and do the work. Whenever this waits for a lock, end the sessions that hold one on
 * the database; if the server does not tell which these are, those of every account with rights on it. Sessions of
 * administrators and of our own account are never ended for that: such an account can do the same to ours.
 */
export async function withoutSessions(
	server: Server,
	database: string,
	work: () => Promise<void>,
): Promise<void> {
	await end(
		server,
		await sessionsOf(server, `db = ${literal(database)} AND id <> CONNECTION_ID()`, database),
	);
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
	for (;;) {
		await pause(PATIENCE_MS, undefined, { signal }).catch(() => {});
		if (signal.aborted) return;
		// The work reports its own failure.
		await endThoseInTheWay(server, database).catch(() => {});
	}
}

async function endThoseInTheWay(server: Server, database: string): Promise<void> {
	const ours = "user = SUBSTRING_INDEX(SESSION_USER(), '@', 1)";
	const waiting = await sessionsOf(server, `${ours} AND state LIKE 'Waiting for%lock%'`, database);
	if (waiting.length === 0) return;
	const known = await holdersOf(server, database).catch(() => []);
	const which = known.length > 0 ? `id IN (${known.join(", ")})` : `user IN (${accountsOn(database)})`;
	const others = `NOT ${ours} AND user NOT LIKE 'holdfast\\_%'`;
	await end(server, await sessionsOf(server, `${others} AND (${which})`, database));
}

/** Where the server records locks: MySQL does, MariaDB if performance_schema is on. */
async function holdersOf({ sql }: Server, database: string): Promise<number[]> {
	const rows = await sql(
		[
			`SELECT DISTINCT t.processlist_id FROM performance_schema.metadata_locks l JOIN performance_schema.threads t ON t.thread_id = l.owner_thread_id WHERE l.object_schema = ${literal(database)} AND l.lock_status = 'GRANTED' AND t.processlist_id IS NOT NULL`,
		],
		`look for locks of ${database}`,
	);
	return rows.map(([id]) => Number(id));
}

/** Users with rights on the database, also by a pattern or a role, and none on the server. */
function accountsOn(database: string): string {
	const named = `${grantees(database)} UNION SELECT User, Host FROM mysql.db WHERE ${literal(database)} LIKE Db`;
	// MySQL always tells who holds a lock, so this is for MariaDB alone.
	const members = `SELECT m.User, m.Host FROM mysql.roles_mapping m JOIN (${named}) r ON r.User = m.Role AND r.Host = ''`;
	const isAdministrator = `SELECT 1 FROM information_schema.user_privileges p WHERE p.grantee = CONCAT("'", g.User, "'@'", g.Host, "'") AND p.privilege_type <> 'USAGE'`;
	return `SELECT g.User FROM (${named} UNION ${members}) g WHERE NOT EXISTS (${isAdministrator})`;
}

async function sessionsOf({ sql }: Server, which: string, database: string): Promise<number[]> {
	const rows = await sql(
		[`SELECT id FROM information_schema.processlist WHERE ${which}`],
		`look for sessions of ${database}`,
	);
	return rows.map(([id]) => Number(id));
}

async function end({ sql }: Server, sessions: readonly number[]): Promise<void> {
	// The session may have ended in the meantime.
	for (const id of sessions) await sql([`KILL CONNECTION ${id}`], `end session ${id}`).catch(() => {});
}
