// A temporary account with the rights that one task needs on one database, and no others. Whatever a dump or a database
// contains runs with its rights, never with ours.
import { createHash, randomBytes } from "node:crypto";
import { access, chmod, chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { account as userOf } from "../../host/users.ts";
import { HoldfastError } from "../../values/error.ts";
import { type AccountName, accountLiteral, accountText, identifier, literal, pattern } from "./names.ts";
import { type Asker, isError, type Server } from "./server.ts";
import { settingsOf } from "./settings.ts";

/**
 * The rights that each task needs on its database. None may read files, and only `make` can create views and routines.
 */
const RIGHTS = {
	load: "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER, CREATE TEMPORARY TABLES, LOCK TABLES",
	read: "SELECT, LOCK TABLES, SHOW VIEW",
	/**
	 * Like `read`, but a separate account: queries may run during a dump, whose account must not be dropped meanwhile.
	 */
	ask: "SELECT, LOCK TABLES, SHOW VIEW",
	/** MariaDB evaluates parts of a view to show its definition. Without EXECUTE, no function runs then. */
	look: "SELECT, SHOW VIEW",
	make: "SELECT, INSERT, UPDATE, DELETE, EXECUTE, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, EVENT, TRIGGER",
};
/**
 * Rights that let `make` create objects that run as another account. The first one that the server knows is granted.
 * They give no expression any additional power. MariaDB since 10.5, MySQL since 8.0 (replaced in 8.2, with one more for an
 * account that does not exist); in MySQL they do not allow objects that run as an account with SYSTEM_USER, such as root.
 */
const TO_MAKE = ["SET USER", "SET_ANY_DEFINER, ALLOW_NONEXISTENT_DEFINER", "SET_ANY_DEFINER", "SET_USER_ID"];
/** "You have an error in your SQL syntax", "illegal privilege": the server is older and knows none of them. */
const UNKNOWN = /^ERROR (1064|1221|1149|3619) \(/;
/** Time limit for dropping an account when the run is interrupted. */
const DROP_SECONDS = 5;
export type Purpose = keyof typeof RIGHTS;

/** "You need CREATE USER", "access denied": the configured account may not create accounts. */
const MAY_NOT = /^ERROR (1044|1045|1142|1227|1410) \(/;
/** The server is read-only, for example a replica. */
const READ_ONLY = /^ERROR (1290|1836) \(/;

/**
 * The same name on every attempt, so that an account left by an interrupted run is found and dropped. Accounts that
 * also have another account's rights share the prefix. MySQL allows at most 32 characters.
 */
function nameOf(database: string, purpose: Purpose, as?: string): string {
	const hash = (text: string, length: number) =>
		createHash("sha256").update(text).digest("hex").slice(0, length);
	const plain = `holdfast_${hash(`${purpose} ${database}`, 12)}`;
	return as === undefined ? plain : `${plain}_${hash(as, 8)}`;
}

/** Another account and its rights on databases, to be granted to the temporary one as well. */
export interface Like {
	readonly account: AccountName;
	/** In the form of GRANT. */
	readonly rights: readonly string[];
}

export interface Temporary extends Asker {
	/** For `make`: whether it can create objects that run as another account. */
	readonly forOthers: boolean;
	/** Drop the account. */
	release(): Promise<void>;
}

/**
 * Create an account for this task on this database. If the configured account may not create accounts, use that one
 * instead, provided that it has no server-wide rights. On a read-only server, use the configured account for everything
 * except loading.
 */
export async function temporaryAccount(
	server: Server,
	database: string,
	purpose: Purpose,
	like?: Like,
): Promise<Temporary> {
	const as = like && accountText(like.account);
	const user = nameOf(database, purpose, as);
	const who = accountLiteral({ user, host: (await settingsOf(server)).host });
	// Password policies require several kinds of characters.
	const password = `Aa1!${randomBytes(24).toString("base64url")}`;
	const doing = `create a temporary account for ${database}`;
	const on = identifier(purpose === "load" ? database : await patternOf(server, database));
	let forOthers = false;
	if (like === undefined) await dropLikes(server, database, purpose);
	try {
		await quietly(
			server,
			[
				`DROP USER IF EXISTS ${who}`,
				`CREATE USER ${who} IDENTIFIED BY ${literal(password)}`,
				`GRANT ${RIGHTS[purpose]} ON ${on}.* TO ${who}`,
			],
			doing,
		);
		// The objects that these rights refer to may no longer exist.
		if (like && like.rights.length > 0)
			await server.faults(
				["SET SESSION sql_log_bin = 0", ...like.rights.map((right) => `GRANT ${right} TO ${who}`)],
				doing,
			);
		if (purpose === "make") forOthers = await letMakeForOthers(server, who, doing);
	} catch (error) {
		// The account may already exist, with some of its rights.
		await letGo(server, database, purpose, as).catch(() => {});
		const itself = {
			client: server.client,
			connect: (role: "client" | "dump") => server.connect(role),
			forOthers: true,
			release: async () => {},
		};
		if (says(error, READ_ONLY) && purpose !== "load") return itself;
		if (!says(error, MAY_NOT)) throw error;
		await requireOrdinary(server, error);
		return itself;
	}
	const options = await optionFile(server, user, password);
	return {
		forOthers,
		client: { ...server.client, env: { ...server.client.env, HOME: options.folder } },
		connect: (role) => server.connect(role, options.file),
		async release() {
			await rm(options.folder, { recursive: true, force: true });
			await letGo(server, database, purpose, as);
		},
	};
}

/** If this fails, the account cannot create objects that run as another account, and the caller decides what to do. */
async function letMakeForOthers(server: Server, who: string, doing: string): Promise<boolean> {
	for (const rights of TO_MAKE)
		try {
			await quietly(server, [`GRANT ${rights} ON *.* TO ${who}`], doing);
			return true;
		} catch (error) {
			if (!says(error, UNKNOWN) && !says(error, MAY_NOT)) throw error;
		}
	return false;
}

/**
 * A lock such as FLUSH TABLES WITH READ LOCK can block dropping an account indefinitely. An interrupted run does not
 * wait for it: nobody knows the account's password, and the next run drops it.
 */
async function letGo(server: Server, database: string, purpose: Purpose, as?: string): Promise<void> {
	const { signal } = server.client;
	if (!signal?.aborted)
		try {
			await dropTemporary(server, database, purpose, as);
			return;
		} catch (error) {
			if (!signal?.aborted) throw error;
		}
	await dropTemporary(server.firm(DROP_SECONDS), database, purpose, as).catch(() => {});
}

/** Drop accounts left by an interrupted run that also had another account's rights, whichever account that was. */
async function dropLikes(server: Server, database: string, purpose: Purpose): Promise<void> {
	const left = await server
		.sql(
			[
				`SELECT User, Host FROM mysql.user WHERE User LIKE ${literal(`${pattern(nameOf(database, purpose))}\\_%`)}`,
			],
			"list the temporary accounts of interrupted runs",
		)
		.catch((error: unknown) => {
			if (says(error, MAY_NOT)) return [];
			throw error;
		});
	for (const [user = "", host = ""] of left)
		await quietly(
			server,
			[`DROP USER IF EXISTS ${accountLiteral({ user, host })}`],
			"drop the temporary account of an interrupted run",
		);
}

/** Also drops an account left by an interrupted run. */
export async function dropTemporary(
	server: Server,
	database: string,
	purpose: Purpose,
	as?: string,
): Promise<void> {
	if (as === undefined) await dropLikes(server, database, purpose);
	const user = nameOf(database, purpose, as);
	const who = accountLiteral({ user, host: (await settingsOf(server)).host });
	const doing = `end the sessions of the temporary account for ${database}`;
	// Statements of a client that is gone may still be running on the server.
	const sessions = await server.sql(
		[`SELECT id FROM information_schema.processlist WHERE user = ${literal(user)}`],
		doing,
	);
	for (const [id] of sessions) await server.sql([`KILL CONNECTION ${Number(id)}`], doing).catch(() => {});
	await quietly(server, [`DROP USER IF EXISTS ${who}`], `drop the temporary account for ${database}`).catch(
		(error: unknown) => {
			if (!says(error, MAY_NOT) && !says(error, READ_ONLY)) throw error;
		},
	);
}

/**
 * Whether the server's error is one of these: `/^ERROR 1064 \(/`. Only its first line counts, because the message may quote the
 * text of a service, line breaks included.
 */
export function says(error: unknown, what: RegExp): error is HoldfastError {
	if (!(error instanceof HoldfastError)) return false;
	return what.test(error.details.find(isError) ?? "");
}

/** Keep temporary accounts out of the binary log, and so off the replicas, if we have the right to do that. */
async function quietly(server: Server, statements: readonly string[], doing: string): Promise<void> {
	const { writesBinaryLog } = await settingsOf(server);
	if (writesBinaryLog)
		try {
			await server.sql(["SET SESSION sql_log_bin = 0", ...statements], doing);
			return;
		} catch (error) {
			if (!says(error, MAY_NOT)) throw error;
		}
	await server.sql(statements, doing);
}

/** The database's name in a GRANT. */
export async function patternOf(server: Server, database: string): Promise<string> {
	const { partialRevokes } = await settingsOf(server);
	return partialRevokes ? database : pattern(database);
}

/**
 * An account that may not create accounts and has no rights on the server can load the dump itself: it could load all
 * of it anyway.
 */
async function requireOrdinary(server: Server, cause: HoldfastError): Promise<void> {
	const rights = await server.sql(
		[
			"SELECT DISTINCT privilege_type FROM information_schema.user_privileges WHERE privilege_type <> 'USAGE'",
		],
		"ask the server for the privileges of this account",
	);
	if (rights.length === 0) return;
	throw new HoldfastError("database-failed", cause.message, {
		cause,
		details: cause.details,
		hint: `databases are dumped and loaded with a temporary account that has no other privileges: grant CREATE USER to the configured account, or revoke ${rights.flat().join(", ")} from it`,
	});
}

/**
 * Write an option file that sets the account and otherwise includes the configured files: where the server is and how
 * to connect to it securely. Its folder can be changed only by root or by the user that connects.
 */
async function optionFile(
	{ client, defaultsFile }: Server,
	user: string,
	password: string,
): Promise<{ readonly folder: string; readonly file: string }> {
	const asker = typeof client.user === "string" ? await userOf(client.user) : undefined;
	const folder = await mkdtemp(join(tmpdir(), "holdfast-account-"));
	const file = join(folder, "my.cnf");
	const own = join(asker?.home ?? process.env.HOME ?? homedir(), ".my.cnf");
	const known: string[] = [];
	for (const path of [own, ...(defaultsFile === undefined ? [] : [defaultsFile])])
		if (
			!path.includes("\n") &&
			(await access(path).then(
				() => true,
				() => false,
			))
		)
			known.push(path);
	const groups = ["client", "client-server", "client-mariadb", "mysql", "mariadb-client", "mariadb"];
	await writeFile(
		file,
		[
			...known.map((path) => `!include ${path}`),
			...groups.map((group) => `[${group}]\nuser=${user}\npassword="${password}"\n`),
		].join("\n"),
		{ mode: 0o600 },
	);
	if (asker) {
		await chown(file, asker.uid, asker.gid);
		await chmod(folder, 0o711);
	}
	return { folder, file };
}
