// What a swap must know to be taken back, as the journal keeps it. Holdfast 0.1.0 kept it in a table of the database that
// was loaded, where the dump could have put one of its own: that is read as any text from elsewhere.
import * as v from "valibot";
import { identifier, literal } from "./names.ts";
import { objectsIn } from "./objects-text.ts";
import type { Server } from "./server.ts";
import { objectSchema } from "./stored-object.ts";

/** The table of 0.1.0. */
export const LEGACY = "holdfast_swap";

const objects = v.array(objectSchema);

/** What a load leaves for the swap: triggers and events would run beside the live database, and views name other tables. */
export const restSchema = v.object({
	objects,
	/** Of an archive that this machine wrote, or a person trusts. Undefined in journals of before it was known. */
	trusted: v.optional(v.boolean()),
});
export type Rest = v.InferOutput<typeof restSchema>;

export const memorySchema = v.object({
	/** Of the fresh one. */
	rest: restSchema,
	/** Of the live one before the swap. */
	aside: restSchema,
	/** Whether there was a live one. */
	hadLive: v.boolean(),
	/** The live one's tables before the swap. */
	moved: v.array(v.string()),
});
export type Memory = v.InferOutput<typeof memorySchema>;

const oldMemory = v.object({
	own: v.optional(v.string()),
	live: v.optional(v.string(), ""),
	hadLive: v.optional(v.boolean()),
	moved: v.optional(v.array(v.string()), []),
});

/** What 0.1.0 left in this database, and undefined where there is nothing that could be that. */
export async function legacyMemory(
	server: Server,
	database: string,
): Promise<{ readonly rest: Rest; readonly swap?: Memory } | undefined> {
	const doing = `look at the database ${database}`;
	// The table as 0.1.0 made it; anything else of that name is the application's.
	const tables = await server.sql(
		[
			`SELECT 1 FROM information_schema.tables WHERE table_schema = ${literal(database)} AND table_name = ${literal(LEGACY)} AND table_type = 'BASE TABLE' AND engine = 'InnoDB'`,
		],
		doing,
	);
	if (tables.length === 0) return undefined;
	const columns = await server.sql(
		[
			`SELECT column_name, data_type, extra, IFNULL(generation_expression, '') FROM information_schema.columns WHERE table_schema = ${literal(database)} AND table_name = ${literal(LEGACY)} ORDER BY ordinal_position`,
		],
		doing,
	);
	if (columns.map((row) => row.join(" ").trim()).join() !== "id int,memory longtext") return undefined;
	const [row] = await server.sql(
		[`SELECT memory FROM ${identifier(database)}.${identifier(LEGACY)} WHERE id = 1`],
		doing,
	);
	const found = v.safeParse(v.pipe(v.string(), v.parseJson(), oldMemory), row?.[0]);
	if (!found.success) return undefined;
	const { own = "", live, hadLive, moved } = found.output;
	const rest = { objects: objectsIn(Buffer.from(own)) };
	if (hadLive === undefined) return { rest };
	return { rest, swap: { rest, aside: { objects: objectsIn(Buffer.from(live)) }, hadLive, moved } };
}

export async function forgetLegacy(server: Server, database: string): Promise<void> {
	await server.sql(
		[`DROP TABLE IF EXISTS ${identifier(database)}.${identifier(LEGACY)}`],
		`tidy up the database ${database}`,
	);
}
