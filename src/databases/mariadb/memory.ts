// What a swap must remember so that it can be undone, as the journal stores it. Holdfast 0.1.0 stored it in a table of
// the loaded database, where the dump could have contained a table of that name, so its content is untrusted input.
import * as v from "valibot";
import { grantSchema } from "./account-text.ts";
import { brokenSchema } from "./broken.ts";
import { identifier, literal } from "./names.ts";
import { objectsIn } from "./objects-text.ts";
import { routineRightSchema } from "./routine-rights.ts";
import type { Server } from "./server.ts";
import { objectSchema } from "./stored-object.ts";

/** The table that 0.1.0 created. */
export const LEGACY = "holdfast_swap";

const objects = v.array(objectSchema);

/**
 * What a load leaves for the swap to create: before the swap, triggers and events would already run, and views would
 * refer to the wrong tables.
 */
export const restSchema = v.object({
	objects,
	/** Those that the server would not create when they were read. */
	broken: v.exactOptional(v.array(brokenSchema)),
	/**
	 * Whether this machine wrote the archive or the user trusts it. Undefined in journals of versions that did not
	 * record this.
	 */
	trusted: v.optional(v.boolean()),
	/** The user trusts it: views that nobody but us can create here may be created with our rights. */
	agreed: v.exactOptional(v.boolean()),
	/** Privileges on single tables and routines, of accounts that the restore has created. */
	grants: v.exactOptional(
		v.array(v.object({ user: v.string(), host: v.string(), grants: v.array(grantSchema) })),
	),
});
export type Rest = v.InferOutput<typeof restSchema>;

export const memorySchema = v.object({
	/** For the fresh database. */
	rest: restSchema,
	/** For the database that was live before the swap. */
	aside: restSchema,
	/** Whether a live database existed. */
	hadLive: v.boolean(),
	/**
	 * Whether the swap has made the live database, if there was none: null until it has, false if somebody else had by then. Undefined
	 * in journals of versions that did not record this.
	 */
	made: v.exactOptional(v.nullable(v.boolean())),
	/** Privileges on single routines of the live database. Undefined in journals of versions that did not record them. */
	routineRights: v.exactOptional(v.array(routineRightSchema)),
	/** The tables of the live database before the swap. */
	moved: v.array(v.string()),
});
export type Memory = v.InferOutput<typeof memorySchema>;

const oldMemory = v.object({
	own: v.optional(v.string()),
	live: v.optional(v.string(), ""),
	hadLive: v.optional(v.boolean()),
	moved: v.optional(v.array(v.string()), []),
});

/** What 0.1.0 stored in this database. Undefined if there is no such table. */
export async function legacyMemory(
	server: Server,
	database: string,
): Promise<{ readonly rest: Rest; readonly swap?: Memory } | undefined> {
	const doing = `read the database ${database}`;
	// Require exactly the table that 0.1.0 created; any other table of that name belongs to the application.
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
		`clean up the database ${database}`,
	);
}
