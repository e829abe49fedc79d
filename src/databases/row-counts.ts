// Limits on counting rows.
import { HoldfastError } from "../values/error.ts";
import type { RowCounts } from "./database.ts";

/** Count rows in at most this many tables: a dump from elsewhere may name any number. */
const MAX_TABLES = 100_000;

export function requireFew({ size }: RowCounts): void {
	if (size > MAX_TABLES)
		throw new HoldfastError(
			"database-failed",
			`its rows were not counted: it has more than ${MAX_TABLES} tables`,
		);
}
