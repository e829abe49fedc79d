// Find the config, read it, and turn it into manifests. Nothing is started and nothing else is read.
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, extname, join, resolve as resolvePath } from "node:path";
import * as v from "valibot";
import { HoldfastError } from "../manifest/error.ts";
import { type Manifest, manifestSchema } from "../manifest/schema.ts";
import { withClan } from "./clan.ts";
import { configError, type Fault, faultsOf } from "./faults.ts";
import { meaningFaults } from "./meaning.ts";
import { type Evaluate, withNix } from "./nix.ts";
import { resolveMachine } from "./resolve.ts";
import { type Config, configSchema, isRecord, withEngineNames } from "./schema.ts";
import { withServers } from "./servers.ts";
import { withServices } from "./services.ts";
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

/** The config that `--config` names, or the first found of this folder, the user's and the system's. */
export function findConfig(given?: string): string {
	if (given !== undefined) {
		const file = resolvePath(given);
		if (!existsSync(file)) throw new HoldfastError("usage", `there is no config file ${file}`);
		return file;
	}
	const folders = [
		process.cwd(),
		join(process.env.XDG_CONFIG_HOME || join(homedir(), ".config"), "holdfast"),
		"/etc/holdfast",
	];
	for (const folder of folders) {
		for (const name of FILES) {
			const file = join(folder, name);
			if (existsSync(file)) return file;
		}
	}
	if (existsSync(DEPLOYED_MANIFEST)) return DEPLOYED_MANIFEST;
	throw new HoldfastError("usage", "no config found", {
		details: folders.map((folder) => `looked for holdfast.yaml in ${folder}`),
		hint: "write a holdfast.yaml, or name one with --config FILE",
	});
}

export async function loadConfig(given?: string, evaluate?: Evaluate): Promise<Loaded> {
	const file = findConfig(given);
	const read = await readSource(file);
	const written = evaluate ? { ...read, value: await withNix(read.value, evaluate) } : read;
	if (isManifest(written.value)) return loadManifest(file, written);
	const { source, config, toTag } = checkedConfig(written);
	const { machines, faults: serviceFaults, relocate } = await withServices(config, file);
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

/** A manifest stands for a config with this one machine, which is the one that it lies on. */
function loadManifest(file: string, source: Source): Loaded {
	const faults = faultsOf(manifestSchema, source.value);
	if (faults.length > 0) throw configError(source, faults);
	const { host: _, ...manifest } = v.parse(manifestSchema, source.value);
	return { file, secrets: secretsOf(file, {}), machines: new Map([[manifest.machine, manifest]]) };
}

/** As it is written, before its services become states. */
export async function readConfig(file: string): Promise<{ source: Source; config: Config }> {
	return checkedConfig(await readSource(file));
}

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

async function readSource(file: string): Promise<Source> {
	let text: string;
	try {
		text = readFileSync(file, "utf8");
	} catch (cause) {
		throw new HoldfastError("usage", `cannot read ${file}`, {
			cause,
			details: [String((cause as Error).message)],
		});
	}
	// The file that a person named is shown as it lies, not with its whole path, when it is right here.
	const shown = resolvePath(basename(file)) === file ? basename(file) : file;
	if (extname(file) === ".ts") {
		const { readTypeScript } = await import("./typescript.ts");
		const source = await readTypeScript(file, text);
		return { ...source, file: shown };
	}
	const { readYaml } = await import("./yaml.ts");
	return readYaml(shown, text);
}
