// Create roles that were made ready as statements. One that the server does not take costs itself only; what is wrong with the server
// is no fault of a role.
import { HoldfastError } from "../../values/error.ts";
import type { Ask } from "./ask.ts";
import { literal } from "./names.ts";

/** All at once; or each by itself, so that one that this server does not take does not cost the others. Returns what was left out. */
export async function makeRoles(
	ask: Ask,
	created: readonly { readonly name: string; readonly statement: string }[],
	belonging: readonly { readonly name: string; readonly statements: readonly string[] }[],
): Promise<string[]> {
	const all = [
		...created.map(({ statement }) => statement),
		...belonging.flatMap(({ statements }) => statements),
	];
	try {
		await ask(["BEGIN", ...all, "COMMIT"], "create roles");
		return [];
	} catch (error) {
		if (!isOfStatement(error) || !(await mayCreate(ask))) throw error;
	}
	const faults: string[] = [];
	const lacking = new Set<string>();
	const tries = async (name: string, statement: string, what: string) => {
		try {
			await ask([withCode(statement)], `create the role ${name}`);
		} catch (error) {
			if (!isOfStatement(error)) throw error;
			const said = error.details.find((line) => line.includes("ERROR:")) ?? error.message;
			if (OF_SERVER.test(said)) throw error;
			const plain = said.replace(/(ERROR: +)[0-9A-Z]{5} /, "$1");
			faults.push(`${what}: ${statement.startsWith("ALTER ROLE") ? withoutValue(plain) : plain}`);
			return false;
		}
		return true;
	};
	for (const { name, statement } of created)
		if (!(await tries(name, statement, `the role ${name} could not be created`))) lacking.add(name);
	for (const { name, statements } of belonging)
		for (const statement of lacking.has(name) ? [] : statements)
			await tries(
				name,
				statement,
				`the role ${name} was created without a part of it (${withoutValue(statement)})`,
			);
	return faults;
}

/** The server says its error's code first: its words depend on its language. */
const withCode = (statement: string) =>
	`DO ${literal(`BEGIN EXECUTE ${literal(statement)}; EXCEPTION WHEN OTHERS THEN RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = SQLSTATE || ' ' || SQLERRM; END`)}`;

/** A full disk or too little memory (53), an operator's doing (57), the system (58), the server's own fault (XX): not about a role. */
const OF_SERVER = /ERROR: +(53|57|58|XX)[0-9A-Z]{3} /;

/** The value of a setting, which may be a secret, and the text of a comment are not for a log. */
const withoutValue = (text: string) =>
	text
		.replace(/^(ALTER ROLE "(?:[^"]|"")*" SET "(?:[^"]|"")*") .*$/s, "$1")
		.replace(/(: "| IS (E?)').*$/s, "");

/** If we may not, or the server takes no changes, that is not about a single role. */
async function mayCreate(ask: Ask): Promise<boolean> {
	const rows = await ask(
		[
			"SELECT 1 FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolcreaterole) AND current_setting('transaction_read_only') = 'off'",
		],
		"ask PostgreSQL whether we may create roles",
	);
	return rows.length > 0;
}

/** The server refused a statement; it did not fail to answer. */
const isOfStatement = (error: unknown): error is HoldfastError =>
	error instanceof HoldfastError && error.details.some((line) => /^psql:.*ERROR: /.test(line));
