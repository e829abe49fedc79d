// What an engine declares: everything that the rest of the program knows about it before using it. Each engine is a folder:
// `definition.ts` holds its declaration, `schema.ts` its options, and the other files its behaviour, which is loaded only
// when the engine is opened. To add an engine, add a folder and a line in list.ts.
import type * as v from "valibot";
import type { Program } from "../host/programs.ts";
import type { Destination } from "./destination.ts";

type Schema = v.GenericSchema<unknown, { readonly type: string }> & {
	readonly entries: { readonly type: { readonly literal: string } };
};
type OptionsOf<S extends Schema> = v.InferOutput<S>;
/** The options of one destination of any engine. */
export type DestinationOptions = Readonly<Record<string, unknown>>;
type DestinationOf<S extends Schema> =
	OptionsOf<S> extends { readonly destinations: Readonly<Record<string, infer D>> } ? D : DestinationOptions;

export interface Engine<S extends Schema = Schema, D = DestinationOf<S>> {
	/** The name in a config. */
	readonly type: OptionsOf<S>["type"];
	/** The schema of a provider of this type. */
	readonly options: S;
	/** The programs that must be installed. */
	readonly programs: readonly Program[];
	/** Further programs that it needs for addresses that begin with `address`. */
	readonly reachedBy?: readonly { readonly address: string; readonly program: Program }[];
	/** Options whose values are run or name what is run. Users see them before they adopt somebody else's config. */
	readonly runs?: readonly string[];
	/** Other options that hold text: it is never run. A test asks for those that are in neither list. */
	readonly data?: readonly string[];
	/** Its destinations have `check`, so a timer for it makes sense. */
	readonly checks: boolean;
	/** Without a retention its archives are not kept for ever either, or it is not ours to say for how long. */
	readonly limitsItself?: true;
	/** The option that holds a destination's address; absent if the engine's providers have no destinations. */
	readonly address?: string;
	/** Faults in a destination that its schema cannot detect. */
	faultsIn?(destination: D): readonly OptionFault[];
	/** Warnings about a provider's options, which are valid. */
	warningsOn?(options: OptionsOf<S>): readonly string[];
	/** The files with secrets that it names. `holdfast deploy` creates those in Holdfast's own folder of secrets. */
	secretsOf?(destination: D): readonly SecretFile[];
	readonly adoption?: Adoption;
	/** What a recovery sheet says in addition to the address. If the providers have no destinations, it gets their options. */
	sheetOf?(destination: D): SheetPart;
	/** The lines below `providers:` in the config that `holdfast init` writes; absent if `init` does not propose this engine. */
	firstConfig?(facts: FirstConfig): readonly string[];
	/** For repositories on another machine of the config. */
	readonly server?: Server<D>;
	/** Load the engine and open the destinations of a provider. */
	open(provider: string, options: OptionsOf<S>): Promise<readonly Destination[]>;
}

export interface OptionFault {
	readonly message: string;
	readonly hint?: string;
}

export interface SecretFile {
	readonly path: string;
	readonly kind: "passphrase" | "ssh-key";
}

/** How `holdfast adopt` turns an address into a destination. */
export interface Adoption {
	/** Whether the engine recognizes an address; "perhaps" counts if no other engine does. `names`: the entries, if it is a folder. */
	looksLike(address: string, names: ReadonlySet<string> | undefined): boolean | "perhaps";
	/** Further flags, by name in camel case. A name that several engines use is one flag. */
	readonly flags?: Readonly<Record<string, AdoptFlag>>;
	/** Options that an archive's own config may have for this destination, and that do not hold on this machine. */
	readonly forgets?: readonly string[];
	/** The options of the destination. Throws a usage error if a flag is missing. */
	destination(address: string, given: Given): object;
}

export interface AdoptFlag {
	readonly brief: string;
	readonly placeholder: string;
	/** A `path` is made absolute; a `texts` flag may be repeated. */
	readonly kind: "path" | "text" | "texts";
}

/** The values of the flags, by flag. */
export type Given = Readonly<Record<string, string | readonly string[]>>;

export interface SheetPart {
	/** What the archives do not hold, and a restore needs. */
	readonly needs?: readonly SheetNeed[];
	/** Flags of `holdfast adopt` with their values. */
	readonly flags?: readonly (readonly [flag: string, value: string])[];
	/** Further lines. */
	readonly notes?: readonly string[];
	/** How to import what the destination's `keys` exported. */
	readonly importKeys?: KeyImport;
}

export interface SheetNeed {
	readonly what: string;
	/** Where it is on the machine that may be lost. */
	readonly was?: string | undefined;
	/** It is short enough to be written on the sheet. On the new machine it is put into this file, which `flag` names. */
	readonly written?: { readonly file: string; readonly flag: string };
}

export interface KeyImport {
	readonly environment: Readonly<Record<string, string>>;
	readonly words: readonly string[];
	/** For a key that is not in the repository: where it is now, and how a file for it is named. */
	readonly apart: {
		readonly was: string;
		readonly file: string;
		readonly variable: string;
		readonly flag: string;
	};
}

export interface FirstConfig {
	/** A folder for archives on this machine. */
	readonly archives: string;
	/** A folder for passphrases and keys. */
	readonly secrets: string;
	/** Whether its programs are installed. */
	readonly isInstalled: boolean;
}

interface Server<D> {
	/** The machine that holds the repository. */
	of(destination: D): string | undefined;
	/** The options for reaching it. */
	reach(at: {
		readonly user: string;
		readonly host: string;
		/** The repository's folder there. */
		readonly folder: string;
		/** The path, without suffix, of the secrets that `holdfast deploy` creates. */
		readonly secret: string;
	}): object;
}

type Definition<S extends Schema> = Omit<Engine<S>, "type"> & {
	readonly address?: keyof DestinationOf<S>;
};

export function defineEngine<const S extends Schema>(engine: Definition<S>): Engine<S> {
	return { type: engine.options.entries.type.literal, ...engine };
}
