// Choose which account creates the views, triggers, routines and events of a database. A server evaluates parts of a
// definition while it parses it, so this runs with rights on this database only, and with a short time limit. What such
// an account cannot create is created with our own rights, if that is safe or the archive is trusted.
import { HoldfastError } from "../../values/error.ts";
import { isDenied } from "./denied.ts";
import { type AccountName, accountText } from "./names.ts";
import { rightsBeyond, rightsOf } from "./rights.ts";
import { type Asked, asked, type Server } from "./server.ts";
import type { Named } from "./shown-object.ts";
import type { StoredObject } from "./stored-object.ts";
import { says, temporaryAccount } from "./temporary.ts";

/** Time limit for one definition. Ordinary ones take milliseconds. */
const definitionSeconds = () => Number(process.env.HOLDFAST_DEFINITION_SECONDS) || 60;

/**
 * The account may not create anything that runs as another account, or anything that is written to a binary log,
 * whatever the definition says.
 */
export const NOT_A_MAKER = /^ERROR (1227|1419) \(/;

export interface Makers {
	/** The account to try first. */
	readonly maker: Asked;
	/**
	 * An account with rights on the database plus the rights that this definer and its roles have on other databases.
	 * Returns ourselves if the definer is that, or an administrator of the server.
	 */
	like(definer: AccountName): Promise<Asked>;
	/** Our own connection, for what the others cannot create. */
	readonly ourselves: Asked;
	/** Whether the maker can create objects that run as another account. */
	readonly forOthers: boolean;
	/** Our own account's name, if the maker cannot. */
	readonly own: string | undefined;
	release(): Promise<void>;
}

export async function makersOf(
	server: Server,
	database: string,
	objects: readonly unknown[],
): Promise<Makers> {
	const seconds = definitionSeconds();
	const ourselves = asked({ ...server, seconds });
	if (objects.length === 0)
		return {
			...{ maker: ourselves, like: async () => ourselves, ourselves, forOthers: true, own: undefined },
			release: async () => {},
		};
	const account = await temporaryAccount(server, database, "make");
	const own = account.forOthers ? undefined : await currentUser(server);
	const likes = new Map<string, Asked>();
	const releases = [account.release];
	return {
		maker: asked({ ...account, seconds }),
		async like(definer) {
			const name = accountText(definer);
			const known = likes.get(name);
			if (known) return known;
			const rights = await rightsOf(server, definer);
			if (rights === undefined || name === own) return ourselves;
			const another = await temporaryAccount(server, database, "make", { account: definer, rights });
			releases.push(another.release);
			const like = asked({ ...another, seconds });
			likes.set(name, like);
			return like;
		},
		ourselves,
		forOthers: account.forOthers,
		own,
		async release() {
			// Failing to drop one account must not prevent dropping the others.
			const ends = await Promise.allSettled(releases.map((release) => release()));
			for (const end of ends) if (end.status === "rejected") throw end.reason;
		},
	};
}

async function currentUser(server: Server): Promise<string | undefined> {
	const [[name] = []] = await server.sql(["SELECT CURRENT_USER()"], "ask the server for the current user");
	return name;
}

/**
 * Whether to create an object with our own rights after the maker was denied. For an untrusted archive this is limited
 * to two cases: the definer has rights beyond the database, which is allowed only for objects that exist identically in
 * the live database; or the object is not a view, since the server only parses routines, triggers and events when it
 * creates them (an event's schedule contains only literal times). With a binary log, and on older servers, there is no
 * other way (MySQL Reference Manual, "Stored Program Binary Logging").
 */
export async function isMadeByUs(
	server: Server,
	database: string,
	{ kind, definer }: StoredObject,
	{ trusted, error }: { readonly trusted: boolean; readonly error: unknown },
): Promise<boolean> {
	if (!isDenied(error)) return false;
	if (trusted || (kind !== "VIEW" && says(error, NOT_A_MAKER))) return true;
	return (await rightsBeyond(server, database, definer)) !== undefined;
}

/** Throws for views that only we could create here: the server would evaluate parts of them with our rights. */
export async function requireMaker(
	server: Server,
	live: string,
	{ forOthers, own }: Makers,
	objects: readonly Named[],
	isOwn: boolean,
): Promise<void> {
	if (forOthers) return;
	// Our own and those of administrators are created with our rights; a stranger's are refused before, or in the live database as well.
	const isOrdinary = async ({ definer }: Named) =>
		isOwn
			? accountText(definer) !== own && (await rightsOf(server, definer)) !== undefined
			: (await rightsBeyond(server, live, definer)) === undefined;
	const views: string[] = [];
	for (const one of objects) if (one.kind === "VIEW" && (await isOrdinary(one))) views.push(one.name);
	if (views.length === 0) return;
	throw new HoldfastError(
		"archive-not-trusted",
		`the views ${isOwn ? "" : "in the dump "}of ${live} could only be created with administrator rights on this server`,
		{
			details: [`${views.slice(0, 5).join(", ")}${views.length > 5 ? ` and ${views.length - 5} more` : ""}`],
			hint: `the server evaluates parts of a view when it is created, and ${isOwn ? "an account that is no administrator may have made these" : "this archive was not written by this machine, or was modified since"}; if you trust ${isOwn ? "them" : "its contents"}, restore it with --trust-archive (on MariaDB 10.5 or MySQL 8.0 and later, this is often unnecessary if the configured account can grant SET USER or SET_ANY_DEFINER)`,
		},
	);
}
