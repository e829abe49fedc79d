// Find the config, read it, and turn it into manifests. Nothing is started and nothing else is read.
import { existsSync, type Stats } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, extname, join, resolve as resolvePath } from "node:path";
import * as v from "valibot";
import { type Examined, examine, fileFault } from "../host/ownership.ts";
import { isHandedOver, readText } from "../host/read-file.ts";
import { standingIn } from "../host/standing.ts";
import { withKeysOfToday } from "../manifest/old-keys.ts";
import { type Manifest, manifestSchema } from "../manifest/schema.ts";
import { HoldfastError } from "../values/error.ts";
import { isRecord } from "../values/record.ts";
import { wordsOf } from "../values/system-error.ts";
import { withClan } from "./clan.ts";
import { configError, type Fault, faultsOf } from "./faults.ts";
import { excessIn, MOST_BYTES } from "./limits.ts";
import { meaningFaults } from "./meaning.ts";
import { type Evaluate, withNix } from "./nix.ts";
import { type ConfigCode, howTrusted, notObeyed } from "./obey.ts";
import { resolveMachine } from "./resolve.ts";
import { type Config, configSchema, withEngineNames } from "./schema.ts";
import { withServers } from "./servers.ts";
import { modulesOf, withServices } from "./services.ts";
import type { Source } from "./source.ts";
import { withTags } from "./tags.ts";

const FILES = ["holdfast.yaml", "holdfast.yml", "holdfast.ts", "holdfast.json"];

/** What a deploy has left on a machine: its manifest, and no config. */
export const DEPLOYED_MANIFEST = "/etc/holdfast/manifest.json";

/** Where secrets are kept that a deploy makes. Paths are absolute. */
export interface SecretSettings {
	readonly folder: string;
	readonly identity: string;
	readonly get?: readonly string[] | undefined;
	readonly set?: readonly string[] | undefined;
}

export interface Loaded {
	readonly file: string;
	readonly secrets: SecretSettings;
	/** The file that ssh reads instead of its own, absolute. */
	readonly sshConfig?: string;
	/** By machine name, in the file's order. */
	readonly machines: ReadonlyMap<string, Manifest>;
}

export interface LoadOptions {
	/** How a flake is evaluated that a machine names; without it, what it declares is left out. */
	readonly evaluate?: Evaluate;
	/** Told of a config that is there and is not read. */
	readonly remark?: (line: string) => void;
	/**
	 * `run`: what it says will be done; `look`: it is only looked at, and a file that somebody named may be anybody's;
	 * `names`: none of its code is run.
	 */
	readonly purpose?: "run" | "look" | "names";
}

interface Found {
	readonly file: string;
	/** By `--config`. */
	readonly isNamed: boolean;
	/** Whose words these are is looked at before they count: of the file itself, and of the code that it is or imports. */
	readonly guards: { readonly data: boolean; readonly code: boolean };
}

const isRoot = () => process.geteuid?.() === 0;

/** The config that `--config` names, or the first found of this folder, the user's and the system's. */
export function findConfig(given: string | undefined, { remark, purpose = "run" }: LoadOptions = {}): Found {
	if (given !== undefined) {
		const file = resolvePath(given);
		if (!existsSync(file)) throw new HoldfastError("config-not-found", `there is no config file ${file}`);
		// Others than root may run what they name; for root it would be run with the power of root.
		return { file, isNamed: true, guards: { data: isRoot() && purpose !== "look", code: isRoot() } };
	}
	const { found, refused, folders } = lookForConfig();
	// Where none is found, the error says the same.
	if (found === undefined)
		throw new HoldfastError("config-not-found", "no config found", {
			details: [...refused, ...folders.map((folder) => `looked for holdfast.yaml in ${folder}`)],
			hint: "name one with --config FILE; or have one proposed for this machine: holdfast init; or, where archives are all that is left: holdfast adopt --help",
		});
	for (const line of refused) remark?.(line);
	return found;
}

/** For what goes on without a config. */
export function findConfigIfAny({ remark }: LoadOptions): Found | undefined {
	const { found, refused } = lookForConfig();
	for (const line of refused) remark?.(line);
	return found;
}

/** `refused`: in words, those that are there and are not read. */
function lookForConfig() {
	const here = standingIn();
	const folders = [
		...(here === undefined ? [] : [here]),
		resolvePath(process.env.XDG_CONFIG_HOME || join(homedir(), ".config"), "holdfast"),
		"/etc/holdfast",
	];
	const found = { isNamed: false, guards: { data: true, code: true } };
	const refused = here === undefined ? [HERE_IS_GONE] : [];
	const chosen = (file: string) => ({ found: { file, ...found }, refused, folders });
	for (const folder of folders) {
		const file = FILES.map((name) => join(folder, name)).find((one) => existsSync(one));
		if (file === undefined) continue;
		const { real, fault = removable(real) } = examine(file, false);
		if (fault === undefined) return chosen(file);
		const how =
			isRoot() && !removable(real)
				? `To have it read, ${howTrusted(file)}`
				: `If you trust it: --config ${file}`;
		refused.push(`${file} is not read: ${fault}. ${how}`);
	}
	if (existsSync(DEPLOYED_MANIFEST)) return chosen(DEPLOYED_MANIFEST);
	return { found: undefined, refused, folders };
}

const HERE_IS_GONE =
	"the folder that you are in is gone, so no config is looked for there; to go to its new one: cd .";

/** Owners and modes on a disk that somebody has brought are whatever that somebody has made them. */
const removable = (real: string) =>
	/^\/(run\/)?media\//.test(real) ? "it lies on a disk that can be taken away" : undefined;

export async function loadConfig(given?: string, options: LoadOptions = {}): Promise<Loaded> {
	const { evaluate } = options;
	const found = findConfig(given, options);
	const { file } = found;
	const read = await readSource(found, options);
	const from = { folder: dirname(file), isGuarded: found.guards.code };
	const written = evaluate
		? { ...read, value: await withNix(read.value, (reference) => evaluate(reference, from)) }
		: read;
	if (isManifest(written.value)) return loadManifest(file, written);
	const { source, config, toTag } = checkedConfig(written);
	const { machines, faults: serviceFaults, relocate } = await withServices(config, codeOf(found, options));
	if (serviceFaults.length > 0) throw configError(source, serviceFaults.map(toTag));
	const deeper = meaningFaults(machines).map(relocate).map(toTag);
	if (deeper.length > 0) throw configError(source, deeper);
	return {
		file,
		secrets: secretsOf(file, config.secrets),
		...(config.sshConfig === undefined ? {} : { sshConfig: resolvePath(dirname(file), config.sshConfig) }),
		machines: new Map(
			Object.entries(machines).map(([name, machine]) => [name, resolveMachine(name, machine)]),
		),
	};
}

function secretsOf(
	file: string,
	{ folder, identity, get, set }: NonNullable<Config["secrets"]> = {},
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

/** A manifest is read as a config of one machine: the one that it is on. */
function loadManifest(file: string, source: Source): Loaded {
	const value = withKeysOfToday(source.value);
	const faults = faultsOf(manifestSchema, value);
	if (faults.length > 0) throw configError(source, faults);
	const { host: _, ...manifest } = v.parse(manifestSchema, value);
	return { file, secrets: secretsOf(file, {}), machines: new Map([[manifest.machine, manifest]]) };
}

/** As it is written, before its services become states, and with the modules that its services may name. */
export async function readConfig(found: Found, options: LoadOptions = {}) {
	const { config } = checkedConfig(await readSource(found, options));
	return { config, modules: await modulesOf(config, codeOf(found, options)) };
}

/** What is written, without a look at whether it makes sense; nothing of it is run. */
export async function readWritten(): Promise<unknown> {
	const options = { purpose: "names" } as const;
	return (await readSource(findConfig(undefined, options), options)).value;
}

const codeOf = ({ file, isNamed, guards }: Found, { purpose }: LoadOptions): ConfigCode => ({
	file,
	isNamed,
	isGuarded: guards.code,
	isRun: purpose !== "names",
});

function checkedConfig(source: Source) {
	const { value: merged, faults: conflicts, relocate: toTag } = withTags(withEngineNames(source.value));
	const { value: converted, faults: clanFaults, relocate: toClan } = withClan(merged);
	const { value, faults: unknown } = withServers(converted);
	const relocate = (fault: Fault) => toTag(toClan(fault));
	const faults = [
		...conflicts,
		...[...clanFaults, ...unknown, ...faultsOf(configSchema, value)].map(relocate),
	];
	if (faults.length > 0) throw configError(source, unique(faults));
	return { source, config: v.parse(configSchema, value), toTag: relocate };
}

/** What a tag says wrongly is wrong in each of its machines. */
function unique(faults: readonly Fault[]): Fault[] {
	return [...new Map(faults.map((fault) => [JSON.stringify(fault), fault])).values()];
}

async function readSource(found: Found, options: LoadOptions): Promise<Source> {
	const { file, isNamed, guards } = found;
	// The file that a person named is shown as it lies, not with its whole path, when it is right here.
	const shown = dirname(file) === standingIn() ? basename(file) : file;
	const isCode = extname(file) === ".ts";
	const text = textIn(file, isNamed, isCode ? guards.code : guards.data);
	if (!isCode) return (await import("./yaml.ts")).readYaml(shown, text);
	const { readTypeScript, writtenIn } = await import("./typescript.ts");
	const source =
		options.purpose === "names"
			? await writtenIn(file, text)
			: await readTypeScript(codeOf(found, options), text);
	const excess = excessIn(source.value);
	if (excess) throw configError({ ...source, file: shown }, [excess]);
	return { ...source, file: shown };
}

/** A guarded one is read where every link has led to, and looked at once more when it is open. */
function textIn(file: string, isNamed: boolean, isGuarded: boolean): string {
	const most = MOST_BYTES;
	try {
		if (!isGuarded) return readText(file, { most });
		const { real, fault }: Examined = isHandedOver(file) ? { real: file } : examine(file, isNamed);
		if (fault !== undefined) throw notObeyed(file, fault);
		const look = (stats: Stats) => {
			const late = fileFault(real, stats);
			if (late !== undefined) throw notObeyed(file, late);
		};
		return readText(real, { most, noLink: true, look });
	} catch (cause) {
		if (cause instanceof HoldfastError && cause.exit === "usage") throw cause;
		throw new HoldfastError("config-invalid", `cannot read ${file}: ${wordsOf(cause)}`, { cause });
	}
}
