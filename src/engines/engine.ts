// What an engine declares: all that others know of it before they use it. A folder here is one engine: its `definition.ts` is
// this, its `schema.ts` the options, and the rest is what it does, which is loaded only once it is opened. A new engine is
// a folder and a line in list.ts.
import type * as v from "valibot";
import type { Program } from "../host/programs.ts";
import type { Destination } from "./destination.ts";

type Schema = v.GenericSchema<unknown, { readonly type: string }> & {
	readonly entries: { readonly type: { readonly literal: string } };
};
type OptionsOf<S extends Schema> = v.InferOutput<S>;
/** The options of one destination, of whichever engine. */
export type DestinationOptions = Readonly<Record<string, unknown>>;
type DestinationOf<S extends Schema> =
	OptionsOf<S> extends { readonly destinations: Readonly<Record<string, infer D>> } ? D : DestinationOptions;

export interface Engine<S extends Schema = Schema, D = DestinationOf<S>> {
	/** As a config says it. */
	readonly type: OptionsOf<S>["type"];
	/** A provider of this type. */
	readonly options: S;
	/** What a person installs for it. */
	readonly programs: readonly Program[];
	/** What it needs besides, for addresses that begin so. */
	readonly reachedBy?: readonly { readonly address: string; readonly program: Program }[];
	/** Options whose values are run, or name what is run: a person is shown them before they take over somebody else's config. */
	readonly runs?: readonly string[];
	/** Its destinations have `check`, so that a timer for it is of use. */
	readonly checks: boolean;
	/** The option that says where a destination is; absent for an engine whose providers have no destinations. */
	readonly address?: string;
	/** What is wrong with a destination that its schema cannot see. */
	faultsIn?(destination: D): readonly OptionFault[];
	/** Files with secrets that it names: `holdfast deploy` makes those that lie in Holdfast's own folder of secrets. */
	secretsOf?(destination: D): readonly SecretFile[];
	readonly adoption?: Adoption;
	/** What a recovery sheet says besides the address. */
	sheetOf?(destination: D): SheetPart;
	/** Lines of the first config that `holdfast init` writes, below `providers:`; absent where it is not proposed. */
	firstConfig?(facts: FirstConfig): readonly string[];
	/** For repositories that another machine of the config keeps. */
	readonly server?: Server<D>;
	/** Load it, and open the destinations of a provider. */
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

/** How `holdfast adopt` gets from an address to a destination. */
export interface Adoption {
	/** Whether an address is one of its own; `names` is what is in it, where it is a folder. "perhaps": if no other engine's. */
	looksLike(address: string, names: ReadonlySet<string> | undefined): boolean | "perhaps";
	/** Further flags, by their names in camel case; those of one name that several engines have are one flag. */
	readonly flags?: Readonly<Record<string, AdoptFlag>>;
	/** The options of the destination. Throws a usage error where a flag is missing. */
	destination(address: string, given: Given): object;
}

export interface AdoptFlag {
	readonly brief: string;
	readonly placeholder: string;
	/** A path is made absolute; `texts` may be given again. */
	readonly kind: "path" | "text" | "texts";
}

/** By flag. */
export type Given = Readonly<Record<string, string | readonly string[]>>;

export interface SheetPart {
	/** A passphrase opens it: the sheet has a line for it. */
	readonly isLocked?: boolean;
	/** Flags of `holdfast adopt` with their values. */
	readonly flags?: readonly (readonly [flag: string, value: string])[];
	/** Further lines. */
	readonly notes?: readonly string[];
	/** The command that puts back what `keys` of the destination gave; the address follows it. */
	readonly importKeys?: string;
}

export interface FirstConfig {
	/** A folder for archives on this machine. */
	readonly archives: string;
	/** Its programs are there. */
	readonly isInstalled: boolean;
}

interface Server<D> {
	/** The machine that keeps it. */
	of(destination: D): string | undefined;
	/** The options that follow from that. */
	reach(at: {
		readonly user: string;
		readonly host: string;
		/** The repository's folder there. */
		readonly folder: string;
		/** The path, without an ending, of the secrets that `holdfast deploy` makes. */
		readonly secret: string;
	}): object;
}

type Definition<S extends Schema> = Omit<Engine<S>, "type"> & {
	readonly address?: keyof DestinationOf<S>;
};

export function defineEngine<const S extends Schema>(engine: Definition<S>): Engine<S> {
	return { type: engine.options.entries.type.literal, ...engine };
}
