// Replace one database with another. MariaDB and MySQL cannot rename a database: one RENAME TABLE moves all tables,
// which is atomic, and views, triggers, routines and events are dropped before and recreated after it, which is not.
// The data needed to undo this from any point is stored on disk first.
import * as v from "valibot";
import { HoldfastError } from "../../values/error.ts";
import type { Completion, Point, ServerDatabase, Swap } from "../database.ts";
import { grantText } from "./account-text.ts";
import {
	alterStatement,
	createNewStatement,
	createStatement,
	exists,
	moveTables,
	propertiesOf,
	tablesOf,
} from "./catalog.ts";
import { requireOwnDefiners } from "./definers.ts";
import { moveDefinitions } from "./definitions.ts";
import { withoutSessions } from "./holders.ts";
import {
	forgetLegacy,
	LEGACY,
	legacyMemory,
	type Memory,
	memorySchema,
	type Rest,
	restSchema,
} from "./memory.ts";
import { identifier } from "./names.ts";
import { type Objects, objectsOf } from "./objects.ts";
import { completeViews, dropObjects, putObjects } from "./put-objects.ts";
import { wholeOf } from "./remaking.ts";
import { grantOrWarn, grantRoutineRights, routineRights } from "./routine-rights.ts";
import type { Server } from "./server.ts";

/** `within`: the same server, with statements that can be aborted. */
export async function swap(
	server: Server,
	within: Server,
	{ fresh, live, old, rest, memory: before, mustBeNew = false, keep, point = () => {}, ...told }: Swap,
): Promise<void> {
	if (!(await exists(server, fresh)))
		throw new HoldfastError("database-failed", `there is no database ${fresh} to replace ${live} with`);
	if (mustBeNew && before === null && (await exists(server, live))) throw taken(live);
	const memory = await memoryOf(server, { fresh, live, rest, memory: before });
	// Must be on disk before anything is dropped, because an undo recreates it from this.
	keep(memory);
	point("remembered");
	if (!memory.hadLive && memory.made !== true) await makeLive(server, { fresh, live }, memory, keep);
	await withoutSessions(server, live, () =>
		replace(server, within, { fresh, live, old, point, ...told }, memory),
	);
}

/** Somebody may have made a database of this name meanwhile: that one is not ours, and an undo must leave it alone. */
async function makeLive(
	server: Server,
	{ fresh, live }: Pick<Swap, "fresh" | "live">,
	memory: Memory,
	keep: Swap["keep"],
): Promise<void> {
	const theirs = await propertiesOf(server, fresh);
	try {
		await server.sql([createNewStatement(live, theirs)], `create the database ${live}`);
	} catch (error) {
		if (!(await exists(server, live))) throw error;
		keep({ ...memory, made: false });
		throw taken(live);
	}
	keep({ ...memory, made: true });
}

const taken = (live: string) =>
	new HoldfastError("database-failed", `somebody has made a database ${live} meanwhile; it was left alone`, {
		hint: "ask who made it and whether it is needed; once it is out of the way, run the restore again",
	});

interface Names extends Pick<Swap, "fresh" | "live" | "old" | "warn" | "withOthers"> {
	readonly point: Point;
}

async function replace(
	server: Server,
	within: Server,
	{ fresh, live, old, point, ...told }: Names,
	memory: Memory,
): Promise<void> {
	const { warn } = told;
	const theirs = await propertiesOf(server, fresh);
	if (memory.hadLive)
		await server.sql(
			[createStatement(old, await propertiesOf(server, live))],
			`create a database for the old ${live}`,
		);
	await server.settle();
	point("made-room");
	await dropObjects(server, live);
	await dropObjects(server, fresh);
	await server.settle();
	point("views-dropped");
	const coming = await tablesOf(server, fresh);
	const isMoved = coming.length === 0 && (await tablesOf(server, old)).length > 0;
	if (!isMoved) {
		const going = memory.hadLive ? await tablesOf(server, live) : [];
		await moveTables(
			server,
			[
				{ tables: going, from: live, to: old },
				{ tables: coming, from: fresh, to: live },
			],
			`swap the tables of ${live}`,
		);
	}
	point("tables-renamed");
	await server.settle();
	point("tables-moved");
	await server.sql([alterStatement(live, theirs)], `swap the database ${live}`);
	const trusted = memory.rest.trusted ?? false;
	await putObjects(server, live, { ...memory.rest, trusted }, { within, ...told });
	await grantRoutineRights(server, live, memory.routineRights ?? [], warn);
	const grants = (memory.rest.grants ?? []).flatMap(({ grants, ...who }) =>
		grants.map((grant) => grantText(grant, who, live)),
	);
	await grantOrWarn(server, grants, `the privileges on the tables and routines of ${live}`, warn);
	await server.settle();
}

/** What the swap must remember, or what an earlier attempt has stored. */
async function memoryOf(
	server: Server,
	{ fresh, live, rest, memory }: Pick<Swap, "fresh" | "live" | "rest" | "memory">,
): Promise<Memory> {
	if (memory !== null) return v.parse(memorySchema, memory);
	const hadLive = await exists(server, live);
	// What could not be recreated is invalid now, and its definition is kept.
	const { objects, broken } = hadLive
		? await wholeOf(server, live, await objectsOf(server, live))
		: { objects: [], broken: [] };
	const coming =
		rest == null ? await legacyRest(server, { fresh, live, hadLive, rest }) : v.parse(restSchema, rest);
	return {
		rest: coming,
		aside: {
			...{ objects: [...objects], trusted: true },
			...(coming.agreed === true ? { agreed: true } : {}),
			...(broken.length === 0 ? {} : { broken: [...broken] }),
		},
		...(hadLive ? { routineRights: await routineRights(server, live) } : {}),
		hadLive,
		...(hadLive ? {} : { made: null }),
		moved: hadLive ? await tablesOf(server, live) : [],
	};
}

/** Objects of a former live database keep their definers. Objects from an archive are untrusted. */
async function legacyRest(
	server: Server,
	{
		fresh,
		live,
		hadLive,
		rest,
	}: Pick<Swap, "fresh" | "live"> & { readonly hadLive: boolean; readonly rest: null | undefined },
): Promise<Rest> {
	const found = await legacyMemory(server, fresh);
	if (!found) return { objects: [] };
	if (rest === undefined) await requireOwnDefiners(server, live, hadLive, found.rest.objects);
	await forgetLegacy(server, fresh);
	return found.rest;
}

/** After several databases were swapped: create the views that needed another one. */
export async function complete(
	server: Server,
	within: Server,
	{ live, warn, ...of }: Pick<Swap, "live" | "warn"> & Completion,
): Promise<void> {
	const isAside = "aside" in of;
	const { success, output } = v.safeParse(restSchema, isAside ? of.aside : of.rest);
	if (!success) return;
	const trusted = isAside || (output.trusted ?? false);
	await completeViews(server, live, { ...output, trusted }, { within, warn });
}

export async function swapBack(
	server: Server,
	{ fresh, live, old, memory: kept, point = () => {}, ...told }: Parameters<ServerDatabase["swapBack"]>[0],
): Promise<void> {
	if (!(await exists(server, fresh))) return;
	const legacy = kept === undefined ? await legacyMemory(server, fresh) : undefined;
	const memory = kept === undefined ? legacy?.swap : v.parse(v.nullable(memorySchema), kept);
	// Nothing was dropped before this was stored.
	if (!memory) return;
	await withoutSessions(server, live, () =>
		bringBack(server, { fresh, live, old, point, ...told }, memory, legacy),
	);
}

const isEmpty = ({ objects, broken }: Objects) => objects.length + broken.length === 0;

/** Whether the swap has made the live database. If it is not recorded, an empty one is. */
async function isOurs(server: Server, live: string, { made }: Memory): Promise<boolean> {
	if (made !== null) return made !== false;
	return (await tablesOf(server, live)).length === 0 && isEmpty(await objectsOf(server, live));
}

async function bringBack(
	server: Server,
	{ fresh, live, old, point, ...told }: Names,
	memory: Memory,
	legacy: object | undefined,
): Promise<void> {
	// The table in which 0.1.0 stored its data does not belong to the application.
	const tables = async (name: string) =>
		(await tablesOf(server, name)).filter((table) => legacy === undefined || table !== LEGACY);
	const doing = `swap the tables of ${live}`;
	if (!memory.hadLive) {
		if (!(await exists(server, live)) || !(await isOurs(server, live, memory))) return;
		await dropObjects(server, live);
		await moveTables(server, [{ tables: await tables(live), from: live, to: fresh }], doing);
		await server.settle();
		await server.sql([`DROP DATABASE IF EXISTS ${identifier(live)}`], `drop the new ${live}`);
		return;
	}
	await moveDefinitions(server, [live, fresh, old]);
	await dropObjects(server, live);
	await server.settle();
	const aside = (await exists(server, old)) ? await tables(old) : [];
	// Either all tables were moved, or none, or, after a power cut, some. A table in `live` belongs to `fresh` if the
	// old one of that name has been set aside, or if the old database had none of that name.
	const left = new Set(await tables(fresh));
	const olds = new Set(memory.moved);
	const isSwapped = aside.length > 0 || olds.size === 0;
	const fresher = (await tables(live)).filter(
		(table) => !left.has(table) && (aside.includes(table) || !olds.has(table)),
	);
	if (isSwapped)
		await moveTables(
			server,
			[
				{ tables: fresher, from: live, to: fresh },
				{ tables: aside, from: old, to: live },
			],
			doing,
		);
	await server.settle();
	point("tables-back");
	if (await exists(server, old))
		await server.sql(
			[alterStatement(live, await propertiesOf(server, old))],
			`swap the database ${live} back`,
		);
	await putObjects(server, live, memory.aside, told);
	await grantRoutineRights(server, live, memory.routineRights ?? [], told.warn);
	await server.settle();
	point("views-back");
	await server.sql([`DROP DATABASE IF EXISTS ${identifier(old)}`], `clean up after ${live}`);
	if (legacy !== undefined) await forgetLegacy(server, fresh);
}
