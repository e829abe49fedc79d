// What is written of a machine goes through passes before a schema looks at it. Each is a pure function: it adds what
// follows from one thing that may be written, and leaves what it does not understand for the schema to refuse. The values
// carry where they were written (values/origin.ts), and whatever a pass adds points at the line that asked for it.
import type { Fault } from "../manifest/faults.ts";
import type { Module } from "../modules/module.ts";
import type { Evaluate } from "./nix.ts";

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
