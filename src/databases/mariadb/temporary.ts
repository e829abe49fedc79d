// An account for a while, which may do with one database what it is made for and with nothing else: what a dump or a
// database holds runs with its rights, never with ours.
import { createHash, randomBytes } from "node:crypto";
import { access, chmod, chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { account as userOf } from "../../host/users.ts";
import { HoldfastError } from "../../values/error.ts";
import { type AccountName, accountLiteral, accountText, identifier, literal, pattern } from "./names.ts";
import type { Asker, Server } from "./server.ts";

/** What each kind of work needs on its database. Files are read by none, and only `make` makes views and routines. */
const RIGHTS = {
	load: "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER, CREATE TEMPORARY TABLES, LOCK TABLES",
	read: "SELECT, LOCK TABLES, SHOW VIEW",
	/** As `read`, for questions that are asked while a dump may be under way: its account must not be taken from it. */
	ask: "SELECT, LOCK TABLES, SHOW VIEW",
	/** MariaDB evaluates parts of a view when it shows how it was made: no function is run for that. */
	look: "SELECT, SHOW VIEW",
	make: "SELECT, INSERT, UPDATE, DELETE, EXECUTE, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, EVENT, TRIGGER",
};
/**
 * What `make` may have beside them, to make something that runs as another account, which we say: the first that the
 * server knows. No expression can do anything with these. MariaDB since 10.5; MySQL since 8.2, and 8.0, where neither
 * makes anything that runs as an account with SYSTEM_USER, such as root.
 */
const TO_MAKE = ["SET USER", "SET_ANY_DEFINER", "SET_USER_ID"];
/** "You have an error in your SQL syntax", "illegal privilege": older servers know none of them. */
const UNKNOWN = /ERROR (1064|1221|1149|3619) /;
/** For dropping an account when the run is interrupted. */
const DROP_SECONDS = 5;
export type Purpose = keyof typeof RIGHTS;

/** "You need CREATE USER", "access denied": the one that is configured may not make accounts. */
const MAY_NOT = /ERROR (1044|1045|1142|1227|1410) /;
/** A replica that nobody may write to. */
const READ_ONLY = /ERROR (1290|1836) /;

/**
 * The same at every try, so that what a dead run has left is found and taken away. All that have the rights of another
 * account besides begin like the one that has not; MySQL's names have at most 32 characters.
 */
function nameOf(database: string, purpose: Purpose, as?: string): string {
	const hash = (text: string, length: number) =>
		createHash("sha256").update(text).digest("hex").slice(0, length);
	const plain = `holdfast_${hash(`${purpose} ${database}`, 12)}`;
	return as === undefined ? plain : `${plain}_${hash(as, 8)}`;
}

/** Another account, and what it may do with databases, for one that may do this as well. */
export interface Like {
	readonly account: AccountName;
	/** As they stand in a grant. */
	readonly rights: readonly string[];
}

export interface Temporary extends Asker {
	/** Whether it can make what runs as another account; for `make`. */
	readonly forOthers: boolean;
	/** Take it away again. */
	release(): Promise<void>;
}

/** An account that may do this with this database; the configured one where that has no more rights anyway. */
export async function temporaryAccount(
	server: Server,
	database: string,
	purpose: Purpose,
	like?: Like,
): Promise<Temporary> {
	const as = like && accountText(like.account);
	const user = nameOf(database, purpose, as);
	const who = accountLiteral({ user, host: await hostOf(server) });
	// Rules for passwords want letters of each kind.
	const password = `Aa1!${randomBytes(24).toString("base64url")}`;
	const doing = `make an account to ${purpose} ${database} with`;
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
		// What stands there may be gone meanwhile.
		if (like && like.rights.length > 0)
			await server.faults(
				["SET SESSION sql_log_bin = 0", ...like.rights.map((right) => `GRANT ${right} TO ${who}`)],
				doing,
			);
		if (purpose === "make") forOthers = await letMakeForOthers(server, who, doing);
	} catch (error) {
		// It may have been made, and some of its rights be given.
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

/** Without it, what runs as another is denied to the account, and whoever asked for it decides what becomes of that. */
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
 * Another's lock can keep an account from being dropped for as long as it likes (FLUSH TABLES WITH READ LOCK). A run that
 * was told to stop does not wait for that: nobody knows the account's password, and the next run takes it away.
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

/** Those of a dead run that had another account's rights besides, whatever accounts these were. */
async function dropLikes(server: Server, database: string, purpose: Purpose): Promise<void> {
	const left = await server
		.sql(
			[
				`SELECT User, Host FROM mysql.user WHERE User LIKE ${literal(`${pattern(nameOf(database, purpose))}\\_%`)}`,
			],
			"look for accounts that a dead run has left",
		)
		.catch((error: unknown) => {
			if (says(error, MAY_NOT)) return [];
			throw error;
		});
	for (const [user = "", host = ""] of left)
		await quietly(
			server,
			[`DROP USER IF EXISTS ${accountLiteral({ user, host })}`],
			"drop an account of a dead run",
		);
}

/** That of a dead run as well. */
export async function dropTemporary(
	server: Server,
	database: string,
	purpose: Purpose,
	as?: string,
): Promise<void> {
	if (as === undefined) await dropLikes(server, database, purpose);
	const user = nameOf(database, purpose, as);
	const who = accountLiteral({ user, host: await hostOf(server) });
	const doing = `end what the account to ${purpose} ${database} does`;
	// What a client has begun that is gone, or was ended, goes on in the server.
	const sessions = await server.sql(
		[`SELECT id FROM information_schema.processlist WHERE user = ${literal(user)}`],
		doing,
	);
	for (const [id] of sessions) await server.sql([`KILL CONNECTION ${Number(id)}`], doing).catch(() => {});
	await quietly(
		server,
		[`DROP USER IF EXISTS ${who}`],
		`drop the account to ${purpose} ${database} with`,
	).catch((error: unknown) => {
		if (!says(error, MAY_NOT) && !says(error, READ_ONLY)) throw error;
	});
}

/** Whether a server's own words are among these. */
export function says(error: unknown, what: RegExp): error is HoldfastError {
	return error instanceof HoldfastError && error.details.some((line) => what.test(line));
}

/** An account for a while is this server's alone: its replicas need not know of it, where we may say so. */
async function quietly(server: Server, statements: readonly string[], doing: string): Promise<void> {
	const [[logs = "0"] = []] = await server.sql(["SELECT @@log_bin"], "ask the server for its log");
	if (logs === "1")
		try {
			await server.sql(["SET SESSION sql_log_bin = 0", ...statements], doing);
			return;
		} catch (error) {
			if (!says(error, MAY_NOT)) throw error;
		}
	await server.sql(statements, doing);
}

/** As it stands in a grant; with partial revokes MySQL knows no patterns there. */
async function patternOf(server: Server, database: string): Promise<string> {
	const rows = await server.sql(["SHOW VARIABLES LIKE 'partial_revokes'"], "ask the server for its settings");
	return rows[0]?.[1] === "ON" ? database : pattern(database);
}

/** The host that the server sees us come from. */
async function hostOf(server: Server): Promise<string> {
	const [[host = "localhost"] = []] = await server.sql(
		["SELECT SUBSTRING_INDEX(USER(), '@', -1)"],
		"ask the server as whom it knows us",
	);
	return host;
}

/** One that may not make accounts and has no right over the whole server can load by itself what it could load anyway. */
async function requireOrdinary(server: Server, cause: HoldfastError): Promise<void> {
	const rights = await server.sql(
		[
			"SELECT DISTINCT privilege_type FROM information_schema.user_privileges WHERE privilege_type <> 'USAGE'",
		],
		"ask the server what we may do",
	);
	if (rights.length === 0) return;
	throw new HoldfastError("database-failed", cause.message, {
		cause,
		details: cause.details,
		hint: `databases are dumped and loaded by an account that may do nothing else: grant CREATE USER to the one that is configured, or take ${rights.flat().join(", ")} away from it`,
	});
}

/**
 * Says as whom, after all that is configured: where the server is, and how to reach it safely. In a folder that only
 * root, or the user who asks, can change.
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
