// A role for a while, which may do with one database what it is made for, and nothing elsewhere: what a dump or a database
// holds runs with its rights (a constraint's function while rows are loaded, a view's when it is asked), never with a
// superuser's.
import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import { cleanEnvironment, execText, type Identity } from "../../host/exec.ts";
import { accountOf as userOf } from "../../host/users.ts";
import { HoldfastError } from "../../manifest/error.ts";
import { optionsOf } from "../client.ts";
import { type Ask, type Connection, connectionTo, whereIs } from "./ask.ts";
import { identifier, literal } from "./names.ts";

export interface Temporary {
	readonly role: string;
	/** How programs connect as this role, and run as a stranger, or as nobody. */
	readonly connection: Connection;
}

/** A user that every system has, for servers that let in only whoever is called as on the system. */
const NOBODY = "nobody";

type Purpose = "load" | "ask";
const nameOf = (purpose: Purpose, database: string) =>
	`holdfast_${createHash("sha256").update(`${purpose} ${database}`).digest("hex").slice(0, 16)}`;
/** By it roles of dead runs are found, whatever they are called. */
const commentOf = (purpose: Purpose, database: string) => `holdfast: made to ${purpose} ${database}`;

/** Whether the configured connection has a superuser's rights; one without loads by itself, with no more than it has. */
export async function isSuperuser(ask: Ask, database?: string): Promise<boolean> {
	const rows = await ask(
		["SELECT rolsuper FROM pg_roles WHERE rolname = current_user"],
		"ask PostgreSQL what we may do",
		database,
	);
	return rows[0]?.[0] === "t";
}

export interface Made {
	readonly role: string;
	readonly password: string;
}

/** The role, and the database that it is to fill. `locale` is what follows CREATE DATABASE … OWNER …. */
export function makeLoader(ask: Ask, fresh: string, locale: string): Promise<Made> {
	return make(ask, "load", fresh, "NOBYPASSRLS", (role) => [
		`CREATE DATABASE ${identifier(fresh)} OWNER ${identifier(role)} ${locale}`,
		// Tables come back where they were.
		`DO ${literal(`DECLARE one name; BEGIN FOR one IN SELECT spcname FROM pg_tablespace WHERE spcname !~ '^pg_' LOOP EXECUTE format('GRANT CREATE ON TABLESPACE %I TO %I', one, ${literal(role)}); END LOOP; END`)}`,
	]);
}

/** A role that may read all of a database. Before PostgreSQL 14 there was no right to that but its owner's. */
export async function makeReader(ask: Ask, database: string): Promise<Made> {
	await dropTemporary(ask, "ask", database);
	const [name, who] = [literal(database), literal(nameOf("ask", database))];
	return make(ask, "ask", database, "BYPASSRLS", () => [
		`DO ${literal(`DECLARE given name := (SELECT rolname FROM pg_roles WHERE rolname = 'pg_read_all_data'); BEGIN
			IF given IS NULL THEN SELECT rolname INTO given FROM pg_roles r JOIN pg_database d ON datdba = r.oid WHERE datname = ${name} AND NOT rolsuper; END IF;
			IF given IS NOT NULL THEN EXECUTE format('GRANT %I TO %I', given, ${who}); END IF;
			IF NOT has_database_privilege(${who}, ${name}, 'CONNECT') THEN EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', ${name}, ${who}); END IF; END`)}`,
	]);
}

async function make(
	ask: Ask,
	purpose: Purpose,
	database: string,
	attribute: string,
	more: (role: string) => readonly string[],
): Promise<Made> {
	const role = nameOf(purpose, database);
	const password = randomBytes(24).toString("base64url");
	const who = identifier(role);
	await ask(
		[
			`CREATE ROLE ${who} WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION ${attribute} PASSWORD ${literal(verifier(password))}`,
			`COMMENT ON ROLE ${who} IS ${literal(commentOf(purpose, database))}`,
			...more(role),
		],
		`make a role to ${purpose} ${database}`,
	);
	return { role, password };
}

/** Find a way in for it: over TCP on this machine, as the configured connection goes, or as the user nobody. */
export async function reach(
	ask: Ask,
	own: Connection,
	database: string,
	{ role, password }: Made,
	reader: Identity | undefined,
): Promise<Temporary> {
	const { host, port, encrypted } = await whereIs(own);
	const isSocket = host.startsWith("/");
	const way = (at: string, as: string, ssl: string, user?: string): Temporary => ({
		role: as,
		connection: {
			client: {
				...{ ...own.client, user: user ?? reader },
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
	for (const one of ways) {
		const refusal = await tryOut(ask, one, database);
		if (refusal === undefined) return one;
		refusals.push(refusal);
	}
	const nobody = way(host, NOBODY, "prefer", NOBODY);
	if (reader !== undefined && isSocket && (await userOf(NOBODY))) {
		const taken = await ask([`SELECT 1 FROM pg_roles WHERE rolname = '${NOBODY}'`], "look for roles");
		if (taken.length === 0) {
			await ask([`ALTER ROLE ${identifier(role)} RENAME TO ${NOBODY}`], `find a way into ${database}`);
			const refusal = await tryOut(ask, nobody, database);
			if (refusal === undefined) return nobody;
			refusals.push(refusal);
			await ask([`ALTER ROLE ${NOBODY} RENAME TO ${identifier(role)}`], `find a way into ${database}`);
		}
	}
	throw new HoldfastError("failed", "PostgreSQL does not let in a role that has no rights over the server", {
		details: refusals,
		hint: "what a database holds is not run as a superuser: let roles in that have a password, in pg_hba.conf: host all all 127.0.0.1/32 scram-sha-256",
	});
}

/**
 * Why the server does not let it in. What answers on a port need not be the server that was asked until now, and would get
 * all that is loaded: so what the role says there must be known here.
 */
async function tryOut(
	ask: Ask,
	{ role, connection }: Temporary,
	database: string,
): Promise<string | undefined> {
	const word = randomBytes(16).toString("hex");
	const { code, stderr } = await execText(
		[
			...["psql", "--no-psqlrc", "--quiet", ...connectionTo(connection, database)],
			`--command=ALTER ROLE CURRENT_USER SET application_name = '${word}'`,
		],
		{ ...(await optionsOf(connection.client)), timeoutSeconds: 20 },
	);
	if (code !== 0) return stderr.join(" ");
	const rows = await ask(
		[
			`SELECT 1 FROM pg_roles WHERE rolname = ${literal(role)} AND rolconfig @> ARRAY['application_name=${word}']`,
		],
		`look at the role to use ${database} with`,
	);
	return rows.length > 0 ? undefined : `another server answers on ${connection.where.slice(0, 2).join(" ")}`;
}

/** Roles that were made for this, also by a dead run, with what they were given. What they owned is gone, or not theirs any more. */
export async function dropTemporary(ask: Ask, purpose: Purpose, database: string): Promise<void> {
	const rows = await ask(
		[
			`SELECT rolname FROM pg_roles WHERE shobj_description(oid, 'pg_authid') = ${literal(commentOf(purpose, database))} AND (rolname LIKE 'holdfast\\_%' OR rolname = '${NOBODY}')`,
		],
		`look for roles to ${purpose} ${database}`,
	);
	for (const [role = ""] of rows)
		await ask(
			[`DROP OWNED BY ${identifier(role)}`, `DROP ROLE ${identifier(role)}`],
			`drop the role to ${purpose} ${database}`,
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
