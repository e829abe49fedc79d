// What temporary accounts need to know of a server. It does not change while the server runs, and each question starts a
// client: it is asked once for each connection.
import type { Server } from "./server.ts";

interface Settings {
	/** The host name from which the server sees our connection. */
	readonly host: string;
	readonly writesBinaryLog: boolean;
	/** MySQL's partial revokes: it does not treat a database's name in a GRANT as a pattern. */
	readonly partialRevokes: boolean;
}

const known = new WeakMap<Server, Settings>();

export async function settingsOf(server: Server): Promise<Settings> {
	const before = known.get(server);
	if (before !== undefined) return before;
	const [[host = "localhost", logs] = [], [, revokes] = []] = await server.sql(
		["SELECT SUBSTRING_INDEX(USER(), '@', -1), @@log_bin", "SHOW VARIABLES LIKE 'partial_revokes'"],
		"ask the server for the current user",
	);
	const settings = { host, writesBinaryLog: logs === "1", partialRevokes: revokes === "ON" };
	known.set(server, settings);
	return settings;
}
