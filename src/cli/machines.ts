// Which machines and providers a command is for, according to the config and the flags.

import type { LoadOptions } from "../config/find.ts";
import { type Loaded, loadConfig } from "../config/load.ts";
import { isHere, type Machines, select } from "../fleet/select.ts";
import type { Manifest } from "../manifest/schema.ts";
import { nothingToBackUp } from "../manifest/warnings.ts";
import { printMessage } from "../report/terminal.ts";
import { HoldfastError } from "../values/error.ts";
import type { CommonFlags, FleetFlags } from "./flags.ts";

/** A machine, and how to reach it. */
export interface Target {
	readonly manifest: Manifest;
	readonly sshConfig: string | undefined;
}

/** The name of a machine, or how the config leads to it; undefined for the only one. */
export type MachineName = string | undefined | ((config: Machines) => Promise<string | undefined>);

/** The machine that a command is for: the one named, or the only one; and whether it is this one. */
export async function machineNamed(
	flags: CommonFlags,
	name: MachineName,
	{ tolerates, takes }: Pick<Choice, "tolerates" | "takes"> = {},
): Promise<Target & { readonly isHere: boolean }> {
	const config = await loadConfig(flags.config, { ...loading, tolerates });
	const named = typeof name === "function" ? await name(config) : name;
	const { machines, sshConfig } = await chosenFrom(config, flags, {
		machine: named === undefined ? [] : [named],
		takes,
	});
	const [manifest] = machines;
	if (!manifest) throw new HoldfastError("machine-ambiguous", "which machine?");
	return { manifest, sshConfig, isHere: isHere(manifest) };
}

const remarked = new Set<string>();

/** How warnings of the config's loading are printed, and how a flake that it names is evaluated. */
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
	/** All machines of the config, loaded only when called. */
	every(): Promise<readonly Manifest[]>;
	readonly sshConfig: string | undefined;
	readonly secrets: Loaded["secrets"];
	/** Of all machines of the config. */
	readonly names: readonly string[];
}

interface Choice {
	readonly machine: readonly string[];
	/** Keys of the config that the command does not need: see config/tolerance.ts. */
	readonly tolerates?: readonly string[] | undefined;
	/** Called with what is wrong in these keys of a machine, in place of remarks. */
	readonly tolerated?: LoadOptions["tolerated"];
	/** The flags of the command, for hints. */
	readonly takes?: readonly string[] | undefined;
	/** Without a name, a machine of which nothing has to be backed up may be meant as well as another. */
	readonly countsStateless?: boolean;
}

/** The machines that a command is for: by name, by tag, or all. */
export async function chosen(flags: CommonFlags & Partial<FleetFlags>, choice: Choice): Promise<Chosen> {
	const { tolerates, tolerated } = choice;
	return chosenFrom(await loadConfig(flags.config, { ...loading, tolerates, tolerated }), flags, choice);
}

async function chosenFrom(
	config: Loaded,
	flags: CommonFlags & Partial<FleetFlags>,
	{ machine, takes, countsStateless = false }: Choice,
): Promise<Chosen> {
	const selection = {
		names: machine,
		flags: takes,
		tags: flags.tag ?? [],
		all: flags.all ?? false,
		several: flags.all !== undefined,
		countsStateless,
	};
	return {
		machines: await select(config, selection),
		every: async () => [...(await config.resolve()).values()],
		sshConfig: process.env.HOLDFAST_SSH_CONFIG || config.sshConfig,
		secrets: config.secrets,
		names: config.names,
	};
}

/**
 * Of several machines, those that declare a state, or should: one that only hosts others' repositories is left out. Throws if
 * nothing of any of them has to be backed up.
 */
export function withStates<T extends Pick<Chosen, "machines">>(selected: T): T {
	const [first] = selected.machines;
	if (first && selected.machines.every(({ stateless }) => stateless)) throw isStateless(first);
	if (selected.machines.length === 1) return selected;
	const machines = selected.machines.filter(
		({ state, borgServer, stateless }) => !(borgServer || stateless) || Object.keys(state).length > 0,
	);
	return { ...selected, machines };
}

function isStateless({ machine }: Manifest): HoldfastError {
	return new HoldfastError("state-not-found", nothingToBackUp(machine), {
		subject: machine,
		hint: "if that has changed, declare a state of it, and remove `stateless` from the config",
	});
}

/** Refuse a machine without archives before it is asked: nothing is installed on it, perhaps. */
export function requirePlaces(manifest: Manifest): void {
	if (manifest.stateless && Object.keys(manifest.providers).length === 0) throw isStateless(manifest);
}

/** The providers that a command is for: the one named, or all. */
export function providersOf(manifest: Manifest, wanted: string | readonly string[] | undefined): string[] {
	const names = Object.keys(manifest.providers);
	if (names.length === 0)
		throw new HoldfastError(
			"provider-not-found",
			`machine "${manifest.machine}" has no provider to store archives`,
			{
				subject: manifest.machine,
				hint: "add one: providers: { disk: { type: tar, destinations: { usb: { path: /mnt/usb/holdfast } } } }",
			},
		);
	if (wanted === undefined) return names;
	return typeof wanted === "string" ? [wanted] : [...wanted];
}
