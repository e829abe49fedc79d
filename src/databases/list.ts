// All kinds of databases. To add one, create a folder and add a line here. If a query names a database but not its
// kind, they are tried in this order.
import { command } from "./command/definition.ts";
import { mariadb } from "./mariadb/definition.ts";
import { postgresql } from "./postgresql/definition.ts";
import { redis } from "./redis/definition.ts";
import { sqlite } from "./sqlite/definition.ts";

export const DATABASES = [postgresql, mariadb, sqlite, redis, command] as const;
