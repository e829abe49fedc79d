// What a swap must know to be taken back, kept in the server itself: one row in a table of the database that is
// loaded beside the live one, written before anything is changed.

import { identifier, literal } from "./names.ts";
import type { Server } from "./server.ts";

/** The table; no application has one of that name. */
export const TABLE = "holdfast_swap";

export interface Memory {
	/** SQL of the views, triggers, routines and events that belong to this database. */
	readonly own: string | undefined;
	/** Of the live one before the swap. */
	readonly live?: string;
	/** Whether there was a live one; undefined until a swap begins. */
	readonly hadLive?: boolean;
	/** The live one's tables before the swap. */
	readonly moved?: readonly string[];
}

export async function remember(server: Server, database: string, memory: Memory): Promise<void> {
	const table = `${identifier(database)}.${identifier(TABLE)}`;
	await server.sql(
		[
			`CREATE TABLE IF NOT EXISTS ${table} (id INT PRIMARY KEY, memory LONGTEXT CHARACTER SET utf8mb4) ENGINE=InnoDB`,
			`REPLACE INTO ${table} VALUES (1, ${literal(JSON.stringify(memory))})`,
		],
		`keep what a swap of ${database} needs`,
	);
}

export async function remembered(server: Server, database: string): Promise<Memory> {
	const there = await server.sql(
		[
			`SELECT 1 FROM information_schema.tables WHERE table_schema = ${literal(database)} AND table_name = ${literal(TABLE)}`,
		],
		`look at the database ${database}`,
	);
	if (there.length === 0) return { own: undefined };
	const [row] = await server.sql(
		[`SELECT memory FROM ${identifier(database)}.${identifier(TABLE)} WHERE id = 1`],
		`look at the database ${database}`,
	);
	return row?.[0] === undefined ? { own: undefined } : (JSON.parse(row[0]) as Memory);
}
