// Privileges on single routines end when the routine is dropped, which a swap does with all of them. They are remembered before it
// and granted again afterwards, to the accounts that had them, if the routine runs as the same account as before: a right to
// call one's own routine is none to call root's of the same name.
import * as v from "valibot";
import type { Swap } from "../database.ts";
import { isDenied } from "./denied.ts";
import { accountLiteral, identifier, literal } from "./names.ts";
import type { Server } from "./server.ts";
import { ROUTINES } from "./stored-object.ts";

export const routineRightSchema = v.object({
	user: v.string(),
	host: v.string(),
	kind: v.picklist(ROUTINES),
	name: v.string(),
	definer: v.string(),
	rights: v.array(v.picklist(["EXECUTE", "ALTER ROUTINE", "GRANT", "SHOW CREATE ROUTINE"])),
});
type RoutineRight = v.InferOutput<typeof routineRightSchema>;

/** None if we may not read them. */
export async function routineRights(server: Server, database: string): Promise<RoutineRight[]> {
	const rows = await server
		.sql(
			[
				`SELECT User, Host, Routine_type, Routine_name, UPPER(Proc_priv) FROM mysql.procs_priv WHERE Db = ${literal(database)}`,
			],
			`read the privileges on the routines of ${database}`,
		)
		.catch((error: unknown) => {
			if (isDenied(error)) return [];
			throw error;
		});
	if (rows.length === 0) return [];
	const definers = await definersIn(server, database);
	return rows.flatMap(([user, host, kind = "", name = "", rights = ""]) => {
		const definer = definers.get(keyOf(kind, name));
		const found = v.safeParse(routineRightSchema, {
			user,
			host,
			kind,
			name,
			definer,
			rights: rights.split(","),
		});
		return found.success ? [found.output] : [];
	});
}

const keyOf = (kind: string, name: string) => `${kind} ${name.toLowerCase()}`;

async function definersIn(server: Server, database: string): Promise<ReadonlyMap<string, string>> {
	const rows = await server.sql(
		[
			`SELECT routine_type, routine_name, definer FROM information_schema.routines WHERE routine_schema = ${literal(database)}`,
		],
		`list the routines of ${database}`,
	);
	return new Map(rows.map(([kind = "", name = "", definer = ""]) => [keyOf(kind, name), definer]));
}

/** Of a routine that is gone, or runs as another account now, nothing is granted. `warn` is told what could not be granted. */
export async function grantRoutineRights(
	server: Server,
	database: string,
	rights: readonly RoutineRight[],
	warn: Swap["warn"],
): Promise<void> {
	if (rights.length === 0) return;
	const definers = await definersIn(server, database);
	const same = rights.filter(({ kind, name, definer }) => definers.get(keyOf(kind, name)) === definer);
	if (same.length === 0) return;
	await grantOrWarn(
		server,
		same.map(({ kind, name, rights: held, ...who }) => {
			const given = held.filter((one) => one !== "GRANT");
			const option = held.includes("GRANT") ? " WITH GRANT OPTION" : "";
			return `GRANT ${given.length === 0 ? "USAGE" : given.join(", ")} ON ${kind} ${identifier(database)}.${identifier(name)} TO ${accountLiteral(who)}${option}`;
		}),
		`the privileges on the routines of ${database}`,
		warn,
	);
}

/** Run the grants. `what` they are: `the privileges on the tables of app`. */
export async function grantOrWarn(
	server: Server,
	grants: readonly string[],
	what: string,
	warn: Swap["warn"],
): Promise<void> {
	if (grants.length === 0) return;
	const faults = await server.faults(grants, `grant ${what}`);
	if (faults.length > 0)
		warn?.(`${faults.length} of ${what} could not be granted: ${faults.slice(0, 3).join("; ")}`);
}
