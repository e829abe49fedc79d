// What a user may write. The same fields as the manifest, with short forms; resolve.ts turns one into the other.
import * as v from "valibot";
import { machineFields, maxAgeInputSchema, scheduleInputSchema } from "../manifest/machine.ts";
import { ENGINES, providerSchema } from "../manifest/providers.ts";
import { userStateSchema } from "../modules/state.ts";
import * as f from "../values/fields.ts";
import { isRecord, record } from "../values/record.ts";

export const machineSchema = v.strictObject({
	...machineFields,
	schedule: v.optional(scheduleInputSchema),
	maxAge: v.optional(maxAgeInputSchema),
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
	// Becomes states and providers before this schema is used.
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
	state: v.optional(record(f.name, userStateSchema)),
	// One whose name is an engine's needs no type: `withEngineNames` fills it in before this schema is used.
	providers: v.optional(record(f.name, providerSchema)),
});

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
export type Config = v.InferOutput<typeof configSchema>;

/** Fill in what may be left out before the schema looks: a provider's type where its name is an engine's. */
export function withEngineNames(value: unknown): unknown {
	const inMachines = (all: unknown, key: string) =>
		mapAt(all, key, (machineValue) =>
			mapAt(machineValue, "providers", (providerValue, name) =>
				isRecord(providerValue) && !("type" in providerValue) && (ENGINES as readonly string[]).includes(name)
					? { type: name, ...providerValue }
					: providerValue,
			),
		);
	return inMachines(inMachines(value, "machines"), "tags");
}

function mapAt(value: unknown, key: string, change: (item: unknown, name: string) => unknown): unknown {
	if (!isRecord(value) || !isRecord(value[key])) return value;
	return {
		...value,
		[key]: Object.fromEntries(Object.entries(value[key]).map(([name, item]) => [name, change(item, name)])),
	};
}
