// What the server says to who may not do something.
import { says } from "./temporary.ts";

/** "Access denied", "you need the SUPER privilege", "invoker of view lacks rights": of what its account may not do. */
const DENIED = /ERROR (1044|1142|1143|1227|1356|1370|1419) /;
/** "View references invalid tables or columns": whether it is broken, or its definer merely may not look, the server tells alike. */
export const mayBeBroken = (error: unknown) => says(error, /ERROR 1356 /) || !isDenied(error);

/**
 * MySQL does not show a view of a JSON_TABLE to those who may not run a function that it uses (ERROR 1235). It evaluates
 * nothing to show one.
 */
export const isNotShown = (error: unknown) => says(error, /ERROR 1235 /);

export const isDenied = (error: unknown) => says(error, DENIED);

export const saysDenied = (line: string) => DENIED.test(line);
