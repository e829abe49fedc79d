// For a machine whose `nix` names a flake, takes the declarations from its NixOS configuration and adds the machine's own. The
// caller that loads the config provides the function that evaluates the flake.

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
