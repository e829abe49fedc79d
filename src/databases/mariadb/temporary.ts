// An account for a while, which may do with one database what it is made for and with nothing else: what a dump or a
// database holds runs with its rights, never with ours.
import { createHash, randomBytes } from "node:crypto";
import { access, chmod, chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { account as userOf } from "../../host/users.ts";
import { HoldfastError } from "../../manifest/error.ts";
import type { Client } from "../client.ts";
import { accountLiteral, identifier, literal } from "./names.ts";
import type { Server } from "./server.ts";

/** How to ask the server as somebody: words before a command's own, and the client that they are for. */
export interface Asker {
	readonly client: Client;
	connect(role: "client" | "dump"): string[];
}

/** What a table's dump needs; no views, triggers and routines, and no files. */
const TO_LOAD =
	"SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER, CREATE TEMPORARY TABLES, LOCK TABLES";

/** "You need CREATE USER", "access denied": the one that is configured may not make accounts. */
const MAY_NOT = /ERROR (1044|1045|1142|1227|1410) /;

/** The same at every try, so that what a dead run has left is found and taken away. */
const nameOf = (database: string) =>
	`holdfast_${createHash("sha256").update(database).digest("hex").slice(0, 16)}`;

/** Work as an account that may fill this database, which is there and ours alone. */
export async function asLoader<T>(
	server: Server,
	database: string,
	work: (asker: Asker) => Promise<T>,
): Promise<T> {
	const host = await hostOf(server);
	const who = accountLiteral({ user: nameOf(database), host });
	// Rules for passwords want letters of each kind.
	const password = `Aa1!${randomBytes(24).toString("base64url")}`;
	try {
		await server.sql(
			[
				`DROP USER IF EXISTS ${who}`,
				`CREATE USER ${who} IDENTIFIED BY ${literal(password)}`,
				`GRANT ${TO_LOAD} ON ${identifier(database)}.* TO ${who}`,
			],
			"make an account to load the dump with",
		);
	} catch (error) {
		if (!(error instanceof HoldfastError) || !error.details.some((line) => MAY_NOT.test(line))) throw error;
		await requireOrdinary(server, error);
		return work({ client: server.client, connect: (role) => server.connect(role) });
	}
	const options = await optionFile(server, nameOf(database), password);
	try {
		return await work({
			client: { ...server.client, env: { ...server.client.env, HOME: options.folder } },
			connect: (role) => server.connect(role, options.file),
		});
	} finally {
		await rm(options.folder, { recursive: true, force: true });
		await dropLoader(server, database);
	}
}

/** Those of a dead run as well. */
export async function dropLoader(server: Server, database: string): Promise<void> {
	const who = accountLiteral({ user: nameOf(database), host: await hostOf(server) });
	await server
		.sql([`DROP USER IF EXISTS ${who}`], "drop the account that loaded the dump")
		.catch((error: unknown) => {
			if (!(error instanceof HoldfastError) || !error.details.some((line) => MAY_NOT.test(line))) throw error;
		});
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
	throw new HoldfastError("failed", cause.message, {
		cause,
		details: cause.details,
		hint: `a dump is loaded by an account that may do nothing else: grant CREATE USER, or take ${rights.flat().join(", ")} away`,
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
	const asker = client.user === undefined ? undefined : await userOf(client.user);
	const folder = await mkdtemp(join(tmpdir(), "holdfast-load-"));
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
