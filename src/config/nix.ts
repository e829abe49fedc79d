// A machine whose `nix` names a flake: what its configuration declares is taken from there, and what is written beside it
// adds to that. How a flake is evaluated is not ours: whoever loads the config says so.

import { merge } from "../modules/merge.ts";
import { isRecord, recordOf } from "../values/record.ts";

/** As src/host/nix.ts has it. `from`: the config's folder, and whether a flake that lies on this machine must be ours. */
export type Evaluate = (
	reference: string,
	from: { readonly folder: string; readonly isGuarded: boolean },
) => Promise<Evaluated>;

interface Evaluated {
	readonly clan: Record<string, unknown>;
	readonly holdfast: Record<string, unknown> | null;
}

export async function withNix(
	config: unknown,
	evaluate: (reference: string) => Promise<Evaluated>,
): Promise<unknown> {
	if (!isRecord(config) || !isRecord(config.machines)) return config;
	const machines = recordOf<unknown>();
	for (const [name, machine] of Object.entries(config.machines)) {
		if (!isRecord(machine) || typeof machine.nix !== "string") {
			machines[name] = machine;
			continue;
		}
		const { nix, ...rest } = machine;
		const { clan, holdfast } = await evaluate(nix as string);
		machines[name] = merge(
			[
				{ value: rest, by: `machine "${name}"` },
				{ value: { system: "nixos", ...(holdfast ?? { clan }) }, by: String(nix), isDefault: true },
			],
			[],
		);
	}
	return { ...config, machines };
}
