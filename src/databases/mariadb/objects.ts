// Views, triggers, routines and events, as data: what the server says of each, and the one statement that makes it
// again. The statement's head is ours, with our own quoting; only what follows the name is text from elsewhere.
import * as v from "valibot";
import { HoldfastError } from "../../values/error.ts";
import { rightsOf } from "./definers.ts";
import { fallsToUs, isDenied, isNotShown, makersOf, mayBeBroken, requireMaker } from "./maker.ts";
import { accountLiteral, accountOf, identifier, literal } from "./names.ts";
import { type Asked, asked, type Server } from "./server.ts";
import { makeOne, requireStatements } from "./statement.ts";
import { temporaryAccount } from "./temporary.ts";
import { triggerParts } from "./trigger.ts";

const text = v.string();
const session = {
	name: text,
	/** Whose rights it has when it runs. */
	definer: v.object({ user: text, host: text }),
	sqlMode: text,
	charset: text,
	collation: text,
	/** The database's own, when it was made; views have none. */
	databaseCollation: v.optional(text),
	/** Of an event. */
	timeZone: v.optional(text),
};
const ROUTINES = ["FUNCTION", "PROCEDURE", "PACKAGE", "PACKAGE BODY"] as const;

export const objectSchema = v.variant("kind", [
	v.object({
		...session,
		kind: v.literal("VIEW"),
		algorithm: v.picklist(["UNDEFINED", "MERGE", "TEMPTABLE"]),
		security: v.picklist(["DEFINER", "INVOKER"]),
		text,
	}),
	v.object({
		...session,
		kind: v.literal("TRIGGER"),
		timing: v.picklist(["BEFORE", "AFTER"]),
		event: v.picklist(["INSERT", "UPDATE", "DELETE"]),
		table: text,
		text,
	}),
	v.object({ ...session, kind: v.picklist(ROUTINES), aggregate: v.optional(v.literal(true)), text }),
	v.object({ ...session, kind: v.literal("EVENT"), text }),
]);
/** `text` is what follows its name; of a trigger, its body. */
export type StoredObject = v.InferOutput<typeof objectSchema>;

/** What the text of each kind begins with: nothing that could go on with the name before it. */
const BEGINS: Readonly<Record<StoredObject["kind"], RegExp>> = {
	VIEW: /^\s*\(|^\s+AS\s/i,
	TRIGGER: /^/,
	FUNCTION: /^\s*\(/,
	PROCEDURE: /^\s*\(/,
	PACKAGE: /^\s+[a-z]/i,
	"PACKAGE BODY": /^\s+[a-z]/i,
	// The server shows a schedule as times and numbers; anything else there would be evaluated while it is made.
	EVENT:
		/^\s+ON\s+SCHEDULE\s+(?:AT\s+'[^'\\]*'|EVERY\s+(?:\d+|'[^'\\]*')\s+[A-Z_]+(?:\s+STARTS\s+'[^'\\]*')?(?:\s+ENDS\s+'[^'\\]*')?)\s+ON\s+COMPLETION\s+(?:NOT\s+)?PRESERVE\s/i,
};

/** The statement that makes it in the session's database. */
export function creation(one: StoredObject): string {
	if (!BEGINS[one.kind].test(one.text)) throw notUnderstood(one);
	const by = `DEFINER=${accountLiteral(one.definer)}`;
	const name = identifier(one.name);
	if (one.kind === "VIEW")
		return `CREATE ALGORITHM=${one.algorithm} ${by} SQL SECURITY ${one.security} VIEW ${name}${one.text}`;
	if (one.kind === "TRIGGER")
		return `CREATE ${by} TRIGGER ${name} ${one.timing} ${one.event} ON ${identifier(one.table)} FOR EACH ROW ${one.text}`;
	const kind = one.kind !== "EVENT" && one.aggregate ? `AGGREGATE ${one.kind}` : one.kind;
	return `CREATE ${by} ${kind} ${name}${one.text}`;
}

export function notUnderstood({ kind, name }: Pick<StoredObject, "kind" | "name">): HoldfastError {
	return new HoldfastError(
		"database-failed",
		`the ${kind.toLowerCase()} ${name} has a form that is not understood`,
		{
			hint: "please report it; the archive itself can be restored --into a folder, and its dump loaded by hand",
		},
	);
}

/** All that the database has now. */
export async function objectsOf(server: Server, database: string): Promise<StoredObject[]> {
	const where = literal(database);
	const look = (statement: string) =>
		server.sql([statement], `look for the views and routines of ${database}`);
	const views = await look(
		`SELECT table_name, definer FROM information_schema.views WHERE table_schema = ${where} ORDER BY 1`,
	);
	const routines = await look(
		`SELECT routine_type, routine_name, definer FROM information_schema.routines WHERE routine_schema = ${where} ORDER BY 1, 2`,
	);
	const events = await look(
		`SELECT event_name, definer FROM information_schema.events WHERE event_schema = ${where} ORDER BY 1`,
	);
	// The order in which those of one moment run is the one in which they are made.
	const triggers = await look(
		`SELECT trigger_name, definer FROM information_schema.triggers WHERE trigger_schema = ${where} ORDER BY event_object_table, action_timing, event_manipulation, action_order`,
	);
	const named = (kind: Known["kind"], rows: readonly (readonly string[])[]): Known[] =>
		rows.map(([name = "", definer = ""]) => ({ kind, name, definer: accountOf(definer) }));
	const show = async (by: Asked, wanted: readonly Known[]) => {
		if (wanted.length === 0) return [];
		const shown = await by.sql(
			[
				`USE ${identifier(database)}`,
				...wanted.map(({ kind, name }) => `SHOW CREATE ${kind} ${identifier(name)}`),
			],
			`look at the views and routines of ${database}`,
		);
		return wanted.map((one, index) => shownObject(one, shown[index] ?? []));
	};
	const showViews = async () => {
		const wanted = named("VIEW", views);
		if (wanted.length === 0) return [];
		const looker = await temporaryAccount(server, database, "look");
		try {
			return await show(asked(looker), wanted).catch(async (error: unknown) => {
				if (!isNotShown(error)) throw error;
				const shown: StoredObject[] = [];
				for (const one of wanted) shown.push(...(await showAsDefiner(one)));
				return shown;
			});
		} finally {
			await looker.release();
		}
	};
	const showAsDefiner = async (one: Known) => {
		const rights = await rightsOf(server, one.definer);
		if (rights === undefined) return show(server, [one]);
		const like = await temporaryAccount(server, database, "look", { account: one.definer, rights });
		return show(asked(like), [one]).finally(like.release);
	};
	return [
		...(await show(
			server,
			routines.flatMap(([kind, ...row]) => named(v.parse(v.picklist(ROUTINES), kind), [row])),
		)),
		...(await showViews()),
		...(await show(server, [...named("EVENT", events), ...named("TRIGGER", triggers)])),
	];
}

type Known = Pick<StoredObject, "kind" | "name" | "definer">;

/**
 * Fails when one of these could not be made again, though nothing is made: what a view names is gone, or who made it; or
 * the server does not read its own text as one statement.
 */
export async function requireWhole(
	server: Server,
	database: string,
	objects: readonly StoredObject[],
): Promise<void> {
	const makers = await makersOf(server, database, objects);
	try {
		const views = objects.filter(isView);
		const doing = `dump the views of ${database}`;
		const fields = ({ name }: StoredObject) => `SHOW FIELDS FROM ${identifier(database)}.${identifier(name)}`;
		const look = (one: StoredObject) =>
			makers.maker.sql([fields(one)], doing).catch(async (error: unknown) => {
				if (!isDenied(error)) throw error;
				// It may name what lies in other databases. What its definer is denied as well is there.
				const like = await makers.like(one.definer);
				await like.sql([fields(one)], doing).catch((error: unknown) => {
					if (mayBeBroken(error)) throw error;
				});
			});
		if (views.length > 0)
			await makers.maker.sql(views.map(fields), doing).catch(async (error: unknown) => {
				if (!isDenied(error)) throw error;
				for (const one of views) await look(one);
			});
		await requireRead(makers.maker, database, objects);
	} finally {
		await makers.release();
	}
}

const isView = ({ kind }: StoredObject) => kind === "VIEW";

/** Fails for a definition that the server does not read as one statement, or that nobody could make here. */
export async function requireReadable(
	server: Server,
	live: string,
	database: string,
	objects: readonly StoredObject[],
	trusted: boolean,
): Promise<void> {
	const makers = await makersOf(server, database, objects);
	try {
		if (!trusted) await requireMaker(server, live, makers, objects);
		// What needs others to be there is left for the swap; the rest can be looked at before anything is stopped.
		const alone = objects.filter(({ kind }) => kind !== "VIEW" && kind !== "PACKAGE BODY");
		await requireRead(makers.maker, database, alone);
	} finally {
		await makers.release();
	}
}

/** What the maker may not make is read as well. */
async function requireRead(maker: Asked, database: string, objects: readonly StoredObject[]): Promise<void> {
	await requireStatements(
		maker,
		database,
		objects.map((one) => ({ sqlMode: one.sqlMode, statement: creation(one) })),
	);
}

/** Words of a definition that differ between objects of the kind. */
const MORE: Readonly<Record<string, readonly string[]>> = {
	VIEW: ["DEFINER", "INVOKER"],
	FUNCTION: ["", "AGGREGATE "],
};

/** A row of SHOW CREATE, whose columns differ by kind (MariaDB Knowledge Base, "SHOW CREATE EVENT" and its like). */
function shownObject(one: Known, row: readonly string[]): StoredObject {
	const { kind, name, definer } = one;
	const [, second, third, fourth] = row;
	const statement = (kind === "VIEW" ? second : kind === "EVENT" ? fourth : third) ?? "";
	const [charset, collation, databaseCollation] = row.slice(kind === "VIEW" ? 2 : kind === "EVENT" ? 4 : 3);
	const algorithm = /^CREATE ALGORITHM=(\w+) /.exec(statement)?.[1];
	// The server writes names as the object's own sql_mode has them.
	for (const quote of ["`", '"'])
		for (const more of MORE[kind] ?? [""]) {
			const quoted = (part: string) => quote + part.replaceAll(quote, quote + quote) + quote;
			const by = `DEFINER=${quoted(definer.user)}${definer.host === "" ? "" : `@${quoted(definer.host)}`}`;
			const begin =
				kind === "VIEW"
					? `CREATE ALGORITHM=${algorithm} ${by} SQL SECURITY ${more} VIEW ${quoted(name)}`
					: kind === "TRIGGER"
						? `CREATE ${by} `
						: `CREATE ${by} ${more}${kind} ${quoted(name)}`;
			if (!statement.startsWith(begin)) continue;
			const rest = statement.slice(begin.length);
			const parts = kind === "TRIGGER" ? triggerParts(rest) : undefined;
			if (kind === "TRIGGER" && parts?.name !== name) continue;
			return v.parse(objectSchema, {
				...{ kind, name, definer, charset, collation },
				sqlMode: kind === "VIEW" ? "" : second,
				...(kind === "VIEW" ? { algorithm, security: more } : { databaseCollation }),
				...(more === "AGGREGATE " ? { aggregate: true } : {}),
				...(kind === "EVENT" ? { timeZone: third } : {}),
				...parts,
				text: parts?.body ?? rest,
			});
		}
	throw notUnderstood(one);
}

/** Take all of them away. */
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
		`look for the views and routines of ${database}`,
	);
	const drops = found
		.filter(([kind = ""]) => Object.hasOwn(BEGINS, kind))
		.flatMap(([kind = "", one = ""]) => {
			const drop = `DROP ${kind} IF EXISTS ${identifier(database)}.${identifier(one)}`;
			// MariaDB before 11.3 knows packages in this mode alone.
			return kind.startsWith("PACKAGE") ? ["SET sql_mode = 'ORACLE'", drop, "SET sql_mode = ''"] : [drop];
		});
	if (drops.length > 0) await server.sql(drops, `make room for the views and routines of ${database}`);
}

/**
 * Make these, and no others, the database's. Those that are trusted are made with our own rights where those over the
 * database do not suffice. `within`: the same server, as it may be interrupted.
 */
export async function putObjects(
	server: Server,
	database: string,
	objects: readonly StoredObject[],
	{ trusted = true, within = server }: { readonly trusted?: boolean; readonly within?: Server } = {},
): Promise<void> {
	await dropObjects(server, database);
	const [[own = ""] = []] = await server.sql(
		[
			`SELECT default_collation_name FROM information_schema.schemata WHERE schema_name = ${literal(database)}`,
		],
		`look at the database ${database}`,
	);
	const makers = await makersOf(within, database, objects);
	const makeBy = (by: Asked, one: StoredObject) => makeOne(server, by, database, own, one, creation(one));
	/** With its definer's rights before ours: it may name what lies in other databases. */
	const makeLike = async (one: StoredObject, error: unknown) => {
		if (one.kind !== "VIEW") throw error;
		const like = await makers.like(one.definer);
		if (like === makers.ourselves) throw error;
		await makeBy(like, one);
	};
	const make = (one: StoredObject) =>
		makeBy(makers.maker, one).catch(async (error: unknown) => {
			if (!(await fallsToUs(server, database, one, { trusted, error }))) throw error;
			await makeLike(one, error).catch((error: unknown) => {
				if (!isDenied(error)) throw error;
				return makeBy(makers.ourselves, one);
			});
		});
	try {
		await makeAll(objects, make);
	} finally {
		await makers.release();
	}
}

async function makeAll(
	objects: readonly StoredObject[],
	make: (one: StoredObject) => Promise<void>,
): Promise<void> {
	const of = (kinds: readonly string[]) => objects.filter(({ kind }) => kinds.includes(kind));
	// A view needs what it is made of, which may be another view; routines need nothing to be there.
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
