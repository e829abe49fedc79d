// Flags and small pieces that several commands share.

import { nearest } from "../config/faults.ts";
import { loadConfig } from "../config/load.ts";
import { secondsOf } from "../manifest/duration.ts";
import { EXIT, HoldfastError, isErrno, reportOf } from "../manifest/error.ts";
import type { Manifest } from "../manifest/schema.ts";

export interface CommonFlags {
	readonly config?: string;
	readonly json: boolean;
	readonly quiet: boolean;
	readonly debug: boolean;
}

const text = (value: string) => value;

export const switchFlag = (brief: string) =>
	({ kind: "boolean", default: false, withNegated: false, brief }) as const;
export const valueFlag = (brief: string, placeholder: string) =>
	({ kind: "parsed", parse: text, optional: true, brief, placeholder }) as const;

export const commonFlags = {
	config: valueFlag("config file", "FILE"),
	json: switchFlag("print JSON for programs"),
	quiet: switchFlag("print errors and results only"),
	debug: switchFlag("print stack traces"),
} as const;

export const pathFlag = {
	...valueFlag("only this path of a state; may be given again", "PATH"),
	variadic: true,
} as const;

/** `30s`, `10m`, `2h`, `7d`, in seconds. */
export function seconds(value: string): number {
	const found = secondsOf(value);
	if (found === undefined) throw new Error(`write a time like 30s, 10m, 2h or 7d, not ${value}`);
	return found;
}

/** For completion: names out of the config that would be found, or none; never an error on a half-typed line. */
const namesIn = (pick: (manifest: Manifest) => readonly string[]) => async () => {
	const config = await loadConfig().catch(() => undefined);
	return [...new Set([...(config?.machines.values() ?? [])].flatMap(pick))];
};
const machineNames = namesIn(({ machine }) => [machine]);
const providerNames = namesIn(({ providers }) => Object.keys(providers));

export const serviceFlag = {
	kind: "parsed",
	parse: text,
	proposeCompletions: namesIn(({ state }) => Object.keys(state)),
	variadic: true,
	optional: true,
	brief: "a state, by name; may be given again",
	placeholder: "NAME",
} as const;

export const providerFlag = {
	kind: "parsed",
	parse: text,
	proposeCompletions: providerNames,
	optional: true,
	brief: "only this provider",
	placeholder: "NAME",
} as const;

export const machineWord = {
	brief: "the machine; may be left out when there is one",
	placeholder: "MACHINE",
	parse: text,
	proposeCompletions: machineNames,
	optional: true,
} as const;

/** `[MACHINE] PROVIDER ARCHIVE`, as the parser takes them. */
export const archiveWords = {
	kind: "array",
	parameter: {
		brief: "[MACHINE] PROVIDER ARCHIVE",
		parse: text,
		placeholder: "[MACHINE] PROVIDER ARCHIVE",
		proposeCompletions: async () => [...(await machineNames()), ...(await providerNames()), "latest"],
	},
	minimum: 2,
	maximum: 3,
} as const;

export function splitWords(command: string, words: readonly string[]) {
	const [wanted, provider, machine] = [...words].reverse();
	if (wanted !== undefined && provider !== undefined) return { machine, provider, wanted };
	throw new HoldfastError("usage", "name a provider and an archive", {
		hint: `holdfast ${command} --service NAME [MACHINE] PROVIDER ARCHIVE`,
	});
}

/** The machine that a command is for: the one named, or the only one there is. */
export async function loadMachine(flags: CommonFlags, name: string | undefined): Promise<Manifest> {
	const { file, machines } = await loadConfig(flags.config);
	const names = [...machines.keys()];
	const wanted = name ?? (names.length === 1 ? names[0] : undefined);
	if (wanted === undefined)
		throw new HoldfastError("usage", names.length === 0 ? `${file} has no machine` : "which machine?", {
			hint: `the machines are: ${names.join(", ")}`,
		});
	const manifest = machines.get(wanted);
	if (!manifest) {
		const meant = nearest(wanted, names);
		throw new HoldfastError("usage", `there is no machine "${wanted}" in ${file}`, {
			hint: meant ? `did you mean "${meant}"?` : `the machines are: ${names.join(", ")}`,
		});
	}
	return manifest;
}

/** The same, which must be this host: Holdfast does not reach over SSH yet. */
export async function loadLocal(flags: CommonFlags, name: string | undefined): Promise<Manifest> {
	const manifest = await loadMachine(flags, name);
	if (manifest.host === undefined || manifest.host === "localhost") return manifest;
	throw new HoldfastError("usage", `machine "${manifest.machine}" is at ${manifest.host}`, {
		hint: "this version works on the machine it runs on: run it there, with `host` left out",
	});
}

/** The providers that a command is for: the one named, or all. */
export function providersOf(manifest: Manifest, wanted: string | undefined): string[] {
	const names = Object.keys(manifest.providers);
	if (names.length === 0)
		throw new HoldfastError("usage", `machine "${manifest.machine}" has no provider to keep archives`, {
			hint: "add one: providers: { disk: { type: tar, destinations: { usb: { path: /mnt/usb/holdfast } } } }",
		});
	return wanted === undefined ? names : [wanted];
}

/** Run a command's work, and turn what it throws into a message and an exit code. */
export async function guard(flags: CommonFlags, work: () => Promise<number>): Promise<void> {
	try {
		process.exitCode = await work();
	} catch (error) {
		process.exitCode = error instanceof HoldfastError ? EXIT[error.code] : EXIT.failed;
		if (flags.json) showErrorAsJson(error);
		showError(error, flags);
	}
}

/** For programs: the same facts, on stdout, in place of the result. */
function showErrorAsJson(error: unknown): void {
	const code = error instanceof HoldfastError ? error.code : "failed";
	process.stdout.write(`${JSON.stringify({ error: { code, ...reportOf(error) } })}\n`);
}

function showError(error: unknown, { debug }: CommonFlags): void {
	if (isErrno(error, "EPIPE")) return;
	const lines = [`holdfast: ${error instanceof Error ? error.message : String(error)}`];
	if (error instanceof HoldfastError) {
		lines.push(...error.details.map((line) => `  ${line}`));
		if (error.hint) lines.push(`  → ${error.hint}`);
	}
	if (debug && error instanceof Error) lines.push(error.stack ?? "", String(error.cause ?? ""));
	process.stderr.write(`${lines.join("\n")}\n`);
}
