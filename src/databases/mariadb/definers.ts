// The accounts that the objects in a dump would run as. If this machine did not write the archive exactly as it is,
// nothing may run with more rights than the database's own accounts have: a view defined by root could read everything
// on the server.
import { HoldfastError } from "../../values/error.ts";
import { accountText } from "./names.ts";
import { objectsOf } from "./objects.ts";
import { rightsBeyond } from "./rights.ts";
import type { Server } from "./server.ts";
import { creation, type StoredObject } from "./stored-object.ts";

/** Throws if one of these objects would run as an account that has rights beyond the database. */
export async function requireOwnDefiners(
	server: Server,
	database: string,
	hasLive: boolean,
	objects: readonly StoredObject[],
): Promise<void> {
	// An object that exists identically in the live database gains no new rights.
	const known = new Set(hasLive ? (await objectsOf(server, database)).objects.map(creation) : []);
	const others = objects.filter((one) => !known.has(creation(one)));
	const definers = new Map(others.map(({ definer }) => [accountText(definer), definer]));
	const faults: string[] = [];
	for (const [name, definer] of definers) {
		const why = await rightsBeyond(server, database, definer);
		if (why === undefined) continue;
		const theirs = others.filter((one) => accountText(one.definer) === name);
		faults.push(
			`${name}, ${why}: ${theirs
				.slice(0, 5)
				.map((one) => `${one.kind.toLowerCase()} ${one.name}`)
				.join(", ")}${theirs.length > 5 ? ` and ${theirs.length - 5} more` : ""}`,
		);
	}
	if (faults.length === 0) return;
	throw new HoldfastError(
		"archive-not-trusted",
		`the dump of ${database} contains code that would run as accounts with privileges on other databases`,
		{
			details: faults,
			hint: "this archive was not written by this machine, or was modified since; if you trust its contents, restore it with --trust-archive",
		},
	);
}
