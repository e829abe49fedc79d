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
