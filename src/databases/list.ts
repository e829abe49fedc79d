// Every kind of database. A new one is a folder, and a line here. Which comes first is asked first, where a question names
// a database and does not say of which kind it is.
import { mariadb } from "./mariadb/definition.ts";
import { postgresql } from "./postgresql/definition.ts";
import { redis } from "./redis/definition.ts";
import { sqlite } from "./sqlite/definition.ts";

export const DATABASES = [postgresql, mariadb, sqlite, redis] as const;
