// Check, without creating anything, whether the views, triggers, routines and events of a database can be recreated.
import type { HeldDump } from "../database.ts";
import { brokenOf, sift } from "./broken.ts";
import { isDenied, mayBeBroken } from "./denied.ts";
import { makersOf, requireMaker } from "./maker.ts";
import { identifier } from "./names.ts";
import { type Objects, viewsOf } from "./objects.ts";
import type { Asked, Server } from "./server.ts";
import { requireStatements } from "./statement.ts";
import { creation, type StoredObject } from "./stored-object.ts";
import { withGoneColumns } from "./trigger-columns.ts";

/**
 * Tell apart what could be recreated and what could not: a view refers to something that no longer exists, or the server does not
 * parse the text of a definition as one statement. Creates nothing.
 */
export async function wholeOf(
	server: Server,
	database: string,
	{ objects, broken }: Objects,
): Promise<Objects> {
	const makers = await makersOf(server, database, objects);
	const doing = `dump the views of ${database}`;
	const fields = ({ name }: StoredObject) => `SHOW FIELDS FROM ${identifier(database)}.${identifier(name)}`;
	const look = (one: StoredObject) =>
		makers.maker.sql([fields(one)], doing).catch(async (error: unknown) => {
			if (!isDenied(error)) throw error;
			// The view may refer to other databases. If its definer is denied as well, what it refers to does exist.
			const like = await makers.like(one.definer);
			// Never with our rights: the server runs functions of the view to tell its fields.
			if (like === makers.ourselves) {
				if (mayBeBroken(error)) throw error;
				return;
			}
			await like.sql([fields(one)], doing).catch((error: unknown) => {
				if (mayBeBroken(error)) throw error;
			});
		});
	const check = async (some: readonly StoredObject[]) => {
		const views = some.filter(isView);
		if (views.length > 0)
			await makers.maker.sql(views.map(fields), doing).catch(async (error: unknown) => {
				if (!isDenied(error)) throw error;
				for (const one of views) await look(one);
			});
		await requireRead(makers.maker, database, some);
		return some;
	};
	try {
		const { good, bad } = await sift(objects, check);
		const gone = await withGoneColumns(makers.maker, database, good);
		return {
			objects: good.filter((one) => !gone.has(one)),
			broken: [
				...broken,
				...bad.map(({ one, why }) => brokenOf(one, why, { object: one })),
				...[...gone].map(([one, column]) =>
					brokenOf(one, `its table has no column ${column}`, { object: one }),
				),
			],
		};
	} finally {
		await makers.release();
	}
}

const isView = ({ kind }: StoredObject) => kind === "VIEW";

/**
 * Throws for a definition that the server does not parse as one statement, or that no account could create here. An undo creates the
 * views of the live database again.
 */
export async function requireReadable(
	server: Server,
	live: string,
	database: string,
	objects: readonly StoredObject[],
	trust: HeldDump["trust"],
): Promise<void> {
	const living = trust === "agreed" ? [] : await viewsOf(server, live);
	const makers = await makersOf(server, database, [...objects, ...living]);
	const trusted = trust !== "none";
	try {
		if (trust !== "agreed") await requireMaker(server, live, makers, [...objects, ...living], trusted);
		// Views and package bodies depend on other objects and are left for the swap. Check the rest before anything is
		// stopped.
		const alone = objects.filter(({ kind }) => kind !== "VIEW" && kind !== "PACKAGE BODY");
		await requireRead(makers.maker, database, alone);
		if (!trusted) {
			const views = objects.filter(isView);
			await requireRead(makers.maker, database, views, false);
		}
	} finally {
		await makers.release();
	}
}

/** Also covers definitions that the maker may not create: the server parses them before it denies them. */
async function requireRead(
	maker: Asked,
	database: string,
	objects: readonly StoredObject[],
	alone?: boolean,
): Promise<void> {
	await requireStatements(
		maker,
		database,
		objects.map((one) => ({ sqlMode: one.sqlMode, statement: creation(one) })),
		alone,
	);
}
