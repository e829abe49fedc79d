// What is valid in a manifest, and probably not what was meant.
import { engineOf } from "../engines/list.ts";
import type { Manifest } from "./schema.ts";

/** A line for each. */
export function warningsOn({ machine, providers }: Pick<Manifest, "machine" | "providers">): string[] {
	return Object.entries(providers).flatMap(([provider, options]) =>
		(engineOf(options).warningsOn?.(options) ?? []).map(
			(warning) => `provider "${provider}" of "${machine}": ${warning}`,
		),
	);
}

/**
 * Why nothing of a machine is backed up. One that keeps the repositories of others needs no state of its own. An empty
 * `state` alone is no sign that it is meant so: `init` and programs that write configs leave it where they found nothing.
 */
export function unprotected({
	state,
	providers,
	borgServer,
	stateless = false,
}: Pick<Manifest, "state" | "providers" | "borgServer" | "stateless">): string[] {
	if (Object.keys(state).length === 0)
		return borgServer !== undefined || stateless
			? []
			: [
					"nothing is protected: the config declares no state of this machine (add one under `state` or `services`, or `stateless: true` if it has none)",
				];
	if (Object.keys(providers).length === 0)
		return ["nothing is protected: the config names no place for archives (add one under `providers`)"];
	return [];
}

/** What is said of a machine that declares it, in place of a list of its archives. */
export const nothingToBackUp = (machine: string) => `${machine} is stateless: nothing to back up`;

/** Where archives are kept for ever, and neither a retention nor `schedule: { prune: false }` says how long; at most one line. */
export function keptForEver({
	state,
	providers,
	schedule,
}: Pick<Manifest, "state" | "providers" | "schedule">): string[] {
	const names = Object.entries(providers)
		.filter(
			([, options]) => !engineOf(options).limitsItself && !("retention" in options && options.retention),
		)
		.map(([name]) => name);
	if (names.length === 0 || schedule?.prune === false || Object.keys(state).length === 0) return [];
	return [
		`archives in ${names.join(", ")} are kept for ever, until the disk is full: set a retention there, such as { daily: 7, weekly: 4, monthly: 6 }; or, if that is meant, schedule: { prune: false }`,
	];
}
