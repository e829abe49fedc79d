// The module system. A module is a function from a few options to states and to options of other modules.
import type * as v from "valibot";
import type { Found } from "../host/read-file.ts";
import type { StateInput } from "../manifest/state.ts";

/** Options of a module: a `v.strictObject` with a description for each, and a default wherever possible. */
export type OptionsSchema = v.GenericSchema<unknown, object>;

/** What a module knows about its machine. Nothing is looked up there, so that a config always means the same. */
export interface MachineFacts {
	readonly name: string;
	/** Units, users and folders have the names of NixOS instead of Debian. */
	readonly nixos: boolean;
	/** Whether the user declares this module; otherwise only other modules set its options. */
	readonly declared: boolean;
}

/** What `holdfast init` sees of a machine. */
export interface Sight {
	/** Whether this path exists. */
	has(path: string): boolean;
	/** The text of a small file, or why it is not read; undefined if there is none. A link of a service's user is not followed. */
	read(path: string): FoundSettings;
	/** The user that owns what is at this path, through links; undefined if that is not known. */
	owner(path: string): number | undefined;
	/** What a unit sets for its programs. */
	environment(unit: string): UnitEnvironment;
	/** Services that are enabled or running, with their suffix. */
	readonly units: readonly string[];
	readonly nixos: boolean;
}

/** `owner`: of the file; undefined if it is not known. */
export type FoundSettings = Found | { readonly text: string; readonly owner?: number };

export interface UnitEnvironment {
	/** Its Environment=, as systemctl prints it. */
	readonly assigned: string;
	/** Of its EnvironmentFile=. */
	readonly files: readonly string[];
}

/** What was found in an application's settings. */
export interface Told {
	/** Options of the module that follow from them. */
	readonly options: object;
	/** What they say and the config has now, one line each. */
	readonly shown: readonly string[];
	/** What is not protected, or was not understood, one line each. */
	readonly unclear: readonly string[];
	/** Folders with data that belong to the application, and that its state leaves to others. */
	readonly leaves?: readonly string[];
}

export interface Yield {
	/** By name. Lists are appended to those of other definitions of the state; for single values the user's takes precedence. */
	readonly state?: Readonly<Record<string, StateInput>>;
	/** Options of other modules, by name. Each must be in `uses`. */
	readonly services?: Readonly<Record<string, object>>;
}

export interface Module<S extends OptionsSchema = OptionsSchema, N extends string = string> {
	/** The name under `services`. */
	readonly name: N;
	/** One line: the application, and what is backed up. */
	readonly about: string;
	/** Sources of the facts, the application's own pages first. */
	readonly sources: readonly string[];
	/** The modules whose options this one may set. */
	readonly uses?: readonly string[];
	readonly options: S;
	yields(options: v.InferOutput<S>, machine: MachineFacts): Yield;
	/**
	 * The options that differ from the defaults on this machine; `holdfast init` writes them into the config, where they stay
	 * what they are. Only `init` looks at a machine.
	 */
	found?(machine: Sight): object;
	/** What the application's own settings say about where its data are; for `holdfast init` too. */
	settings?(machine: Sight): Told;
	/** Signs that the application is on a machine; any one of them is enough. */
	readonly signs?: {
		/** A template, such as `syncthing@.service`, is a sign if an instance of it is there. */
		readonly units?: readonly string[];
		readonly folders?: readonly string[];
	};
	/** Whether its restore was tested with the application itself or with a stand-in that has its layout. */
	readonly proven?: "application" | "stand-in";
}

/** Gives a module its types; returns it unchanged. */
export function defineModule<const S extends OptionsSchema, const N extends string>(
	module: Module<S, N>,
): Module<S, N> {
	return module;
}
