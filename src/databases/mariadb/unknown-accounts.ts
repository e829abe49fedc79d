// Accounts from an archive that this machine did not write exactly as it is. Its author knows their passwords, so none
// of them may give access to more than the database, and none may take the place of an existing account.
import type { Account } from "./account-text.ts";
import { grantText } from "./account-text.ts";
import { accountLiteral, accountText } from "./names.ts";
import type { Server } from "./server.ts";

/** Hosts that mean this machine. */
const LOCAL = new Set(["localhost", "127.0.0.1", "::1"]);
/** Rights that an application needs and a read-only account does not have. */
const WRITING = new Set(["ALL PRIVILEGES", "INSERT", "UPDATE", "DELETE"]);

export interface Known {
	/** All accounts of the server. */
	readonly there: readonly { readonly user: string; readonly host: string }[];
	/** Whether one of them has rights on this database: then the application's own account already exists. */
	readonly hasOwn: boolean;
}

/** Returns the accounts to create, and descriptions of what is left out. */
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
				`the account ${accountText(one)} was skipped, because ${why} and this machine did not write the archive; to create it, restore with --trust-archive`,
			);
		return why === undefined;
	});
	// Roles of MySQL are locked accounts.
	const users = accounts.filter(({ host, clauses }) => host !== "" && !withoutLock(clauses).wasLocked);
	const writing = writersAmong(accounts);
	const writers = users.filter((one) => writing.has(accountText(one)));
	const own = new Set((writers.length > 0 ? writers : users).map(({ user }) => user));
	const mayLogIn = ({ user, host }: Account) =>
		!hasOwn && own.has(user) && (own.size === 1 || LOCAL.has(host.toLowerCase()));
	return {
		faults,
		accounts: accounts.map((one) => {
			const who = accountLiteral(one);
			const grants = one.grants.map((grant) => {
				// Escape the name: an unescaped "_" matches any character, so the grant would cover other databases as
				// well.
				const narrow = { ...grant, pattern: grant.object === undefined, option: false };
				if (grant.option)
					faults.push(
						`the account ${accountText(one)} cannot grant its privileges to others, because this machine did not write the archive; to allow it: ${grantText({ ...narrow, option: true }, one, database)}`,
					);
				return narrow;
			});
			const memberOf = one.memberOf?.map(({ isAdmin, ...role }) => {
				if (isAdmin)
					faults.push(
						`the account ${accountText(one)} cannot grant the role ${accountText(role)} to others, because this machine did not write the archive; to allow it: GRANT ${accountLiteral(role)} TO ${who} WITH ADMIN OPTION`,
					);
				return role;
			});
			const narrow = { ...one, grants, ...(memberOf === undefined ? {} : { memberOf }) };
			if (one.host === "") return narrow;
			const { clauses, wasLocked } = withoutLock(one.clauses);
			if (!wasLocked && !mayLogIn(one))
				faults.push(
					`the account ${accountText(one)} was created but locked, because ${hasOwn ? "this server already has accounts for the database" : "it may not belong to the application"} and this machine did not write the archive; to unlock it: ALTER USER ${who} ACCOUNT UNLOCK`,
				);
			const isLocked = wasLocked || !mayLogIn(one);
			return { ...narrow, clauses: isLocked ? [...clauses, ...LOCK] : clauses };
		}),
	};
}

/** Those that may write to the entire database: by rights of their own, or by a role, or a role's role. */
function writersAmong(accounts: readonly Account[]): ReadonlySet<string> {
	const mayWrite = ({ grants }: Account) =>
		grants.some(
			({ object, privileges }) => object === undefined && privileges.some(({ name }) => WRITING.has(name)),
		);
	const found = new Set(accounts.filter(mayWrite).map(accountText));
	for (let before = -1; before < found.size; ) {
		before = found.size;
		for (const one of accounts)
			if (one.memberOf?.some((role) => found.has(accountText(role)))) found.add(accountText(one));
	}
	return found;
}

const LOCK: Account["clauses"] = [{ word: "ACCOUNT" }, { word: "LOCK" }];

/** Why an account must not be created at all. */
function obstacle({ user, host }: Account, there: Known["there"]): string | undefined {
	// Any user name from that host would match this account.
	if (user === "") return "anyone could log in with it";
	if (host === "" && user.toUpperCase() === "PUBLIC") return "its privileges would apply to every account";
	// For connections from that host, the server would choose this account instead of the existing one.
	const other = there.find((one) => one.user === user);
	return other && `this server already has ${accountText(other)}`;
}

/** The last lock option in an account's definition applies. */
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

/** The accounts of the server that decide what may be created. */
export async function knownAccounts(server: Server, ofDatabase: string): Promise<Known> {
	const rows = await server.sql(["SELECT User, Host FROM mysql.user"], "list the accounts");
	const own = await server.sql([ofDatabase], "list the accounts");
	return { there: rows.map(([user = "", host = ""]) => ({ user, host })), hasOwn: own.length > 0 };
}
