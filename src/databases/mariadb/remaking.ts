// Whether the views, triggers, routines and events of a database can be made again, though nothing is made.
import { isDenied, mayBeBroken } from "./denied.ts";
import { makersOf, requireMaker } from "./maker.ts";
import { identifier } from "./names.ts";
import type { Asked, Server } from "./server.ts";
import { requireStatements } from "./statement.ts";
import { creation, type StoredObject } from "./stored-object.ts";

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
