// The accounts that have rights on a database, and those rights, as data for an archive.
import * as v from "valibot";
import { counted } from "../../values/counted.ts";
import { HoldfastError } from "../../values/error.ts";
import type { HeldDump } from "../database.ts";
import { type Account, accountSchema, clausesOf, clauseText, grantOf, grantText } from "./account-text.ts";
import { NOT_OF_OBJECT } from "./broken.ts";
import { membershipStatements, withMembers } from "./memberships.ts";
import { accountLiteral, accountOf, accountText, literal, pattern } from "./names.ts";
import type { Product, Server } from "./server.ts";
import { knownAccounts, ofUnknownArchive } from "./unknown-accounts.ts";

/** The tables with grants below the server level (MariaDB Knowledge Base, "The mysql Database Tables"). */
const GRANTS = ["db", "tables_priv", "columns_priv", "procs_priv"];

/**
 * MySQL's password hashes may contain binary data (MySQL Reference Manual, "print_identified_with_as_hex"). MariaDB
 * ignores this comment.
 */
const HASHES_IN_HEX = "SET @holdfast = 1 /*!80017 , SESSION print_identified_with_as_hex = ON */";

const heldSchema = v.object({ accounts: v.array(accountSchema) });
const oldSchema = v.array(v.object({ name: v.string(), statements: v.array(v.string()) }));

const nameOf = accountText;

/** Selects the accounts that have rights on this database or on objects in it. */
export const grantees = (database: string) =>
	GRANTS.map(
		(table) =>
			`SELECT DISTINCT User, Host FROM mysql.${table} WHERE Db IN (${literal(database)}, ${literal(pattern(database))})`,
	).join(" UNION ");

/** Passwords are stored as the server's hashes. */
export async function accountsOf(server: Server, database: string): Promise<object | undefined> {
	const direct = await server.sql([grantees(database)], `list the accounts of ${database}`);
	const { accounts: all, memberships } = await withMembers(
		server,
		database,
		direct.map(([user = "", host = ""]) => ({ user, host })),
	);
	const accounts: Account[] = [];
	for (const { user, host } of all) {
		const who = accountLiteral({ user, host });
		const doing = `read the account ${nameOf({ user, host })}`;
		const made = host === "" ? [] : await server.sql([HASHES_IN_HEX, `SHOW CREATE USER ${who}`], doing);
		const grants = await server.sql([`SHOW GRANTS FOR ${who}`], doing);
		const clauses = host === "" ? [] : clausesOf(made.flat().join("\t"), { user, host });
		if (clauses === undefined)
			throw new HoldfastError("database-failed", `could not ${doing}: its definition cannot be parsed`);
		const own = memberships.filter(({ member }) => nameOf(member) === nameOf({ user, host }));
		accounts.push({
			...{ user, host, clauses },
			grants: grants.flat().flatMap((grant) => grantOf(grant, { user, host }, database) ?? []),
			memberOf: own.map(({ role, isAdmin, isDefault }) => ({
				...role,
				...(isAdmin ? { isAdmin } : {}),
				...(isDefault ? { isDefault } : {}),
			})),
		});
	}
	return accounts.length === 0 ? undefined : ({ accounts } satisfies v.InferOutput<typeof heldSchema>);
}

/** Parse accounts from an archive, of this version or of 0.1.0. `faults` describes what was not understood. */
function held(accounts: unknown, database: string): { accounts: Account[]; faults: string[] } {
	const found = v.safeParse(heldSchema, accounts);
	if (found.success) return { accounts: found.output.accounts, faults: [] };
	const old = v.safeParse(oldSchema, accounts);
	if (!old.success)
		throw new HoldfastError("archive-damaged", `the accounts of ${database} in the archive cannot be read`, {
			hint: "the archive is damaged or was modified; choose another one",
		});
	const faults: string[] = [];
	const some = old.output.flatMap(({ name, statements: [made = "", ...grants] }) => {
		const who = accountOf(name);
		const clauses = clausesOf(made, who);
		if (clauses === undefined) {
			faults.push(`the account ${name} was skipped: its definition cannot be parsed`);
			return [];
		}
		return [
			{
				...who,
				clauses,
				memberOf: [],
				grants: grants.flatMap((text) => {
					const grant = grantOf(text, who, database);
					if (!grant)
						faults.push(`a privilege of the account ${name} was skipped: it is not limited to ${database}`);
					return grant ?? [];
				}),
			},
		];
	});
	return { accounts: some, faults };
}

export async function missingAccounts(
	server: Server,
	database: string,
	accounts: unknown,
): Promise<string[]> {
	const rows = await server.sql(["SELECT User, Host FROM mysql.user"], "list the accounts");
	const there = new Set(rows.map(([user = "", host = ""]) => nameOf({ user, host })));
	return held(accounts, database)
		.accounts.map(nameOf)
		.filter((name) => !there.has(name));
}

export async function createAccounts(
	server: Server,
	database: string,
	accounts: unknown,
	names: readonly string[],
	trusted: boolean,
): Promise<string[]> {
	const { accounts: known, faults } = held(accounts, database);
	const asked = known.filter((one) => names.includes(nameOf(one)));
	const { accounts: wanted, faults: more } =
		trusted || asked.length === 0
			? { accounts: asked, faults: [] }
			: ofUnknownArchive(database, asked, await knownAccounts(server, grantees(database)));
	faults.push(...more);
	if (wanted.length === 0) return faults;
	const made: Account[] = [];
	// Each by itself: one that this server does not take must not cost the others.
	for (const one of wanted) {
		const create =
			one.host === ""
				? `CREATE ROLE ${accountLiteral(one)}`
				: `CREATE USER ${accountLiteral(one)} ${one.clauses.map(clauseText).join(" ")}`;
		const [fault] = await server.faults([create], `create the account ${nameOf(one)}`);
		if (fault !== undefined && NOT_OF_OBJECT.test(fault))
			throw new HoldfastError("database-failed", `could not create the account ${nameOf(one)}`, {
				details: [withoutText(fault)],
			});
		if (fault === undefined) made.push(one);
		else faults.push(`the account ${nameOf(one)} could not be created: ${withoutText(fault)}`);
	}
	const { product } = await server.product();
	for (const one of made) {
		const statements = belonging(product, one, made, database);
		if (statements.length === 0) continue;
		const lost = await server.faults(statements, `grant the privileges of ${nameOf(one)}`);
		if (lost.length > 0)
			faults.push(
				`the account ${nameOf(one)} was created without some of its privileges: ${lost.slice(0, 3).join("; ")}`,
			);
	}
	// Those on tables and routines need these to exist: what fails now is granted after the swap.
	const onObjects = made.flatMap((one) =>
		one.grants.filter(({ object }) => object !== undefined).map((grant) => grantText(grant, one, database)),
	);
	const lost =
		onObjects.length === 0 ? [] : await server.faults(onObjects, "grant privileges on tables and routines");
	if (lost.length > 0 && !trusted)
		faults.push(
			`${counted(lost.length, "privilege")} of new accounts on single tables or routines could not be granted, because these did not exist yet (with --trust-archive they are granted)`,
		);
	return faults;
}

/** The server quotes the statement, which holds the account's password as a hash, in any language after the first quote. */
const withoutText = (fault: string) =>
	/^ERROR 1064 /.test(fault) ? fault.replace(/ *\S* *'.*$/s, "") : fault;

/** Its privileges on the database, and its roles. Only roles that are created here: an existing one may have rights beyond this database. */
function belonging(product: Product, one: Account, made: readonly Account[], database: string): string[] {
	const names = new Set(made.map(nameOf));
	return [
		...one.grants
			.filter(({ object }) => object === undefined)
			.map((grant) => grantText(grant, one, database)),
		...membershipStatements(
			product,
			one,
			one.memberOf.filter((role) => names.has(nameOf(role))),
		),
	];
}

/** The privileges on single tables and routines of the accounts that this restore has created: they can be granted after the swap. */
export function grantsOnObjects(
	database: string,
	{ accounts, created }: Pick<HeldDump, "accounts" | "created">,
): { readonly user: string; readonly host: string; readonly grants: Account["grants"] }[] {
	if (created.length === 0) return [];
	return held(accounts, database).accounts.flatMap(({ user, host, grants }) => {
		const some = created.includes(nameOf({ user, host }))
			? grants.filter(({ object }) => object !== undefined)
			: [];
		return some.length === 0 ? [] : [{ user, host, grants: some }];
	});
}

export function dropAccount(name: string): string {
	const who = accountOf(name);
	return `DROP ${who.host === "" ? "ROLE" : "USER"} IF EXISTS ${accountLiteral(who)}`;
}
