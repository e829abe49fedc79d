// What PostgreSQL knows: its manual's list of CREATE, ALTER, GRANT and COMMENT statements ("SQL Commands"), and the
// columns of its system catalogs. Each row's SQL runs as the superuser in the database `app`, in this order.
import { OUTSIDE, PROPERTIES, ROLES } from "./postgresql/around.ts";
import { LATER } from "./postgresql/later.ts";
import { ROUTINES, TYPES } from "./postgresql/programs.ts";
import { SCHEMAS, TABLES, VIEWS } from "./postgresql/relations.ts";
import type { Row } from "./row.ts";

export const POSTGRESQL: readonly Row[] = [
	...ROLES,
	...SCHEMAS,
	...TABLES,
	...TYPES,
	...ROUTINES,
	...VIEWS,
	...OUTSIDE,
	...LATER,
	// Its settings act on all that is done in it afterwards.
	...PROPERTIES,
];
