// A role for a while, which owns the database that is loaded and may do nothing elsewhere: what a dump holds runs with its
// rights (a constraint's function runs while rows are loaded), never with a superuser's.
import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import { cleanEnvironment, execText } from "../../host/exec.ts";
import { accountOf as userOf } from "../../host/users.ts";
import { HoldfastError } from "../../manifest/error.ts";
import { optionsOf } from "../client.ts";
import { type Ask, type Connection, connectionTo, whereIs } from "./ask.ts";
import { identifier, literal } from "./names.ts";

export interface Loader {
	readonly role: string;
	/** How programs connect as this role, and run as a stranger, or as nobody. */
	readonly connection: Connection;
}

/** A user that every system has, for servers that let in only whoever is called as on the system. */
const NOBODY = "nobody";

const nameOf = (fresh: string) => `holdfast_${createHash("sha256").update(fresh).digest("hex").slice(0, 16)}`;
/** By it roles of dead runs are found, whatever they are called. */
const commentOf = (fresh: string) => `holdfast: loads ${fresh}`;

/** Whether the configured connection has a superuser's rights; one without loads by itself, with no more than it has. */
export async function isSuperuser(ask: Ask): Promise<boolean> {
	const rows = await ask(
		["SELECT rolsuper FROM pg_roles WHERE rolname = current_user"],
		"ask PostgreSQL what we may do",
	);
	return rows[0]?.[0] === "t";
}

export interface Made {
	readonly role: string;
	readonly password: string;
}

/** The role, and the database that it is to fill. `locale` is what follows CREATE DATABASE … OWNER …. */
export async function makeLoader(ask: Ask, fresh: string, locale: string): Promise<Made> {
	const role = nameOf(fresh);
	const password = randomBytes(24).toString("base64url");
	const who = identifier(role);
	await ask(
		[
			`CREATE ROLE ${who} WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD ${literal(verifier(password))}`,
			`COMMENT ON ROLE ${who} IS ${literal(commentOf(fresh))}`,
			`CREATE DATABASE ${identifier(fresh)} OWNER ${who} ${locale}`,
			// Tables come back where they were.
			`DO ${literal(`DECLARE one name; BEGIN FOR one IN SELECT spcname FROM pg_tablespace WHERE spcname !~ '^pg_' LOOP EXECUTE format('GRANT CREATE ON TABLESPACE %I TO %I', one, ${literal(role)}); END LOOP; END`)}`,
		],
		`make the database ${fresh}, and a role to load the dump with`,
	);
	return { role, password };
}

/** Find a way in for it: over TCP on this machine, as the configured connection goes, or as the user nobody. */
export async function reach(
	ask: Ask,
	own: Connection,
	fresh: string,
	{ role, password }: Made,
	stranger: number | undefined,
): Promise<Loader> {
	const { host, port, encrypted } = await whereIs(own);
	const isSocket = host.startsWith("/");
	const way = (at: string, as: string, ssl: string, user?: string): Loader => ({
		role: as,
		connection: {
			client: {
				...{ ...own.client, user, stranger: user === undefined ? stranger : undefined },
				env: { ...plainEnvironment(), PGPASSWORD: password, PGSSLMODE: ssl, PGGSSENCMODE: "disable" },
			},
			where: [`--host=${at}`, `--port=${port}`, `--username=${as}`, "--no-password"],
		},
	});
	const ways = isSocket
		? [
				// What does not leave the machine need not be encrypted, which takes its time.
				way("127.0.0.1", role, "disable"),
				way("127.0.0.1", role, "prefer"),
				way(host, role, "prefer"),
			]
		: [way(host, role, encrypted ? "require" : "prefer")];
	const refusals: string[] = [];
	for (const loader of ways) {
		const refusal = await tryOut(loader, fresh);
		if (refusal === undefined) return loader;
		refusals.push(refusal);
	}
	const nobody = way(host, NOBODY, "prefer", NOBODY);
	if (stranger !== undefined && isSocket && (await userOf(NOBODY))) {
		const taken = await ask([`SELECT 1 FROM pg_roles WHERE rolname = '${NOBODY}'`], "look for roles");
		if (taken.length === 0) {
			await ask([`ALTER ROLE ${identifier(role)} RENAME TO ${NOBODY}`], "make a role to load the dump with");
			const refusal = await tryOut(nobody, fresh);
			if (refusal === undefined) return nobody;
			refusals.push(refusal);
			await ask([`ALTER ROLE ${NOBODY} RENAME TO ${identifier(role)}`], "make a role to load the dump with");
		}
	}
	throw new HoldfastError("failed", "PostgreSQL does not let in the role that the dump is loaded with", {
		details: refusals,
		hint: `the dump is not loaded as a superuser, since what it holds would run as one; let roles in that have a password, in pg_hba.conf: host all all 127.0.0.1/32 scram-sha-256`,
	});
}

/** Why the server does not let it in. */
async function tryOut({ connection }: Loader, fresh: string): Promise<string | undefined> {
	const { code, stderr } = await execText(
		[
			"psql",
			"--no-psqlrc",
			"--quiet",
			"--tuples-only",
			...connectionTo(connection, fresh),
			"--command=SELECT 1",
		],
		{ ...(await optionsOf(connection.client)), timeoutSeconds: 20 },
	);
	return code === 0 ? undefined : stderr.join(" ");
}

/** Roles that loaded this database, also of a dead run, with what they were given elsewhere. The database is gone, or not theirs any more. */
export async function dropLoaders(ask: Ask, fresh: string): Promise<void> {
	const rows = await ask(
		[
			`SELECT rolname FROM pg_roles WHERE shobj_description(oid, 'pg_authid') = ${literal(commentOf(fresh))} AND (rolname LIKE 'holdfast\\_%' OR rolname = '${NOBODY}')`,
		],
		"look for the role that loaded the dump",
	);
	for (const [role = ""] of rows)
		await ask(
			[`DROP OWNED BY ${identifier(role)}`, `DROP ROLE ${identifier(role)}`],
			"drop the role that loaded the dump",
		);
}

/** Of nobody's home and nobody's settings. */
export function plainEnvironment(): Record<string, string> {
	const { PATH = "", LANG = "", LC_ALL = "" } = cleanEnvironment();
	return { PATH, LANG, LC_ALL, HOME: "/nonexistent", PGCLIENTENCODING: "UTF8", PGCONNECT_TIMEOUT: "10" };
}

/** What the server keeps of a password (RFC 5803), so that it is in no log of the server's. */
function verifier(password: string): string {
	const rounds = 4096;
	const salt = randomBytes(16);
	const salted = pbkdf2Sync(password, salt, rounds, 32, "sha256");
	const keyOf = (name: string) => createHmac("sha256", salted).update(name).digest();
	const stored = createHash("sha256").update(keyOf("Client Key")).digest("base64");
	return `SCRAM-SHA-256$${rounds}:${salt.toString("base64")}$${stored}:${keyOf("Server Key").toString("base64")}`;
}
