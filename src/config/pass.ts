// A machine's part of the config goes through passes before the schema is applied. Each pass is a pure function that expands
// one feature and leaves everything it does not understand for the schema to refuse. Values carry their origin
// (values/origin.ts), and what a pass adds points at the line that caused it.
import type { Fault } from "../manifest/faults.ts";
import type { Module } from "../modules/module.ts";

/** See src/host/nix.ts. `from`: the config's folder, and whether a local flake must be trusted. */
export type Evaluate = (
	reference: string,
	from: { readonly folder: string; readonly isGuarded: boolean },
) => Promise<Evaluated>;

interface Evaluated {
	readonly clan: Record<string, unknown>;
	readonly holdfast: Record<string, unknown> | null;
}

export type Written = Readonly<Record<string, unknown>>;

export interface Passed {
	readonly machine: Written;
	/** Paths are relative to the machine. */
	readonly faults?: readonly Fault[];
}

/** What a pass may use in addition to its machine. */
export interface Around {
	readonly name: string;
	/** Every machine of the config. */
	readonly names: readonly string[];
	/** Options by tag. */
	readonly tags: Written;
	/** The config's file name, for messages. */
	readonly file: string;
	/** The declarations of another machine, before the passes that look at others; undefined if there is none of this name. */
	declared(name: string): Promise<Written | undefined>;
	readonly evaluate?: ((reference: string) => ReturnType<Evaluate>) | undefined;
	modules(): Promise<ReadonlyMap<string, Module>>;
}

export type Pass = (machine: Written, around: Around) => Passed | Promise<Passed>;
