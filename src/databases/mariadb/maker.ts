// Who makes the views, triggers, routines and events of a database. A server evaluates parts of a definition while it reads
// it: that is done with rights over this database alone, and for no longer than a moment. What an account with these
// cannot make is made with ours, where that is safe or trusted.
import { HoldfastError } from "../../values/error.ts";
import { isDenied } from "./denied.ts";
import { type AccountName, accountText } from "./names.ts";
import { beyond, rightsOf } from "./rights.ts";
import { type Asked, asked, type Server } from "./server.ts";
import type { StoredObject } from "./stored-object.ts";
import { says, temporaryAccount } from "./temporary.ts";

/** For one definition; ordinary ones take milliseconds. */
const definitionSeconds = () => Number(process.env.HOLDFAST_DEFINITION_SECONDS) || 60;

/** It may not make what runs as another, or nothing that a binary log takes in: whatever the definition is. */
const NOT_A_MAKER = /ERROR (1227|1419) /;

export interface Makers {
	/** Who makes all that it may make. */
	readonly maker: Asked;
	/**
	 * Who has the rights of this definer beside those over the database, in other databases as well: we ourselves, when
	 * it has some over the server.
	 */
	like(definer: AccountName): Promise<Asked>;
	/** We ourselves, for the rest. */
	readonly ourselves: Asked;
	/** Whether the maker can make what runs as another account. */
	readonly forOthers: boolean;
	release(): Promise<void>;
}

export async function makersOf(
	server: Server,
	database: string,
	objects: readonly StoredObject[],
): Promise<Makers> {
	const seconds = definitionSeconds();
	const ourselves = asked({ ...server, seconds });
	if (objects.length === 0)
		return {
			...{ maker: ourselves, like: async () => ourselves, ourselves, forOthers: true },
			release: async () => {},
		};
	const account = await temporaryAccount(server, database, "make");
	const likes = new Map<string, Asked>();
	const releases = [account.release];
	return {
		maker: asked({ ...account, seconds }),
		async like(definer) {
			const name = accountText(definer);
			const known = likes.get(name);
			if (known) return known;
			const rights = await rightsOf(server, definer);
			if (rights === undefined) return ourselves;
			const another = await temporaryAccount(server, database, "make", { account: definer, rights });
			releases.push(another.release);
			const like = asked({ ...another, seconds });
			likes.set(name, like);
			return like;
		},
		ourselves,
		forOthers: account.forOthers,
		async release() {
			// One that cannot be taken away keeps none of the others.
			const ends = await Promise.allSettled(releases.map((release) => release()));
			for (const end of ends) if (end.status === "rejected") throw end.reason;
		},
	};
}

/**
 * Whether we make it ourselves when the maker was denied it. Of an archive that is not trusted that is what the live
 * database has just so, since nothing else with such a definer is let in; and what is read, never evaluated, before it
 * runs: all but views, of events since their schedules are times alone. A binary log and older servers leave no other
 * way (MySQL Reference Manual, "Stored Program Binary Logging").
 */
export async function fallsToUs(
	server: Server,
	database: string,
	{ kind, definer }: StoredObject,
	{ trusted, error }: { readonly trusted: boolean; readonly error: unknown },
): Promise<boolean> {
	if (!isDenied(error)) return false;
	if (trusted || (kind !== "VIEW" && says(error, NOT_A_MAKER))) return true;
	return (await beyond(server, database, definer)) !== undefined;
}

/** Fails for views that nobody but us could make here: the server evaluates parts of them, with our rights then. */
export async function requireMaker(
	server: Server,
	live: string,
	{ forOthers }: Makers,
	objects: readonly StoredObject[],
): Promise<void> {
	if (forOthers) return;
	const views: string[] = [];
	for (const { kind, name, definer } of objects)
		if (kind === "VIEW" && (await beyond(server, live, definer)) === undefined) views.push(name);
	if (views.length === 0) return;
	throw new HoldfastError(
		"archive-not-trusted",
		`the views in the dump of ${live} could only be made as the administrator of this server`,
		{
			details: [`${views.slice(0, 5).join(", ")}${views.length > 5 ? ` and ${views.length - 5} more` : ""}`],
			hint: "the server evaluates parts of a view while it is made, and this machine did not write this archive as it is now; if you trust what it holds, restore it with --trust-archive (MariaDB since 10.5 and MySQL since 8.0 need that less often: there the configured account must be able to grant SET USER, or SET_ANY_DEFINER)",
		},
	);
}
