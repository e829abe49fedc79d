// A machine whose `nix` names a flake: what its configuration declares is taken from there, and what is written beside it
// adds to that. How a flake is evaluated is not ours: whoever loads the config says so.

import { merge } from "../modules/merge.ts";
import { originsOf } from "../values/origin.ts";
import { mergedSchema } from "./merged.ts";
import type { Pass, Written } from "./pass.ts";

export const withNix: Pass = async (machine, { name, evaluate, modules }) => {
	if (evaluate === undefined || typeof machine.nix !== "string") return { machine };
	const { nix, ...rest } = machine;
	const { clan, holdfast } = await evaluate(machine.nix);
	const found = { system: "nixos", ...(holdfast ?? { clan }) };
	const merged = merge(
		[
			{ value: rest, by: `machine "${name}"` },
			{
				value: found,
				by: machine.nix,
				isDefault: true,
				origin: originsOf(machine)?.nix,
			},
		],
		[],
		await mergedSchema([rest, found], modules),
	);
	return { machine: merged as Written };
};
