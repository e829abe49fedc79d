// The states of an operation, each after the states in its `after`.

import type { Manifest, State } from "../manifest/schema.ts";
import { HoldfastError } from "../values/error.ts";
import { nearest } from "../values/nearest.ts";

/** All states, or the named ones. States that do not depend on each other keep the manifest's order. */
export function inOrder(manifest: Manifest, services: readonly string[]): [string, State][] {
	requireStates(manifest, services);
	const wanted = new Set(services.length === 0 ? Object.keys(manifest.state) : services);
	if (wanted.size === 0)
		throw new HoldfastError("state-not-found", `machine "${manifest.machine}" declares no state`, {
			subject: manifest.machine,
			hint: "add one under state: in the config",
		});
	const seen = new Set<string>();
	const placed: [string, State][] = [];
	// Not recursive: a chain may be as long as there are states.
	const open = Object.entries(manifest.state)
		.reverse()
		.map(([name, state]) => ({ name, state, next: 0 }));
	for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
		const { name, state } = top;
		if (top.next === 0 && seen.has(name)) {
			open.pop();
			continue;
		}
		seen.add(name);
		const before = state.after[top.next++];
		const waitsFor = before === undefined ? undefined : manifest.state[before];
		if (before === undefined) {
			if (wanted.has(name)) placed.push([name, state]);
			open.pop();
		} else if (waitsFor && !seen.has(before)) open.push({ name: before, state: waitsFor, next: 0 });
	}
	return placed;
}

/** Refuse the name of an unknown state, before anything is looked up, which may take minutes. */
export function requireStates(manifest: Manifest, services: readonly string[]): void {
	for (const service of services) {
		if (Object.hasOwn(manifest.state, service)) continue;
		const known = Object.keys(manifest.state);
		const several = service.split(",").map((one) => one.trim());
		const meant = nearest(service, known);
		throw new HoldfastError("state-not-found", `machine "${manifest.machine}" has no state "${service}"`, {
			subject: service,
			hint:
				several.length > 1 && several.every((one) => known.includes(one))
					? `use one option for each: ${several.map((one) => `--service ${one}`).join(" ")}`
					: meant
						? `did you mean "${meant}"?`
						: `its states are: ${known.join(", ") || "none"}`,
		});
	}
}
