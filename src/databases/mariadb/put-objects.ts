// Replace the views, triggers, routines and events of a database.
import { shortLine } from "../../values/printable.ts";
import type { Swap } from "../database.ts";
import { type Broken, brokenWords, faultOfObject, objectsIn } from "./broken.ts";
import { isDenied } from "./denied.ts";
import { isMadeByUs, makersOf } from "./maker.ts";
import type { Rest } from "./memory.ts";
import { identifier, literal } from "./names.ts";
import type { Asked, Server } from "./server.ts";
import { makeOne } from "./statement.ts";
import { creation, isKind, ROUTINES, type StoredObject } from "./stored-object.ts";

/** Drop all of them. */
export async function dropObjects(server: Server, database: string): Promise<void> {
	const parts = [
		["'TRIGGER', trigger_name", "triggers", "trigger_schema"],
		["'VIEW', table_name", "views", "table_schema"],
		["'EVENT', event_name", "events", "event_schema"],
		["routine_type, routine_name", "routines", "routine_schema"],
	];
	const found = await server.sql(
		[
			parts
				.map(
					([what, from, schema]) =>
						`SELECT ${what} FROM information_schema.${from} WHERE ${schema} = ${literal(database)}`,
				)
				.join(" UNION ALL "),
		],
		`list the views and routines of ${database}`,
	);
	const drops = found
		.filter(([kind = ""]) => isKind(kind))
		.flatMap(([kind = "", one = ""]) => {
			const drop = `DROP ${kind} IF EXISTS ${identifier(database)}.${identifier(one)}`;
			// MariaDB before 11.3 supports packages only in this mode.
			return kind.startsWith("PACKAGE") ? ["SET sql_mode = 'ORACLE'", drop, "SET sql_mode = ''"] : [drop];
		});
	if (drops.length > 0) await server.sql(drops, `drop the old views and routines of ${database}`);
}

/**
 * Make these the only objects of the database. Trusted objects are created with our own rights if rights on the
 * database are not enough. `within`: the same server, with statements that can be aborted; `warn` is told which broken ones the
 * server still refuses.
 */
export async function putObjects(
	server: Server,
	database: string,
	{ objects, broken = [], trusted = true }: Rest,
	{ within = server, warn }: { readonly within?: Server; readonly warn?: Swap["warn"] } = {},
): Promise<void> {
	await dropObjects(server, database);
	const [[own = ""] = []] = await server.sql(
		[
			`SELECT default_collation_name FROM information_schema.schemata WHERE schema_name = ${literal(database)}`,
		],
		`read the properties of the database ${database}`,
	);
	const makers = await makersOf(within, database, [...objects, ...objectsIn(broken)]);
	const makeBy = (by: Asked, one: StoredObject) => makeOne(server, by, database, own, one, creation(one));
	/** Try the definer's rights before ours: a view may refer to other databases. */
	const makeLike = async (one: StoredObject, error: unknown) => {
		if (one.kind !== "VIEW") throw error;
		const like = await makers.like(one.definer);
		if (like === makers.ourselves) throw error;
		await makeBy(like, one);
	};
	const make = (one: StoredObject, wasBroken = false) =>
		makeBy(makers.maker, one).catch(async (error: unknown) => {
			if (!(await isMadeByUs(server, database, one, { trusted, error }))) throw error;
			await makeLike(one, error).catch(async (error: unknown) => {
				// The server evaluates parts of a view before it finds it invalid.
				const isTheirs = async () => (await makers.like(one.definer)) !== makers.ourselves;
				if (!isDenied(error) || (wasBroken && one.kind === "VIEW" && (await isTheirs()))) throw error;
				return makeBy(makers.ourselves, one);
			});
		});
	try {
		await makeAll(objects, make);
		for (const one of broken) await makeOrWarn(database, one, make, warn);
	} finally {
		await makers.release();
	}
}

/** It was invalid, and may be valid here. */
async function makeOrWarn(
	database: string,
	one: Broken,
	make: (one: StoredObject, wasBroken: boolean) => Promise<void>,
	warn: Swap["warn"],
): Promise<void> {
	try {
		if (one.object !== undefined) return await make(one.object, true);
	} catch (error) {
		if (faultOfObject(error) === undefined && !isDenied(error)) throw error;
	}
	const text = one.object === undefined ? (one.text ?? "") : creation(one.object);
	warn?.(
		`${brokenWords(database, one)}, and could not be created again; its definition: ${shortLine(text.replace(/\s+/g, " "))}`,
	);
}

async function makeAll(
	objects: readonly StoredObject[],
	make: (one: StoredObject) => Promise<void>,
): Promise<void> {
	const of = (kinds: readonly string[]) => objects.filter(({ kind }) => kinds.includes(kind));
	// A view needs the tables and views that it refers to, so retry until all exist. Routines need nothing to exist
	// first.
	for (const one of of(ROUTINES)) await make(one);
	let views = of(["VIEW"]);
	while (views.length > 0) {
		const later: StoredObject[] = [];
		let fault: unknown;
		for (const one of views)
			await make(one).catch((error: unknown) => {
				later.push(one);
				fault = error;
			});
		if (later.length === views.length) throw fault;
		views = later;
	}
	for (const one of of(["TRIGGER", "EVENT"])) await make(one);
}
