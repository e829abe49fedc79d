// Read the current views, triggers, routines and events of a database.
import * as v from "valibot";
import { type Broken, brokenOf, sift } from "./broken.ts";
import { isNotShown } from "./denied.ts";
import { accountOf, identifier, literal } from "./names.ts";
import { rightsOf } from "./rights.ts";
import { type Asked, asked, type Server } from "./server.ts";
import { type Named, shownObject } from "./shown-object.ts";
import { ROUTINES, type StoredObject } from "./stored-object.ts";
import { temporaryAccount } from "./temporary.ts";

export interface Objects {
	readonly objects: readonly StoredObject[];
	/** Those that the server does not show. */
	readonly broken: readonly Broken[];
}

/** Everything the database currently has. */
export async function objectsOf(server: Server, database: string): Promise<Objects> {
	const where = literal(database);
	const look = (statement: string) => server.sql([statement], `list the views and routines of ${database}`);
	const views = await viewsOf(server, database);
	const routines = await look(
		`SELECT routine_type, routine_name, definer FROM information_schema.routines WHERE routine_schema = ${where} ORDER BY 1, 2`,
	);
	const events = await look(
		`SELECT event_name, definer FROM information_schema.events WHERE event_schema = ${where} ORDER BY 1`,
	);
	// Triggers for the same event run in the order in which they were created, so keep that order.
	const triggers = await look(
		`SELECT trigger_name, definer FROM information_schema.triggers WHERE trigger_schema = ${where} ORDER BY event_object_table, action_timing, event_manipulation, action_order`,
	);
	const found: Objects[] = [];
	const add = async (some: readonly Named[], shown: (some: readonly Named[]) => Promise<StoredObject[]>) => {
		const { good, bad } = await sift(some, shown);
		const broken: Broken[] = [];
		for (const { one, why } of bad)
			broken.push(brokenOf(one, why, { text: await textOf(server, database, one) }));
		found.push({ objects: good, broken });
	};
	const plain = (some: readonly Named[]) => show(server, database, some);
	await add(
		routines.flatMap(([kind, ...row]) => named(v.parse(v.picklist(ROUTINES), kind), [row])),
		plain,
	);
	await add(views, (some) => showViews(server, database, some));
	await add([...named("EVENT", events), ...named("TRIGGER", triggers)], plain);
	return {
		objects: found.flatMap(({ objects }) => objects),
		broken: found.flatMap(({ broken }) => broken),
	};
}

/** The names of its views. */
export async function viewsOf(server: Server, database: string): Promise<Named[]> {
	const rows = await server.sql(
		[
			`SELECT table_name, definer FROM information_schema.views WHERE table_schema = ${literal(database)} ORDER BY 1`,
		],
		`list the views of ${database}`,
	);
	return named("VIEW", rows);
}

/** What the server's tables hold of a routine that it cannot parse any more. */
async function textOf(server: Server, database: string, { kind, name }: Named): Promise<string> {
	const rows = await server
		.sql(
			[
				`SELECT CONCAT(param_list, ' ', returns, ' ', body_utf8) FROM mysql.proc WHERE db = ${literal(database)} AND type = ${literal(kind)} AND name = ${literal(name)}`,
			],
			`read the ${kind.toLowerCase()} ${name} of ${database}`,
		)
		.catch(() => []);
	return rows[0]?.[0] ?? "";
}

function named(kind: Named["kind"], rows: readonly (readonly string[])[]): Named[] {
	return rows.map(([name = "", definer = ""]) => ({ kind, name, definer: accountOf(definer) }));
}

async function show(by: Asked, database: string, wanted: readonly Named[]): Promise<StoredObject[]> {
	if (wanted.length === 0) return [];
	const shown = await by.sql(
		[
			`USE ${identifier(database)}`,
			...wanted.map(({ kind, name }) => `SHOW CREATE ${kind} ${identifier(name)}`),
		],
		`read the views and routines of ${database}`,
	);
	return wanted.map((one, index) => shownObject(one, shown[index] ?? []));
}

async function showViews(
	server: Server,
	database: string,
	wanted: readonly Named[],
): Promise<StoredObject[]> {
	if (wanted.length === 0) return [];
	const looker = await temporaryAccount(server, database, "look");
	try {
		return await show(asked(looker), database, wanted).catch(async (error: unknown) => {
			if (!isNotShown(error)) throw error;
			const shown: StoredObject[] = [];
			for (const one of wanted) shown.push(...(await showAsDefiner(server, database, one)));
			return shown;
		});
	} finally {
		await looker.release();
	}
}

async function showAsDefiner(server: Server, database: string, one: Named): Promise<StoredObject[]> {
	const rights = await rightsOf(server, one.definer);
	if (rights === undefined) return show(server, database, [one]);
	const like = await temporaryAccount(server, database, "look", { account: one.definer, rights });
	return show(asked(like), database, [one]).finally(like.release);
}
