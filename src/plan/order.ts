// The states of an operation, each after those it names in `after`.
import { HoldfastError } from "../manifest/error.ts";
import type { Manifest, State } from "../manifest/schema.ts";

/** All states, or the named ones. Between states that do not wait for each other, the manifest's order stays. */
export function inOrder(manifest: Manifest, services: readonly string[]): [string, State][] {
	for (const service of services) {
		if (service in manifest.state) continue;
		throw new HoldfastError("usage", `machine "${manifest.machine}" has no state "${service}"`, {
			hint: `its states are: ${Object.keys(manifest.state).join(", ") || "none"}`,
		});
	}
	const wanted = new Set(services.length === 0 ? Object.keys(manifest.state) : services);
	if (wanted.size === 0)
		throw new HoldfastError("usage", `machine "${manifest.machine}" declares no state`, {
			hint: "add one under state: in the config",
		});
	const placed = new Map<string, State>();
	const place = (name: string) => {
		const state = manifest.state[name];
		if (!state || placed.has(name)) return;
		for (const before of state.after) place(before);
		if (wanted.has(name)) placed.set(name, state);
	};
	for (const name of Object.keys(manifest.state)) place(name);
	return [...placed];
}
