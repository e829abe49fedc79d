// Replace the views, triggers, routines and events of a database.
import { shortLine } from "../../values/printable.ts";
import type { Swap } from "../database.ts";
import { type Broken, brokenOf, faultOfObject, linesOf, objectsIn } from "./broken.ts";
import { denialOf, isDenied } from "./denied.ts";
import { isMadeByUs, makersOf, NOT_A_MAKER } from "./maker.ts";
import type { Rest } from "./memory.ts";
import { identifier, literal } from "./names.ts";
import type { Asked, Server } from "./server.ts";
import { makeOne } from "./statement.ts";
import { creation, isKind, ROUTINES, type StoredObject } from "./stored-object.ts";
import { says } from "./temporary.ts";

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

interface How {
	/** The same server, with statements that can be aborted. */
	readonly within?: Server | undefined;
	/** Told which of them the server refuses. */
	readonly warn?: Swap["warn"];
	/** Views that it refuses are tried again, by `completeViews`, which tells of them. */
	readonly withOthers?: boolean | undefined;
}

/**
 * Make these the only objects of the database. Trusted objects are created with our own rights if rights on the
 * database are not enough. What the server refuses for what it says is left out: it may refer to another database that is not there.
 */
export async function putObjects(
	server: Server,
	database: string,
	rest: Rest,
	{ within, warn, withOthers = false }: How = {},
): Promise<void> {
	const { objects, broken = [] } = rest;
	await dropObjects(server, database);
	const of = (kinds: readonly string[]) => objects.filter(({ kind }) => kinds.includes(kind));
	await withMaker(server, database, rest, within, async (make) => {
		// Routines need nothing to exist first.
		for (const one of of(ROUTINES)) await make(one);
		const views = await makeViews(viewsIn(rest), make);
		for (const one of of(["TRIGGER", "EVENT"])) await make(one);
		const others = await makeOnce(
			objectsIn(broken).filter(({ kind }) => kind !== "VIEW"),
			make,
		);
		const lost = [...others, ...broken.filter(({ object }) => object === undefined)];
		tell(database, withOthers ? lost : [...views, ...lost], warn);
	});
}

/** Create the views that are not there yet: what they refer to may be there now. */
export async function completeViews(
	server: Server,
	database: string,
	rest: Rest,
	{ within, warn }: How,
): Promise<void> {
	const rows = await server.sql(
		[`SELECT table_name FROM information_schema.views WHERE table_schema = ${literal(database)}`],
		`list the views of ${database}`,
	);
	const there = new Set(rows.flat());
	const wanted = viewsIn(rest).filter(({ name }) => !there.has(name));
	if (wanted.length === 0) return;
	await withMaker(server, database, rest, within, async (make) =>
		tell(database, await makeViews(wanted, make), warn),
	);
}

const viewsIn = ({ objects, broken = [] }: Rest) =>
	[...objects, ...objectsIn(broken)].filter(({ kind }) => kind === "VIEW");

type Make = (one: StoredObject) => Promise<void>;

async function withMaker(
	server: Server,
	database: string,
	{ objects, broken = [], trusted = true, agreed = false }: Rest,
	within: Server = server,
	use: (make: Make) => Promise<void>,
): Promise<void> {
	const [[own = ""] = []] = await server.sql(
		[
			`SELECT default_collation_name FROM information_schema.schemata WHERE schema_name = ${literal(database)}`,
		],
		`read the properties of the database ${database}`,
	);
	const wasBroken = new Set(objectsIn(broken));
	const makers = await makersOf(within, database, [...objects, ...wasBroken]);
	const makeBy = (by: Asked, one: StoredObject) => makeOne(server, by, database, own, one, creation(one));
	/** Try the definer's rights before ours: a view may refer to other databases. */
	const makeLike = async (one: StoredObject, error: unknown) => {
		if (one.kind !== "VIEW") throw error;
		const like = await makers.like(one.definer);
		if (like === makers.ourselves) throw error;
		await makeBy(like, one);
	};
	/**
	 * The server evaluates parts of a view when it creates it, so those of others than administrators are not created with our
	 * rights; on servers where nobody else can create an object of another account, those that are valid are, if the user agreed.
	 */
	const mayBeOurs = async (one: StoredObject, error: unknown) =>
		one.kind !== "VIEW" ||
		(agreed && !makers.forOthers && !wasBroken.has(one) && says(error, NOT_A_MAKER)) ||
		(await makers.like(one.definer)) === makers.ourselves;
	try {
		await use((one) =>
			makeBy(makers.maker, one).catch(async (error: unknown) => {
				if (!(await isMadeByUs(server, database, one, { trusted, error }))) throw error;
				await makeLike(one, error).catch(async (error: unknown) => {
					if (!isDenied(error) || !(await mayBeOurs(one, error))) throw error;
					return makeBy(makers.ourselves, one);
				});
			}),
		);
	} finally {
		await makers.release();
	}
}

/** A view needs the tables and views that it refers to, so retry until no more can be created. Returns what is left. */
async function makeViews(wanted: readonly StoredObject[], make: Make): Promise<readonly Broken[]> {
	const left = await makeOnce(wanted, make);
	if (left.length === 0 || left.length === wanted.length) return left;
	return makeViews(objectsIn(left), make);
}

async function makeOnce(wanted: readonly StoredObject[], make: Make): Promise<readonly Broken[]> {
	const left: Broken[] = [];
	for (const one of wanted)
		await make(one).catch((error: unknown) => {
			const why = faultOfObject(error) ?? denialOf(error);
			if (why === undefined) throw error;
			left.push(brokenOf(one, why, { object: one }));
		});
	return left;
}

/** Of a definition, which a service may make as long as it likes. */
const MAX_TEXT = 10_000;

function tell(database: string, left: readonly Broken[], warn: Swap["warn"]): void {
	const lines = linesOf(left, ({ kind, name, why, object, text = "" }) => {
		const definition = (object === undefined ? text : creation(object)).slice(0, MAX_TEXT);
		return `the ${kind.toLowerCase()} ${name} of ${database} could not be created (${shortLine(why)}); its definition: ${shortLine(definition.replace(/\s+/g, " "))}`;
	});
	for (const line of lines) warn?.(line);
}
