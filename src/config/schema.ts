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
			v.description("fields that replace those declared by a module, instead of being added to them"),
		),
	}),
	v.transform(({ replace: _, ...state }): State => state),
);

/** Keys of a machine that are not part of its manifest. */
const onlyWritten = {
	system: v.pipe(
		v.optional(v.picklist(["debian", "nixos"])),
		v.description("distribution whose names for units, users and folders the modules use (default debian)"),
	),
	nix: v.pipe(
		v.optional(v.pipe(v.string(), v.regex(/^[^#]+#[^#]+$/, "write FLAKE#MACHINE, such as .#web01"))),
		v.description("a flake and a machine in it (FLAKE#MACHINE), evaluated with Nix whenever it has changed"),
	),
	clan: v.pipe(
		v.optional(v.looseObject({})),
		v.description(
			"the machine's declarations in Clan, as printed by Nix: { state, providers, borgbackup: { jobs }, localbackup: { targets, snapshots } }",
		),
	),
	services: v.pipe(
		v.optional(record(f.name, v.nullable(v.looseObject({})))),
		v.description("applications, by the name of their module; see `holdfast modules`"),
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
		v.description("files with your own modules, relative to the config"),
	),
	sshConfig: v.pipe(
		v.optional(f.text),
		v.description(
			"the file that ssh reads instead of ~/.ssh/config, relative to this config; HOLDFAST_SSH_CONFIG overrides it",
		),
	),
	secrets: v.pipe(
		v.optional(
			v.strictObject({
				folder: v.pipe(
					v.optional(f.text),
					v.description("folder of the files encrypted with age, relative to the config (default secrets)"),
				),
				identity: v.pipe(
					v.optional(f.text),
					v.description(
						"file with the age identities that decrypt them, created on first use (default ~/.config/holdfast/age.key)",
					),
				),
				get: v.pipe(
					v.optional(f.argv),
					v.description(
						"instead of both: a command that prints a secret; the secret's name, such as web01/borg, is passed as the last argument; exit code 1 means that there is no such secret",
					),
				),
				set: v.pipe(
					v.optional(f.argv),
					v.description(
						"a command that stores the secret that it reads from standard input; the name is passed as the last argument",
					),
				),
			}),
		),
		v.check(
			(secrets) => (secrets?.get === undefined) === (secrets?.set === undefined),
			"set both get and set, or neither",
		),
		v.description("where passphrases and keys created by `holdfast deploy` are stored"),
	),
	tags: v.pipe(
		v.optional(record(f.name, machineSchema)),
		v.description("options for all machines with this tag; the machine's own options take precedence"),
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
