// What is written of a machine goes through passes before a schema looks at it. Each is a pure function: it adds what
// follows from one thing that may be written, and leaves what it does not understand for the schema to refuse. The values
// carry where they were written (values/origin.ts), and whatever a pass adds points at the line that asked for it.
import type { Fault } from "../manifest/faults.ts";
import type { Module } from "../modules/module.ts";

/** As src/host/nix.ts has it. `from`: the config's folder, and whether a flake that lies on this machine must be ours. */
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
	/** Their paths begin at the machine. */
	readonly faults?: readonly Fault[];
}

/** What a pass may know besides its machine. */
export interface Around {
	readonly name: string;
	/** Every machine of the config. */
	readonly names: readonly string[];
	/** Options by tag. */
	readonly tags: Written;
	/** The config's file name, for messages. */
	readonly file: string;
	/** What another machine declares, before what follows from others; undefined when there is none. */
	declared(name: string): Promise<Written | undefined>;
	readonly evaluate?: ((reference: string) => ReturnType<Evaluate>) | undefined;
	modules(): Promise<ReadonlyMap<string, Module>>;
}

export type Pass = (machine: Written, around: Around) => Passed | Promise<Passed>;
