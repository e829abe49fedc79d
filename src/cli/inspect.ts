// holdfast validate, manifest, schema: look at the config without touching the machine.
import { buildCommand } from "@stricli/core";
import { loadConfig } from "../config/load.ts";
import {
	type CommonFlags,
	commonFlags,
	evaluate,
	guard,
	loadMachine,
	machineWord,
	switchFlag,
} from "./flags.ts";

export const validate = buildCommand({
	docs: { brief: "check the config; its faults are shown with their lines" },
	parameters: { flags: commonFlags, positional: { kind: "tuple", parameters: [] } },
	func: (flags: CommonFlags) =>
		guard(flags, async () => {
			const { file, machines } = await loadConfig(flags.config, evaluate);
			if (!flags.quiet)
				process.stdout.write(`${file} is valid: ${[...machines.keys()].join(", ") || "no machine"}\n`);
			return 0;
		}),
});

export const manifest = buildCommand({
	docs: { brief: "print a machine's manifest: what the runtime reads" },
	parameters: {
		flags: commonFlags,
		positional: {
			kind: "tuple",
			parameters: [machineWord],
		},
	},
	func: (flags: CommonFlags, machine?: string) =>
		guard(flags, async () => {
			process.stdout.write(`${JSON.stringify(await loadMachine(flags, machine), null, 2)}\n`);
			return 0;
		}),
});

export const schema = buildCommand({
	docs: { brief: "print the JSON Schema of the config, for editors" },
	parameters: {
		flags: {
			...commonFlags,
			manifest: switchFlag("of the manifest instead"),
		},
		positional: { kind: "tuple", parameters: [] },
	},
	func: (flags: CommonFlags & { readonly manifest: boolean }) =>
		guard(flags, async () => {
			const { configJsonSchema, manifestJsonSchema } = await import("../config/json-schema.ts");
			const json = flags.manifest ? manifestJsonSchema() : configJsonSchema();
			process.stdout.write(`${JSON.stringify(json, null, 2)}\n`);
			return 0;
		}),
});
