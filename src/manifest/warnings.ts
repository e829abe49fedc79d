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
