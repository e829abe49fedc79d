// The schema of the config. The fields of machines and states are in src/manifest, whose output is the manifest.
import * as v from "valibot";
import { providerSchema } from "../engines/list.ts";
import { machineFields } from "../manifest/machine.ts";
import { type State, type StateInput, stateSchema } from "../manifest/state.ts";
import * as f from "../values/fields.ts";
import { record } from "../values/record.ts";

/** A state in the config, which may also override what a module yields. */
export const userStateSchema = v.pipe(
	v.strictObject({
		...stateSchema.entries,
		replace: v.pipe(
			v.optional(v.array(v.picklist(Object.keys(stateSchema.entries) as (keyof StateInput)[]))),
			v.description(
				"fields in which this takes the place of what a module declares, where it would be added",
			),
		),
	}),
	v.transform(({ replace: _, ...state }): State => state),
);

/** Keys of a machine that are not part of its manifest. */
const onlyWritten = {
	system: v.pipe(
		v.optional(v.picklist(["debian", "nixos"])),
		v.description("whose names units, users and folders have, for modules (default debian)"),
	),
	nix: v.pipe(
		v.optional(v.pipe(v.string(), v.regex(/^[^#]+#[^#]+$/, "write FLAKE#MACHINE, such as .#web01"))),
		v.description(
			"a flake and the machine in it, evaluated with Nix each time that it has changed: FLAKE#MACHINE",
		),
	),
	clan: v.pipe(
		v.optional(v.looseObject({})),
		v.description(
			"what Clan declares of the machine, as Nix prints it: { state, providers, borgbackup: { jobs }, localbackup: { targets, snapshots } }",
		),
	),
	services: v.pipe(
		v.optional(record(f.name, v.nullable(v.looseObject({})))),
		v.description("applications by their module; see `holdfast modules`"),
	),
};

const machineInput = v.strictObject({
	...machineFields,
	...onlyWritten,
	state: v.optional(record(f.name, userStateSchema), {}),
	// A provider named after an engine needs no type: a pass adds it before this schema is applied.
	providers: v.optional(record(f.name, providerSchema), {}),
});
type MachineOutput = v.InferOutput<typeof machineInput>;
/** A machine after the passes; outputs its part of the manifest. */
export const machineSchema = v.pipe(
	machineInput,
	v.transform((machine): Omit<MachineOutput, keyof typeof onlyWritten> => {
		const rest = { ...machine };
		for (const key of Object.keys(onlyWritten) as (keyof typeof onlyWritten)[]) delete rest[key];
		return rest;
	}),
);
export type Machine = v.InferOutput<typeof machineSchema>;

export const configSchema = v.strictObject({
	modules: v.pipe(
		v.optional(v.array(v.pipe(v.string(), v.endsWith(".ts", "a module is a .ts file")))),
		v.description("files with modules of your own, relative to the config"),
	),
	sshConfig: v.pipe(
		v.optional(f.text),
		v.description(
			"the file that ssh reads instead of ~/.ssh/config, relative to this one; HOLDFAST_SSH_CONFIG names another",
		),
	),
	secrets: v.pipe(
		v.optional(
			v.strictObject({
				folder: v.pipe(
					v.optional(f.text),
					v.description("files encrypted with age, relative to the config (default secrets)"),
				),
				identity: v.pipe(
					v.optional(f.text),
					v.description(
						"file of the age identities that open them, made on first use (default ~/.config/holdfast/age.key)",
					),
				),
				get: v.pipe(
					v.optional(f.argv),
					v.description(
						"in place of both: a command that prints a secret; its name, like web01/borg, is added as last argument; exit code 1 means unknown",
					),
				),
				set: v.pipe(
					v.optional(f.argv),
					v.description("a command that keeps the secret on its standard input"),
				),
			}),
		),
		v.check(
			(secrets) => (secrets?.get === undefined) === (secrets?.set === undefined),
			"get and set go together",
		),
		v.description("where passphrases and keys are kept that `holdfast deploy` makes"),
	),
	tags: v.pipe(
		v.optional(record(f.name, machineSchema)),
		v.description("options of every machine with this tag; what the machine itself says counts more"),
	),
	machines: record(f.name, machineSchema),
});
/** The config as written. */
export type Config = v.InferInput<typeof configSchema>;

/** The config without the content of its machines, which are validated one by one. */
export const settingsSchema = v.strictObject({
	...configSchema.entries,
	tags: v.optional(record(f.name, v.looseObject({})), {}),
	machines: record(f.name, v.unknown()),
});
export type Settings = v.InferOutput<typeof settingsSchema>;
