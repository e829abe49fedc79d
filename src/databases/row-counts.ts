// How many rows are counted.
import { HoldfastError } from "../values/error.ts";
import type { RowCounts } from "./database.ts";

/** Tables whose rows are counted: a dump of anybody's may name as many as it likes. */
const MOST_TABLES = 100_000;

export function requireFew({ size }: RowCounts): void {
	if (size > MOST_TABLES)
		throw new HoldfastError(
			"database-failed",
			`its tables are not counted: there are more than ${MOST_TABLES}`,
		);
}
