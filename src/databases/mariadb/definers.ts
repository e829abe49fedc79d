// Whose rights the objects of a dump would run with. Of an archive that this machine did not write as it is now, nothing
// gets more rights than the database's own accounts have: a view of root's could read all that the server holds.
import { HoldfastError } from "../../values/error.ts";
import { accountText } from "./names.ts";
import { objectsOf } from "./objects.ts";
import { beyond } from "./rights.ts";
import type { Server } from "./server.ts";
import { creation, type StoredObject } from "./stored-object.ts";

/** Fails when one of these would run as an account that has rights beyond the database. */
export async function requireOwnDefiners(
	server: Server,
	database: string,
	hasLive: boolean,
	objects: readonly StoredObject[],
): Promise<void> {
	// What the live database does just so already is no more than it had.
	const known = new Set(hasLive ? (await objectsOf(server, database)).map((one) => creation(one)) : []);
	const others = objects.filter((one) => !known.has(creation(one)));
	const definers = new Map(others.map(({ definer }) => [accountText(definer), definer]));
	const faults: string[] = [];
	for (const [name, definer] of definers) {
		const why = await beyond(server, database, definer);
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
		`the dump of ${database} holds what would run with the rights of accounts that reach beyond it`,
		{
			details: faults,
			hint: "this machine did not write this archive as it is now; if you trust what it holds, restore it with --trust-archive",
		},
	);
}
