// Recognise the server's errors about missing rights.
import type { HoldfastError } from "../../values/error.ts";
import { says } from "./temporary.ts";

/** "Access denied", "you need the SUPER privilege", "invoker of view lacks rights": the account lacks a right. */
const DENIED = /^ERROR (1044|1142|1143|1227|1356|1370|1419) \(/;
/**
 * "View references invalid tables or columns" has two possible causes: the view is broken, or its definer lacks rights.
 */
export const mayBeBroken = (error: unknown) => says(error, /^ERROR 1356 \(/) || !isDenied(error);

/**
 * MySQL does not show a view that uses JSON_TABLE to an account that may not run a function in it (ERROR 1235). Showing
 * a view evaluates nothing.
 */
export const isNotShown = (error: unknown) => says(error, /^ERROR 1235 \(/);

export const isDenied = (error: unknown): error is HoldfastError => says(error, DENIED);

export const saysDenied = (line: string) => DENIED.test(line);

/** The error about missing rights, in one line. */
export const denialOf = (error: unknown) => (isDenied(error) ? error.details.find(saysDenied) : undefined);
