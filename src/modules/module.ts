// The module system: a module is a function from a few options to states, and to options of other modules.
import type * as v from "valibot";
import type { StateInput } from "../manifest/state.ts";

/** Options of one module: `v.strictObject`, with a description for each and a default wherever one can be had. */
export type OptionsSchema = v.GenericSchema<unknown, object>;

/** What a module may know of the machine that it is declared on. Nothing is looked up: a config means one thing. */
export interface MachineFacts {
	readonly name: string;
	/** Units, users and folders have NixOS's names, not Debian's. */
	readonly nixos: boolean;
	/** The user declares this module; otherwise only other modules set options of it. */
	readonly declared: boolean;
}

export interface Yield {
	/** By name. Lists are added to what others declare of the same state; of single values the user's wins. */
	readonly state?: Readonly<Record<string, StateInput>>;
	/** Options of other modules, by name. Each must be in `uses`. */
	readonly services?: Readonly<Record<string, object>>;
}

export interface Module<S extends OptionsSchema = OptionsSchema, N extends string = string> {
	/** As it stands under `services`. */
	readonly name: N;
	/** One line: the application, and what of it is kept. */
	readonly about: string;
	/** Pages that the facts come from, the application's own first. */
	readonly sources: readonly string[];
	/** Modules whose options this one may set. */
	readonly uses?: readonly string[];
	readonly options: S;
	yields(options: v.InferOutput<S>, machine: MachineFacts): Yield;
	/** What shows that the application is on a machine; any one of them does. */
	readonly signs?: {
		readonly units?: readonly string[];
		readonly folders?: readonly string[];
	};
	/** Whether its restore was seen to work on the application itself, or on a stand-in with its layout. */
	readonly proven?: "application" | "stand-in";
}

/** Gives a module its types; returns it unchanged. */
export function defineModule<const S extends OptionsSchema, const N extends string>(
	module: Module<S, N>,
): Module<S, N> {
	return module;
}
