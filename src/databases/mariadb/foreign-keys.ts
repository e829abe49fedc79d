// Foreign keys between databases. RENAME TABLE takes along those that refer to a table: those of other databases would refer to the
// old one from then on, which could not be dropped.
import { folderName } from "./definitions.ts";
import { isDenied } from "./denied.ts";
import { identifier } from "./names.ts";
import type { Server } from "./server.ts";

interface CrossKeys {
	/** Tables of other databases that refer to this one: `other.child`. */
	readonly incoming: readonly string[];
	/** The databases that tables of this one refer to. */
	readonly outgoing: readonly string[];
}

/**
 * As InnoDB knows them, since information_schema would look into all tables and views of the server for it. Names are as in its
 * folders. None if we may not read them.
 */
export async function crossKeys(server: Server, database: string): Promise<CrossKeys> {
	const { product } = await server.product();
	const table = product === "MySQL" ? "INNODB_FOREIGN" : "INNODB_SYS_FOREIGN";
	const rows = await server
		.sql(
			[
				`SELECT FOR_NAME, REF_NAME FROM information_schema.${table} WHERE SUBSTRING_INDEX(FOR_NAME, '/', 1) <> SUBSTRING_INDEX(REF_NAME, '/', 1)`,
			],
			`look for foreign keys between databases`,
		)
		.catch((error: unknown) => {
			if (isDenied(error)) return [];
			throw error;
		});
	const nameIn = (name: string) => name.split("/")[0] ?? "";
	const own = new Set([database, folderName(database)]);
	const isOwn = (name: string) => own.has(nameIn(name));
	const shown = (name: string) => name.replace("/", ".");
	return {
		incoming: rows.flatMap(([from = "", to = ""]) => (isOwn(to) && !isOwn(from) ? [shown(from)] : [])),
		outgoing: [
			...new Set(rows.flatMap(([from = "", to = ""]) => (isOwn(from) && !isOwn(to) ? [nameIn(to)] : []))),
		],
	};
}

/** A name that is the same in the server's folders. */
const PLAIN = /^[a-zA-Z0-9_]+$/;

/** As a fact about a dump: its loader must be allowed to refer to these databases. */
export async function keyFacts(server: Server, database: string): Promise<{ readonly refersTo?: string[] }> {
	const { outgoing } = await crossKeys(server, database);
	const names = outgoing.filter((name) => PLAIN.test(name));
	return names.length === 0 ? {} : { refersTo: names };
}

/** What the loader of a dump with these facts needs besides its own database. */
export function keyRights(refersTo: readonly string[]): string[] {
	return refersTo.map((name) => `REFERENCES ON ${identifier(name)}.*`);
}
