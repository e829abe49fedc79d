// The kinds of health checks. A new one is a file here and a line in `HEALTH_CHECKS`.
import * as v from "valibot";
import { isOneUser, ONE_USER } from "../values/user-command.ts";
import { command } from "./command.ts";
import type { HealthCheckKind } from "./health-check.ts";
import { http } from "./http.ts";
import { within } from "./options.ts";
import { script } from "./script.ts";
import { sql } from "./sql.ts";
import { sqlite } from "./sqlite.ts";

export const HEALTH_CHECKS = [http, script, command, sql, sqlite] as const;

/** Parses what a user writes into what the manifest holds. */
export const healthCheckSchema = v.pipe(
	v.union(
		HEALTH_CHECKS.map(({ options }) => v.strictObject({ ...options, within })) as Form[],
		`a health check must be ${forms()}`,
	),
	v.check((one) => isOneUser(one), ONE_USER),
);
export type HealthCheck = v.InferOutput<typeof healthCheckSchema>;

type Form<O = (typeof HEALTH_CHECKS)[number]["options"]> = O extends v.ObjectEntries
	? v.StrictObjectSchema<O & { readonly within: typeof within }, undefined>
	: never;

function forms(): string {
	const all = HEALTH_CHECKS.map(({ options }) => formOf(options));
	return `${all.slice(0, -1).join(", ")} or ${all.at(-1)}`;
}

/** `{ sql, database }`: the required keys. */
function formOf(options: v.ObjectEntries): string {
	const needed = Object.entries(options).filter(([, { type }]) => type !== "optional");
	return `{ ${needed.map(([key]) => key).join(", ")} }`;
}

/** The kind of a check. */
export function healthCheckKind(check: HealthCheck): HealthCheckKind {
	const found = HEALTH_CHECKS.find(({ key }) => key in check);
	if (found === undefined) throw new Error(`unknown health check: ${Object.keys(check).join(", ")}`);
	return found;
}
