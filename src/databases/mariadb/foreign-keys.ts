// Foreign keys between databases. RENAME TABLE takes along those that refer to a table: those of other databases would refer to the
// old one from then on, which could not be dropped.
import { folderName } from "./definitions.ts";
import { isDenied } from "./denied.ts";
import { identifier } from "./names.ts";
import type { Server } from "./server.ts";
import { patternOf } from "./temporary.ts";

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

/** The name of a database by that of its folder. Undefined for letters that the server writes in a shorter way. */
function nameOf(folder: string): string | undefined {
	const name = folder.replace(/@([0-9a-f]{4})/g, (_, code: string) =>
		String.fromCharCode(Number.parseInt(code, 16)),
	);
	return folderName(name) === folder ? name : undefined;
}

/** As a fact about a dump: its loader must be allowed to refer to these databases. */
export async function keyFacts(server: Server, database: string): Promise<{ readonly refersTo?: string[] }> {
	const { outgoing } = await crossKeys(server, database);
	const names = outgoing.flatMap((folder) => nameOf(folder) ?? []);
	return names.length === 0 ? {} : { refersTo: names };
}

/** What the loader of a dump with these facts needs besides its own database. */
export async function keyRights(server: Server, refersTo: readonly string[]): Promise<string[]> {
	const rights: string[] = [];
	for (const name of refersTo) rights.push(`REFERENCES ON ${identifier(await patternOf(server, name))}.*`);
	return rights;
}
