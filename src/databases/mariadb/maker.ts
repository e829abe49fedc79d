// Who makes the views, triggers, routines and events of a database. A server evaluates parts of a definition while it reads
// it: that is done with rights over this database alone, and for no longer than a moment. What reaches beyond it anyway, by
// whose rights it runs with, is made with ours.
import { HoldfastError } from "../../manifest/error.ts";
import { beyond } from "./definers.ts";
import { accountText } from "./names.ts";
import type { StoredObject } from "./objects.ts";
import { type Asked, asked, type Server } from "./server.ts";
import { temporaryAccount } from "./temporary.ts";

/** For one definition; ordinary ones take milliseconds. */
const definitionSeconds = () => Number(process.env.HOLDFAST_DEFINITION_SECONDS) || 60;

/** "Access denied", "you need the SUPER privilege", "invoker of view lacks rights": of what its account may not do. */
const DENIED = /ERROR (1044|1142|1143|1227|1356|1370|1419) /;

export interface Makers {
	/** Who makes this one. */
	of(one: StoredObject): Asked;
	/** We ourselves, for what the others may not: of a dump that is trusted, or of what was live. */
	readonly ourselves: Asked;
	release(): Promise<void>;
}

/** `live` is the database whose accounts these objects run as; `database` the one that they are made in. */
export async function makersOf(
	server: Server,
	live: string,
	database: string,
	objects: readonly StoredObject[],
): Promise<Makers> {
	const seconds = definitionSeconds();
	const ourselves = asked({ ...server, seconds });
	if (objects.length === 0) return { of: () => ourselves, ourselves, release: async () => {} };
	const ours = new Set<string>();
	for (const [name, definer] of new Map(objects.map(({ definer }) => [accountText(definer), definer])))
		if ((await beyond(server, live, definer)) !== undefined) ours.add(name);
	if (objects.every(({ definer }) => ours.has(accountText(definer))))
		return { of: () => ourselves, ourselves, release: async () => {} };
	const maker = await temporaryAccount(server, database, "make");
	const theirs = asked({ ...maker, seconds });
	return {
		of: ({ definer }) => (ours.has(accountText(definer)) ? ourselves : theirs),
		ourselves,
		release: maker.release,
	};
}

export function isDenied(error: unknown): boolean {
	return error instanceof HoldfastError && error.details.some((line) => DENIED.test(line));
}

export const saysDenied = (line: string) => DENIED.test(line);
