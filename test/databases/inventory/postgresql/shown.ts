// Queries that show what the catalogs say of one thing.
export const relation = (
	name: string,
	what = "relkind, relpersistence, pg_get_userbyid(relowner), reloptions",
) => `SELECT ${what} FROM pg_class WHERE oid = '${name}'::regclass`;
export const columns = (name: string, what = "format_type(atttypid, atttypmod), attnotnull") =>
	`SELECT attname, ${what} FROM pg_attribute WHERE attrelid = '${name}'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`;
export const constraints = (name: string) =>
	`SELECT conname, contype, convalidated, condeferrable, condeferred, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = '${name}'::regclass ORDER BY 1`;
export const index = (name: string) =>
	`SELECT pg_get_indexdef('${name}'::regclass), indisunique, indisprimary, indisclustered, indisreplident, (SELECT reloptions FROM pg_class WHERE oid = indexrelid) FROM pg_index WHERE indexrelid = '${name}'::regclass`;
export const routine = (name: string) =>
	`SELECT pg_get_functiondef(oid), pg_get_userbyid(proowner), proacl FROM pg_proc WHERE proname = '${name}' ORDER BY 1`;
export const view = (name: string) =>
	`SELECT pg_get_viewdef('${name}'::regclass), reloptions, pg_get_userbyid(relowner) FROM pg_class WHERE oid = '${name}'::regclass`;
export const comment = (of: string) => `SELECT obj_description(${of})`;
