// From a config file to manifests: find → read → passes → schema → meaning → manifest. Starts nothing and reads nothing else. A
// machine is processed when it is requested, so that a command for one of many machines pays only for that one. All faults of
// the requested machines are reported together.
import { homedir } from "node:os";
import { basename, dirname, join, resolve as resolvePath } from "node:path";
import * as v from "valibot";
import { type Fault, faultsIn } from "../manifest/faults.ts";
import { LOCAL_HOSTS } from "../manifest/machine.ts";
import { withCurrentKeys } from "../manifest/old-keys.ts";
import { type Manifest, manifestSchema } from "../manifest/schema.ts";
import { originAt } from "../values/origin.ts";
import { isRecord, recordOf } from "../values/record.ts";
import { withClan } from "./clan.ts";
import { withEngineNames } from "./engine-names.ts";
import { configError, headlinesOf, remarksOn } from "./faults.ts";
import { type Found, findConfig, type LoadOptions } from "./find.ts";
import { meaningFaults, type Sound } from "./meaning.ts";
import { withNix } from "./nix.ts";
import type { Around, Pass, Written } from "./pass.ts";
import { codeOf, readSource, shownAs } from "./read.ts";
import { resolveMachine } from "./resolve.ts";
import { configSchema, type Machine, machineSchema, type Settings, settingsSchema } from "./schema.ts";
import { withServers } from "./servers.ts";
import { modulesOf, withServices } from "./services.ts";
import { withTags } from "./tags.ts";
import { withoutFaulty } from "./tolerance.ts";
import { writtenPlaces } from "./written-places.ts";

/** Passes that complete a machine's own declarations: from its flake, its tags and Clan. */
const DECLARING: readonly Pass[] = [withNix, withTags, withClan, withEngineNames];
/** Passes that derive from these, and from the declarations of other machines. */
const FOLLOWING: readonly Pass[] = [withServers, withServices];

/** Where the secrets that a deploy creates are stored. Paths are absolute. */
export interface SecretSettings {
	readonly folder: string;
	readonly identity: string;
	readonly get?: readonly string[] | undefined;
	readonly set?: readonly string[] | undefined;
}

export interface Loaded {
	readonly file: string;
	readonly secrets: SecretSettings;
	/** The config file for ssh, instead of its default; absolute. */
	readonly sshConfig?: string;
	/** Of all machines, in the file's order. */
	readonly names: readonly string[];
	/** The tags of a machine. Does not validate the rest of it. */
	tagsOf(name: string): Promise<readonly string[]>;
	/** Whether nothing of a machine has to be backed up. Does not validate the rest of it. */
	isStateless(name: string): Promise<boolean>;
	/** The providers and destinations of a machine by name, as the file has them: without what is derived. */
	placesWritten(name: string): readonly string[];
	/** Manifests by name, of all machines or of those named. Throws one error with all faults of these machines only. */
	resolve(names?: readonly string[]): Promise<ReadonlyMap<string, Manifest>>;
}

export async function loadConfig(given?: string, options: LoadOptions = {}): Promise<Loaded> {
	const found = findConfig(given, options);
	const value = await readSource(found, options);
	if (isManifest(value)) return loadManifest(found.file, value);
	const config = configOf(value, found, options);
	const faults = [...config.faults];
	const resolve = async (names = config.names) => {
		const manifests = new Map<string, Manifest>();
		const tolerated: Fault[] = [];
		for (const name of names) {
			const { manifest, faults: own } = await resolved(name, config, options.tolerates);
			if (manifest) manifests.set(name, manifest);
			if (manifest && options.tolerated && own.length > 0)
				options.tolerated(name, headlinesOf(shownAs(found.file), own));
			if (manifest) tolerated.push(...own);
			else faults.push(...own);
		}
		if (faults.length > 0) throw configError(shownAs(found.file), [...faults, ...tolerated]);
		if (options.tolerated === undefined)
			for (const line of remarksOn(shownAs(found.file), tolerated)) options.remark?.(line);
		return manifests;
	};
	// Every command reports the faults of the file itself along with the others.
	if (faults.length > 0) await resolve();
	const { secrets, sshConfig } = config.settings;
	return {
		file: found.file,
		secrets: secretsOf(found.file, secrets),
		...(sshConfig === undefined ? {} : { sshConfig: resolvePath(dirname(found.file), sshConfig) }),
		names: config.names,
		tagsOf: async (name) => textsIn((await config.declared(name))?.machine.tags),
		isStateless: async (name) => (await config.declared(name))?.machine.stateless === true,
		placesWritten: (name) => writtenPlaces(value, name),
		resolve,
	};
}

/** Every machine of a config. */
export async function loadMachines(given?: string, options?: LoadOptions) {
	return (await loadConfig(given, options)).resolve();
}

/** The available modules, and those that each machine uses. */
export async function readServices(found: Found, { purpose }: Pick<LoadOptions, "purpose">) {
	const options: LoadOptions = purpose === undefined ? {} : { purpose };
	const config = configOf(await readSource(found, options), found, options);
	if (config.faults.length > 0) throw configError(shownAs(found.file), config.faults);
	const machines = [];
	for (const name of config.names) {
		const { services, system } = (await config.declared(name))?.machine ?? {};
		machines.push({ machine: name, nixos: system === "nixos", services: isRecord(services) ? services : {} });
	}
	return { machines, modules: await config.modules() };
}

/** The machines of a config that is in no file. Throws one error with all its faults; `from`, its source, and `hint` are for the message. */
export async function machinesIn(value: unknown, from: string, hint?: string): Promise<Manifest[]> {
	const config = configOf(value, { file: from, isNamed: false, guards: { data: false, code: false } }, {});
	const all = [];
	for (const name of config.names) all.push(await resolved(name, config));
	const faults = [...config.faults, ...all.flatMap((one) => one.faults)];
	if (faults.length > 0) throw configError(from, faults, hint);
	return all.flatMap(({ manifest }) => manifest ?? []);
}

interface Declared {
	readonly machine: Written;
	readonly faults: readonly Fault[];
}

type WholeConfig = ReturnType<typeof configOf>;

/** A config after reading: its settings, and its machines as declared. */
function configOf(value: unknown, found: Found, options: LoadOptions) {
	if (Array.isArray(value))
		throw configError(shownAs(found.file), [{ path: [], message: NOT_A_LIST, origin: originAt(value, [0]) }]);
	const { output, issues = [] } = v.safeParse(settingsSchema, value);
	const settings = output as Settings;
	const machines = isRecord(value) && isRecord(value.machines) ? value.machines : {};
	const names = Object.keys(machines);
	const faults = faultsIn(settingsSchema, issues, MACHINES).map((fault) => withOrigin(fault, value));
	const from = { folder: dirname(found.file), isGuarded: found.guards.code };
	const { evaluate } = options;
	let modules: ReturnType<typeof modulesOf> | undefined;
	const declaredOf = new Map<string, Promise<Declared | undefined>>();
	const around = (name: string): Around => ({
		name,
		names,
		tags: isRecord(value) && isRecord(value.tags) ? value.tags : {},
		file: basename(found.file),
		declared: async (other) => (await declared(other))?.machine,
		evaluate: evaluate && ((reference) => evaluate(reference, from)),
		modules: () => (modules ??= modulesOf(settings, codeOf(found, options))),
	});
	async function declared(name: string): Promise<Declared | undefined> {
		const known = declaredOf.get(name);
		if (known) return known;
		const machine = Object.hasOwn(machines, name) ? machines[name] : undefined;
		const passed = isRecord(machine) ? pass(DECLARING, machine, around(name)) : Promise.resolve(undefined);
		declaredOf.set(name, passed);
		return passed;
	}
	const hosts = Map.groupBy(names, (name) => hostOf(machines[name]));
	return { value, settings, machines, names, faults, around, declared, hosts, modules: around("").modules };
}

/** Where a key of the whole config may belong instead: in a machine, rather than in a tag. */
const MACHINES = v.object({ machines: configSchema.entries.machines });

const NOT_A_LIST = 'a config must be a map with the key "machines", not a list';

async function pass(passes: readonly Pass[], machine: Written, around: Around): Promise<Declared> {
	let here = machine;
	const faults: Fault[] = [];
	for (const one of passes) {
		const passed = await one(here, around);
		here = passed.machine;
		for (const fault of passed.faults ?? []) faults.push(withOrigin(fault, here));
	}
	return { machine: here, faults };
}

/** The manifest of one machine, if it has no faults; or without the keys in which they are, if all of these are tolerated. */
async function resolved(name: string, config: WholeConfig, tolerates: readonly string[] = []) {
	const declared = await config.declared(name);
	const { machine, faults } = declared
		? await pass(FOLLOWING, declared.machine, config.around(name))
		: { machine: config.machines[name], faults: [] };
	const own = examined(machine);
	const all = [...(declared?.faults ?? []), ...sharedHost(name, config), ...faults, ...own.faults];
	const rest = all.length === 0 ? undefined : withoutFaulty(machine, all, tolerates);
	const left = rest === undefined ? own : examined(rest);
	const isUsable = rest === undefined ? all.length === 0 : left.faults.length === 0;
	// What is wrong in a provider beside the key that was left out is found only now.
	if (!isUsable && rest !== undefined) all.push(...left.faults);
	const above = originAt(config.value, ["machines", name]);
	return {
		manifest: isUsable && left.output !== undefined ? resolveMachine(name, left.output) : undefined,
		faults: all.map((fault) => ({
			...fault,
			path: ["machines", name, ...fault.path],
			origin: fault.origin ?? above,
		})),
	};
}

function examined(machine: unknown) {
	const { output, issues = [], success } = v.safeParse(machineSchema, machine);
	const faults = [...faultsIn(machineSchema, issues), ...meaningFaults(soundOf(output, issues))];
	return {
		output: success ? output : undefined,
		faults: faults.map((fault) => withOrigin(fault, machine)),
	};
}

/** The account that a deploy goes to, for comparison; undefined if it is on this machine. */
function hostOf(machine: unknown): string | undefined {
	const { host } = isRecord(machine) ? machine : {};
	if (typeof host !== "string" || LOCAL_HOSTS.includes(host)) return undefined;
	return host
		.replace(/^ssh:\/\//, "")
		.replace(/:22$/, "")
		.toLowerCase();
}

/** Each would replace the manifest, the timers and the secrets of the other. */
function sharedHost(name: string, { machines, hosts }: Pick<WholeConfig, "machines" | "hosts">): Fault[] {
	const host = hostOf(machines[name]);
	const other = host === undefined ? undefined : hosts.get(host)?.find((one) => one !== name);
	if (other === undefined) return [];
	return [
		{
			path: ["host"],
			message: `machine "${other}" has the same host`,
			hint: "declare all states of a host in one machine",
		},
	];
}

const withOrigin = (fault: Fault, root: unknown): Fault => ({
	...fault,
	origin: fault.origin ?? originAt(root, fault.path),
});

/** The states and providers of a machine that match the schema. */
function soundOf(machine: unknown, issues: readonly v.BaseIssue<unknown>[]): Sound {
	const { state, providers, stateless } = (isRecord(machine) ? machine : {}) as Partial<Machine>;
	const wrong = issues.map((issue) => (issue.path ?? []).map(({ key }) => key));
	const sound = <T>(kind: string, map: Readonly<Record<string, T>> | undefined) =>
		recordOf(
			Object.entries(isRecord(map) ? map : {}).filter(
				([name]) => !wrong.some(([first, second]) => first === kind && (second ?? name) === name),
			) as [string, T][],
		);
	return {
		state: sound("state", state),
		providers: sound("providers", providers),
		stateNames: Object.keys(isRecord(state) ? state : {}),
		stateless: stateless === true,
	};
}

const textsIn = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

function secretsOf(
	file: string,
	{ folder, identity, get, set }: NonNullable<Settings["secrets"]> = {},
): SecretSettings {
	const home = join(process.env.XDG_CONFIG_HOME || join(homedir(), ".config"), "holdfast");
	const at = (path: string) => resolvePath(dirname(file), path.replace(/^~(?=\/)/, homedir()));
	return {
		folder: at(folder ?? "secrets"),
		identity: identity === undefined ? join(home, "age.key") : at(identity),
		get,
		set,
	};
}

function isManifest(value: unknown): value is { version: unknown } {
	return isRecord(value) && "version" in value && "machine" in value;
}

/** Reads a manifest as a config with one machine: the local one. */
function loadManifest(file: string, value: unknown): Loaded {
	const today = withCurrentKeys(value);
	const { output, issues, success } = v.safeParse(manifestSchema, today);
	if (!success)
		throw configError(
			shownAs(file),
			faultsIn(manifestSchema, issues).map((fault) => withOrigin(fault, value)),
		);
	const { host: _, ...manifest } = output;
	return {
		file,
		secrets: secretsOf(file, {}),
		names: [manifest.machine],
		tagsOf: async () => manifest.tags ?? [],
		isStateless: async () => manifest.stateless === true,
		placesWritten: () => [],
		resolve: async () => new Map([[manifest.machine, manifest]]),
	};
}
