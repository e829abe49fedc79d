// Foreign keys between databases. RENAME TABLE takes along those that refer to a table: those of other databases would refer to the
// old one from then on, which could not be dropped.
import { isDenied } from "./denied.ts";
import { identifier } from "./names.ts";
import type { Server } from "./server.ts";
import { patternOf } from "./temporary.ts";

interface CrossKeys {
	/** Tables of other databases that refer to this one: `other.child`. */
	readonly incoming: readonly string[];
	/** The databases that tables of this one refer to. */
	readonly outgoing: readonly string[];
	/** We may not read them: for that, a server wants the privilege PROCESS. */
	readonly unseen?: true;
}

/** As InnoDB knows them, since information_schema would look into all tables and views of the server for it. */
export async function crossKeys(server: Server, database: string): Promise<CrossKeys> {
	const isMysql = (await server.product()).product === "MySQL";
	const table = isMysql ? "INNODB_FOREIGN" : "INNODB_SYS_FOREIGN";
	// Here MariaDB has the names of its folders and files.
	const part = (column: string, index: 1 | -1) => {
		const name = `SUBSTRING_INDEX(${column}, '/', ${index})`;
		return isMysql ? name : `CONVERT(CAST(${name} AS BINARY) USING filename)`;
	};
	try {
		const rows = await server.sql(
			[
				`SELECT ${part("FOR_NAME", 1)}, ${part("FOR_NAME", -1)}, ${part("REF_NAME", 1)} FROM information_schema.${table} WHERE SUBSTRING_INDEX(FOR_NAME, '/', 1) <> SUBSTRING_INDEX(REF_NAME, '/', 1)`,
			],
			`look for foreign keys between databases`,
		);
		const keys = isMysql ? rows.map((row) => row.map(decoded)) : rows;
		const incoming = keys.filter(([, , to]) => to === database);
		const outgoing = keys.filter(([from]) => from === database);
		return {
			incoming: incoming.map(([from, child]) => `${from}.${child}`),
			outgoing: [...new Set(outgoing.map(([, , to = ""]) => to))],
		};
	} catch (error) {
		if (!isDenied(error)) throw error;
		return { incoming: [], outgoing: [], unseen: true };
	}
}

/** Without the letters that a server writes in a shorter way: MySQL does not convert such names for us. */
const decoded = (name: string) =>
	name.replace(/@([0-9a-f]{4})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));

/** As a fact about a dump: its loader must be allowed to refer to these databases. */
export async function keyFacts(server: Server, database: string): Promise<{ readonly refersTo?: string[] }> {
	const { outgoing } = await crossKeys(server, database);
	return outgoing.length === 0 ? {} : { refersTo: [...outgoing] };
}

/** What the loader of a dump with these facts needs besides its own database. */
export async function keyRights(server: Server, refersTo: readonly string[]): Promise<string[]> {
	const rights: string[] = [];
	for (const name of refersTo) rights.push(`REFERENCES ON ${identifier(await patternOf(server, name))}.*`);
	return rights;
}
