// The accounts of an archive that this machine did not write as it is now. Whoever wrote it knows their passwords: none of
// them may be a way into more than the database, and none takes the place of an account that is here.
import type { Account } from "./account-text.ts";
import { grantText } from "./account-text.ts";
import { accountLiteral, accountText } from "./names.ts";
import type { Server } from "./server.ts";

/** Hosts that mean this machine. */
const LOCAL = new Set(["localhost", "127.0.0.1", "::1"]);
/** What an application needs, and one that only reads has not. */
const WRITING = new Set(["ALL PRIVILEGES", "INSERT", "UPDATE", "DELETE"]);

export interface Known {
	/** Of all accounts of the server. */
	readonly there: readonly { readonly user: string; readonly host: string }[];
	/** Whether one of them has rights on this database: the application's own is here then. */
	readonly hasOwn: boolean;
}

/** What is made of them, and what is left out, in words. */
export function ofUnknownArchive(
	database: string,
	wanted: readonly Account[],
	{ there, hasOwn }: Known,
): { readonly accounts: readonly Account[]; readonly faults: readonly string[] } {
	const faults: string[] = [];
	const accounts = wanted.filter((one) => {
		const why = obstacle(one, there);
		if (why !== undefined)
			faults.push(
				`the account ${accountText(one)} is left out, since ${why} and this machine did not write the archive; to make it, restore with --trust-archive`,
			);
		return why === undefined;
	});
	const users = accounts.filter(({ host }) => host !== "");
	const writers = users.filter(({ grants }) =>
		grants.some(
			({ object, privileges }) => object === undefined && privileges.some(({ name }) => WRITING.has(name)),
		),
	);
	const own = new Set((writers.length > 0 ? writers : users).map(({ user }) => user));
	const mayLogIn = ({ user, host }: Account) =>
		!hasOwn && own.has(user) && (own.size === 1 || LOCAL.has(host.toLowerCase()));
	return {
		faults,
		accounts: accounts.map((one) => {
			const who = accountLiteral(one);
			const grants = one.grants.map((grant) => {
				// A database's name is read as a pattern here, in which "_" matches any character: it would grant more.
				const narrow = { ...grant, pattern: grant.object === undefined, option: false };
				if (grant.option)
					faults.push(
						`the account ${accountText(one)} may not give its rights to others, since this machine did not write the archive; to allow it: ${grantText({ ...narrow, option: true }, one, database)}`,
					);
				return narrow;
			});
			if (one.host === "") return { ...one, grants };
			const { clauses, wasLocked } = withoutLock(one.clauses);
			if (!wasLocked && !mayLogIn(one))
				faults.push(
					`the account ${accountText(one)} is made but locked, since ${hasOwn ? "this server has accounts for the database already" : "it need not be the application's own"} and this machine did not write the archive; to let it in: ALTER USER ${who} ACCOUNT UNLOCK`,
				);
			const isLocked = wasLocked || !mayLogIn(one);
			return { ...one, grants, clauses: isLocked ? [...clauses, ...LOCK] : clauses };
		}),
	};
}

const LOCK: Account["clauses"] = [{ word: "ACCOUNT" }, { word: "LOCK" }];

/** Why an account may not be made at all. */
function obstacle({ user, host }: Account, there: Known["there"]): string | undefined {
	// Whoever comes from that host would be taken for it, whatever they are called.
	if (user === "") return "anybody without an account could log in with it";
	if (host === "" && user.toUpperCase() === "PUBLIC") return "its rights would go to every account";
	// From that host it would be asked for in place of the one that is here.
	const other = there.find((one) => one.user === user);
	return other && `this server has ${accountText(other)} already`;
}

/** The last word of an account's definition counts. */
function withoutLock(clauses: Account["clauses"]): { clauses: Account["clauses"]; wasLocked: boolean } {
	const isWord = (index: number, ...words: string[]) => {
		const one = clauses[index];
		return one !== undefined && "word" in one && words.includes(one.word);
	};
	const isLock = (index: number) => isWord(index, "ACCOUNT") && isWord(index + 1, "LOCK", "UNLOCK");
	return {
		clauses: clauses.filter((_, index) => !isLock(index) && !isLock(index - 1)),
		wasLocked: clauses.some((_, index) => isLock(index) && isWord(index + 1, "LOCK")),
	};
}

/** What of the server decides about them. */
export async function knownAccounts(server: Server, ofDatabase: string): Promise<Known> {
	const rows = await server.sql(["SELECT User, Host FROM mysql.user"], "look for accounts");
	const own = await server.sql([ofDatabase], "look for accounts");
	return { there: rows.map(([user = "", host = ""]) => ({ user, host })), hasOwn: own.length > 0 };
}
