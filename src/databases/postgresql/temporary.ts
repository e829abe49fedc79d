// A temporary role with the rights that one task needs on one database, and none elsewhere. Whatever a dump or a
// database contains runs with its rights, never with a superuser's: for example a constraint's function while rows are
// loaded, or a view's function when it is queried.
import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import { cleanEnvironment, execText, type Identity } from "../../host/exec.ts";
import { accountOf as userOf } from "../../host/users.ts";
import { HoldfastError } from "../../values/error.ts";
import { optionsOf } from "../client.ts";
import { type Ask, type Connection, connectionTo, whereIs } from "./ask.ts";
import { identifier, literal } from "./names.ts";

export interface Temporary {
	readonly role: string;
	/** How programs connect as this role, and the unprivileged user that they run as. */
	readonly connection: Connection;
}

/** A user that exists on every system, for servers that accept only roles named like the system user. */
const NOBODY = "nobody";

type Purpose = "load" | "ask";
/** Must be unpredictable: a schema with the role's name would come first in its search path. */
const newName = () => `holdfast_${randomBytes(8).toString("hex")}`;
/** Identifies roles of interrupted runs, whatever their names. */
const commentOf = (purpose: Purpose, database: string) => `holdfast: made to ${purpose} ${database}`;

/**
 * Whether the configured connection has superuser rights. A connection without them loads the dump itself, since it can
 * do nothing beyond its own rights. Checks the session's user, not the current role: the owner of another database can
 * make every session there start in a role of theirs, which RESET ROLE leaves.
 */
export async function isSuperuser(ask: Ask): Promise<boolean> {
	const rows = await ask(
		["SELECT rolsuper FROM pg_roles WHERE rolname = session_user"],
		"ask PostgreSQL for the rights of this user",
	);
	return rows[0]?.[0] === "t";
}

export interface Made {
	readonly role: string;
	readonly password: string;
}

/** Create the role and the database that it will load. `locale` is the clause after CREATE DATABASE … OWNER …. */
export function makeLoader(ask: Ask, fresh: string, locale: string): Promise<Made> {
	return make(ask, "load", fresh, (role) => [
		`CREATE DATABASE ${identifier(fresh)} OWNER ${identifier(role)} ${locale}`,
		// So that tables can be restored into their tablespaces.
		`DO ${literal(`DECLARE one name; BEGIN FOR one IN SELECT spcname FROM pg_tablespace WHERE spcname !~ '^pg_' LOOP EXECUTE format('GRANT CREATE ON TABLESPACE %I TO %I', one, ${literal(role)}); END LOOP; END`)}`,
	]);
}

/**
 * Create a role that may do in a database what its owner may, and read everything else in it. It does not get
 * pg_read_all_data, which also covers the catalogs, where the server stores all password hashes.
 */
export async function makeReader(ask: Ask, database: string): Promise<Made> {
	await dropTemporary(ask, "ask", database);
	const name = literal(database);
	const made = await make(ask, "ask", database, (role) => [
		`DO ${literal(`DECLARE given name := (SELECT rolname FROM pg_roles r JOIN pg_database d ON datdba = r.oid WHERE datname = ${name} AND NOT rolsuper); BEGIN
			IF given IS NOT NULL THEN EXECUTE format('GRANT %I TO %I', given, ${literal(role)}); END IF;
			IF NOT has_database_privilege(${literal(role)}, ${name}, 'CONNECT') THEN EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', ${name}, ${literal(role)}); END IF; END`)}`,
	]);
	const who = literal(made.role);
	const others = "!~ '^(pg_|information_schema$)'";
	await ask(
		[
			`DO ${literal(`DECLARE one record; BEGIN
			FOR one IN SELECT nspname FROM pg_namespace WHERE nspname ${others} AND NOT has_schema_privilege(${who}, oid, 'USAGE') LOOP EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', one.nspname, ${who}); END LOOP;
			FOR one IN SELECT nspname, relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind IN ('r', 'v', 'm', 'f', 'p') AND nspname ${others} AND NOT has_table_privilege(${who}, c.oid, 'SELECT') LOOP EXECUTE format('GRANT SELECT ON %I.%I TO %I', one.nspname, one.relname, ${who}); END LOOP; END`)}`,
		],
		`allow the temporary role to read ${database}`,
		database,
	);
	return made;
}

async function make(
	ask: Ask,
	purpose: Purpose,
	database: string,
	more: (role: string) => readonly string[],
): Promise<Made> {
	const role = newName();
	const password = randomBytes(24).toString("base64url");
	const who = identifier(role);
	await ask(
		[
			"BEGIN",
			`CREATE ROLE ${who} WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD ${literal(verifier(password))}`,
			`COMMENT ON ROLE ${who} IS ${literal(commentOf(purpose, database))}`,
			"COMMIT",
			...more(role),
		],
		`create a temporary role for ${database}`,
	);
	return { role, password };
}

/**
 * Find a way to connect as this role: over TCP on this machine, like the configured connection, or as the user nobody.
 */
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
				// A local connection needs no encryption, which would take time.
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
		const taken = await ask([`SELECT 1 FROM pg_roles WHERE rolname = '${NOBODY}'`], "list the roles");
		if (taken.length === 0) {
			await ask(
				[`ALTER ROLE ${identifier(role)} RENAME TO ${NOBODY}`],
				`connect to ${database} with a temporary role`,
			);
			const refusal = await tryOut(ask, nobody, database);
			if (refusal === undefined) return nobody;
			refusals.push(refusal);
			await ask(
				[`ALTER ROLE ${NOBODY} RENAME TO ${identifier(role)}`],
				`connect to ${database} with a temporary role`,
			);
		}
	}
	throw new HoldfastError(
		"database-failed",
		"PostgreSQL refuses connections from the temporary role, which is not a superuser",
		{
			details: refusals,
			hint: "code in a database is never run as a superuser; allow roles with a password to connect, with this line in pg_hba.conf: host all all 127.0.0.1/32 scram-sha-256",
		},
	);
}

/**
 * Why the server refuses the role; undefined if it does not. Another server may be listening on the port and would
 * receive everything that is loaded. So the role changes a setting over that connection, and we check over our own that
 * it arrived.
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
			// The database may be configured to start its sessions in another role.
			"--command=SET ROLE NONE",
			`--command=ALTER ROLE CURRENT_USER SET application_name = '${word}'`,
		],
		{ ...(await optionsOf(connection.client)), timeoutSeconds: 20 },
	);
	if (code !== 0) return stderr.join(" ");
	const rows = await ask(
		[
			`SELECT 1 FROM pg_roles WHERE rolname = ${literal(role)} AND rolconfig @> ARRAY['application_name=${word}']`,
		],
		`check the temporary role for ${database}`,
	);
	return rows.length > 0 ? undefined : `another server answers on ${connection.where.slice(0, 2).join(" ")}`;
}

/**
 * Drop the roles made for this purpose, including those of interrupted runs, and the rights they were granted. What
 * they owned is gone already, or has been given to other roles.
 */
export async function dropTemporary(ask: Ask, purpose: Purpose, database: string): Promise<void> {
	const rows = await ask(
		[
			`SELECT rolname FROM pg_roles WHERE shobj_description(oid, 'pg_authid') = ${literal(commentOf(purpose, database))} AND (rolname LIKE 'holdfast\\_%' OR rolname = '${NOBODY}')`,
		],
		`list the temporary roles for ${database}`,
	);
	if (rows.length === 0) return;
	const doing = `drop the temporary role for ${database}`;
	const there = await ask([`SELECT 1 FROM pg_database WHERE datname = ${literal(database)}`], doing);
	for (const [role = ""] of rows) {
		// Drops everything that the service made the role create, and whatever depends on it.
		const owned = `DROP OWNED BY ${identifier(role)} CASCADE`;
		if (there.length > 0) await ask([owned], doing, database);
		await ask([owned, `DROP ROLE ${identifier(role)}`], doing);
	}
}

/** An environment without the user's home folder and settings. */
export function plainEnvironment(): Record<string, string> {
	const { PATH = "", LANG = "", LC_ALL = "" } = cleanEnvironment();
	return { PATH, LANG, LC_ALL, HOME: "/nonexistent", PGCLIENTENCODING: "UTF8", PGCONNECT_TIMEOUT: "10" };
}

/** The password in the form that the server stores (RFC 5803), so that the plain text does not appear in its log. */
function verifier(password: string): string {
	const rounds = 4096;
	const salt = randomBytes(16);
	const salted = pbkdf2Sync(password, salt, rounds, 32, "sha256");
	const keyOf = (name: string) => createHmac("sha256", salted).update(name).digest();
	const stored = createHash("sha256").update(keyOf("Client Key")).digest("base64");
	return `SCRAM-SHA-256$${rounds}:${salt.toString("base64")}$${stored}:${keyOf("Server Key").toString("base64")}`;
}
