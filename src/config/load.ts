// Find the config, read it, and turn it into manifests. Nothing is started and nothing else is read.
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, extname, join, resolve as resolvePath } from "node:path";
import * as v from "valibot";
import { HoldfastError } from "../manifest/error.ts";
import type { Manifest } from "../manifest/schema.ts";
import { configError, faultsOf } from "./faults.ts";
import { meaningFaults } from "./meaning.ts";
import { resolveMachine } from "./resolve.ts";
import { type Config, configSchema, withEngineNames } from "./schema.ts";
import { withServices } from "./services.ts";
import type { Source } from "./source.ts";

const FILES = ["holdfast.yaml", "holdfast.yml", "holdfast.ts", "holdfast.json"];

export interface Loaded {
	readonly file: string;
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
	throw new HoldfastError("usage", "no config found", {
		details: folders.map((folder) => `looked for holdfast.yaml in ${folder}`),
		hint: "write a holdfast.yaml, or name one with --config FILE",
	});
}

export async function loadConfig(given?: string): Promise<Loaded> {
	const file = findConfig(given);
	const { source, config } = await readConfig(file);
	const { machines, faults: serviceFaults, relocate } = await withServices(config, file);
	if (serviceFaults.length > 0) throw configError(source, serviceFaults);
	const deeper = meaningFaults(machines).map(relocate);
	if (deeper.length > 0) throw configError(source, deeper);
	return {
		file,
		machines: new Map(
			Object.entries(machines).map(([name, machine]) => [name, resolveMachine(name, machine)]),
		),
	};
}

/** As it is written, before its services become states. */
export async function readConfig(file: string): Promise<{ source: Source; config: Config }> {
	const source = await readSource(file);
	const value = withEngineNames(source.value);
	const faults = faultsOf(configSchema, value);
	if (faults.length > 0) throw configError(source, faults);
	return { source, config: v.parse(configSchema, value) };
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
