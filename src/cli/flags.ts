// Flags and small pieces that several commands share.

import type { LoadOptions } from "../config/find.ts";
import { type Loaded, loadConfig } from "../config/load.ts";
import type { MachineNames } from "../config/names.ts";
import { isHere, select } from "../fleet/select.ts";
import type { Manifest } from "../manifest/schema.ts";
import { linesIn, printJson, printMessage, resultsAreJson, resultsGone } from "../report/terminal.ts";
import { secondsOf } from "../values/duration.ts";
import { exitOf, HoldfastError, reportOf } from "../values/error.ts";
import { wasInterrupted } from "./signals.ts";

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
const namesIn = (pick: (names: MachineNames) => readonly string[]) => async () => {
	const { namesInConfig } = await import("../config/names.ts");
	return [...new Set((await namesInConfig()).flatMap(pick))];
};
const machineNames = namesIn(({ machine }) => [machine]);
const providerNames = namesIn(({ providers }) => providers);

export const waitFlag = {
	...valueFlag("wait so long for another run on the machine, like 2h, in place of failing at once", "TIME"),
	parse: seconds,
} as const;

export const serviceFlag = {
	kind: "parsed",
	parse: text,
	proposeCompletions: namesIn(({ states }) => states),
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

/** `[MACHINE…]`, as the parser takes them. */
export const machineWords = {
	kind: "array",
	parameter: {
		brief: "the machines; may be left out when there is one",
		placeholder: "MACHINE",
		parse: text,
		proposeCompletions: machineNames,
	},
} as const;

/** How many machines are worked on at once, when nobody says. */
const USUAL_PARALLEL = 16;

export interface FleetFlags {
	readonly tag?: readonly string[];
	readonly all: boolean;
	readonly parallel: number;
}

export const fleetFlags = {
	tag: {
		...valueFlag("every machine with this tag; may be given again", "TAG"),
		variadic: true,
		proposeCompletions: namesIn(({ tags }) => tags),
	},
	all: switchFlag("every machine"),
	parallel: {
		kind: "parsed",
		parse: (value: string) => {
			const count = Number(value);
			if (Number.isInteger(count) && count > 0) return count;
			throw new Error(`write a number of machines, not ${value}`);
		},
		default: String(USUAL_PARALLEL),
		brief: "work on so many machines at once",
		placeholder: "N",
	},
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
	return (await loadOne(flags, name)).manifest;
}

/** The same, when it is this one. A command for another is passed on to it by `guard`, as it stands. */
export async function loadLocal(flags: CommonFlags, name: string | undefined): Promise<Manifest> {
	const { manifest, sshConfig } = await loadOne(flags, name);
	if (!isHere(manifest)) throw new Elsewhere(manifest, sshConfig);
	return manifest;
}

async function loadOne(flags: CommonFlags, name: string | undefined) {
	const { machines, sshConfig } = await chosen(flags, { machine: name === undefined ? [] : [name] });
	const [manifest] = machines;
	if (!manifest) throw new HoldfastError("machine-ambiguous", "which machine?");
	return { manifest, sshConfig };
}

const remarked = new Set<string>();

/** What a config that is there and not read is said by, and how one that names a flake gets at it. */
export const loading = {
	remark(line: string) {
		if (!remarked.has(line)) printMessage(`! ${line}`);
		remarked.add(line);
	},
	async evaluate(reference: string, from: { readonly folder: string; readonly isGuarded: boolean }) {
		const { evaluateNix } = await import("../host/nix.ts");
		return evaluateNix(reference, (line) => printMessage(`! ${line}`), from);
	},
} satisfies LoadOptions;

interface Chosen {
	readonly machines: readonly Manifest[];
	/** All of the config, which are only then looked at. */
	every(): Promise<readonly Manifest[]>;
	readonly sshConfig: string | undefined;
	readonly secrets: Loaded["secrets"];
}

/** The machines that a command is for, by their names, their tags, or all. */
export async function chosen(
	flags: CommonFlags & Partial<FleetFlags>,
	{ machine }: { readonly machine: readonly string[] },
): Promise<Chosen> {
	const config = await loadConfig(flags.config, loading);
	const selection = {
		names: machine,
		tags: flags.tag ?? [],
		all: flags.all ?? false,
		several: flags.all !== undefined,
	};
	return {
		machines: await select(config, selection),
		every: async () => [...(await config.resolve()).values()],
		sshConfig: process.env.HOLDFAST_SSH_CONFIG || config.sshConfig,
		secrets: config.secrets,
	};
}

export const onFlag = valueFlag("on this machine of the config, by SSH", "MACHINE");

/** For commands that name no machine otherwise: goes on only when they are for this one. */
export async function requireHere(flags: CommonFlags & { readonly on?: string }): Promise<void> {
	if (flags.on === undefined) return;
	const { manifest, sshConfig } = await loadOne(flags, flags.on);
	if (!isHere(manifest)) throw new Elsewhere(manifest, sshConfig);
}

/** Of several, those that have something to back up: not one that only keeps others' repositories. */
export function withStates<T extends Pick<Chosen, "machines">>(selected: T): T {
	if (selected.machines.length === 1) return selected;
	const machines = selected.machines.filter((one) => !one.borgServer || Object.keys(one.state).length > 0);
	return { ...selected, machines };
}

/** Thrown where a command turns out to be for a machine that is not this one. */
export class Elsewhere extends Error {
	readonly manifest: Manifest;
	readonly sshConfig: string | undefined;
	constructor(manifest: Manifest, sshConfig: string | undefined) {
		super(`${manifest.machine} is at ${manifest.host}`);
		this.manifest = manifest;
		this.sshConfig = sshConfig;
	}
}

/** The providers that a command is for: the one named, or all. */
export function providersOf(manifest: Manifest, wanted: string | readonly string[] | undefined): string[] {
	const names = Object.keys(manifest.providers);
	if (names.length === 0)
		throw new HoldfastError(
			"provider-not-found",
			`machine "${manifest.machine}" has no provider to keep archives`,
			{
				hint: "add one: providers: { disk: { type: tar, destinations: { usb: { path: /mnt/usb/holdfast } } } }",
			},
		);
	if (wanted === undefined) return names;
	return typeof wanted === "string" ? [wanted] : [...wanted];
}

/** Run a command's work, and turn what it throws into a message and an exit code. */
export async function guard(flags: CommonFlags, work: () => Promise<number>): Promise<void> {
	if (flags.json) resultsAreJson();
	try {
		process.exitCode = await work().catch(async (error: unknown) => {
			if (!(error instanceof Elsewhere)) throw error;
			return (await import("./elsewhere.ts")).passOn(error, flags);
		});
	} catch (caught) {
		// What was cancelled says so in its own words, and means the same.
		const error =
			wasInterrupted() && !(caught instanceof HoldfastError)
				? new HoldfastError("interrupted", "interrupted", { cause: caught })
				: caught;
		process.exitCode = exitOf(error);
		if (flags.json) showErrorAsJson(error);
		showError(error, flags);
	}
}

/** For programs: the same facts, on stdout, in place of the result. */
function showErrorAsJson(error: unknown): void {
	printJson({ error: reportOf(error) });
}

function showError(error: unknown, { debug }: CommonFlags): void {
	if (resultsGone.aborted) return;
	const { stack = "", cause } = error instanceof Error ? error : new Error(String(error));
	const { message, details = [], hint } = reportOf(error);
	printMessage([
		`holdfast: ${message}`,
		...details.flatMap(linesIn).map((line) => `  ${line}`),
		...(hint ? [`  → ${hint}`] : []),
		...(debug ? [...linesIn(stack), ...linesIn(String(cause ?? ""))] : []),
	]);
}
