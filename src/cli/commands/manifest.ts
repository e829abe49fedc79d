// holdfast validate, manifest, schema: look at the config without touching the machine.
import { buildCommand } from "@stricli/core";
import { loadConfig } from "../../config/load.ts";
import { print, printJson } from "../../report/terminal.ts";
import {
	type CommonFlags,
	commonFlags,
	guard,
	loading,
	loadMachine,
	machineWord,
	switchFlag,
} from "../flags.ts";

export const validate = buildCommand({
	docs: {
		brief: "check the config; its faults are shown with their lines",
		fullDescription:
			"Every machine is checked, and all that is wrong is shown at once. Other commands check the machines that they are for, so that a mistake in one machine does not keep another from its backup.\n\nExamples:\n  holdfast validate\n  holdfast validate --config ./holdfast.yaml",
	},
	parameters: { flags: commonFlags, positional: { kind: "tuple", parameters: [] } },
	func: (flags: CommonFlags) =>
		guard(flags, async () => {
			const { file, names, resolve } = await loadConfig(flags.config, { ...loading, purpose: "look" });
			await resolve();
			if (flags.json) printJson({ file, machines: names }, 2);
			else if (!flags.quiet) print(`${file} is valid: ${names.join(", ") || "no machine"}`);
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
			printJson(await loadMachine(flags, machine), 2);
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
			const { configJsonSchema, manifestJsonSchema } = await import("../../config/json-schema.ts");
			printJson(flags.manifest ? manifestJsonSchema() : configJsonSchema(), 2);
			return 0;
		}),
});
