// Flags and argument definitions that several commands share.

import type { CommandContext } from "@stricli/core";
import type { MachineNames } from "../config/names.ts";
import { byFormat, FORMATS, type FormatFlags } from "../report/formats.ts";
import { secondsOf } from "../values/duration.ts";
import type * as Proposals from "./proposals.ts";

export interface CommonFlags extends FormatFlags {
	readonly config?: string;
	readonly quiet: boolean;
	readonly debug: boolean;
}

const text = (value: string) => value;

export const switchFlag = (brief: string) =>
	({ kind: "boolean", default: false, withNegated: false, brief }) as const;
export const valueFlag = (brief: string, placeholder: string) =>
	({ kind: "parsed", parse: text, optional: true, brief, placeholder }) as const;

export const commonFlags = {
	config: valueFlag("use this config file", "FILE"),
	...byFormat((name) => switchFlag(FORMATS[name].brief)),
	quiet: switchFlag("print errors and results only"),
	debug: switchFlag("print stack traces"),
} as const;

export const pathFlag = {
	...valueFlag("only this path of a state; may be repeated", "PATH"),
	variadic: true,
} as const;

/** Parse `30s`, `10m`, `2h`, `7d` or `4w` into seconds. */
export function seconds(value: string): number {
	const found = secondsOf(value);
	if (found === undefined) throw new Error(`write a time such as 30s, 10m, 2h or 7d, not ${value}`);
	return found;
}

/** For completion: proposals that are loaded when they are needed. */
const proposing = (propose: (all: typeof Proposals, context: CommandContext, partial: string) => Proposed) =>
	async function (this: CommandContext, partial: string) {
		return propose(await import("./proposals.ts"), this, partial);
	};
type Proposed = readonly string[] | Promise<readonly string[]>;

const namesIn = (pick: (names: MachineNames) => readonly string[]) =>
	proposing((all, context) => all.namesFor(context, pick));
const machineNames = proposing((all, context) => all.machineNames(context));
export const proposeArchiveWords = proposing((all, ...typed) => all.archiveWordsFor(...typed));
export const proposeDatabases = proposing((all, context) => all.databasesToRename(context));
export const proposeCommandWords = proposing((all, context) => all.commandWords(context));
export const proposePastRuns = proposing((all, ...typed) => all.pastRuns(...typed));
export const proposeUndoableRuns = proposing((all, ...typed) => all.undoableRuns(...typed));
export const proposeUnendedRuns = proposing((all, ...typed) => all.unendedRuns(...typed));

export const waitFlag = {
	...valueFlag(
		"if another run is in progress on the machine, wait up to this long (e.g. 2h) instead of failing",
		"TIME",
	),
	parse: seconds,
} as const;

export const serviceFlag = {
	kind: "parsed",
	parse: text,
	proposeCompletions: namesIn(({ states }) => states),
	variadic: true,
	optional: true,
	brief: "a state, by name; may be repeated",
	placeholder: "NAME",
} as const;

export const providerFlag = {
	kind: "parsed",
	parse: text,
	proposeCompletions: namesIn(({ providers }) => providers),
	optional: true,
	brief: "only this provider",
	placeholder: "NAME",
} as const;

export const machineWord = {
	brief: "the machine; may be omitted when there is only one",
	placeholder: "MACHINE",
	parse: text,
	proposeCompletions: machineNames,
	optional: true,
} as const;

/** `[MACHINE…]`, in the parser's form. */
export const machineWords = {
	kind: "array",
	parameter: {
		brief: "the machines; may be omitted when there is only one",
		placeholder: "MACHINE",
		parse: text,
		proposeCompletions: machineNames,
	},
} as const;

/** How many machines are worked on at once by default. */
const USUAL_PARALLEL = 16;

export interface FleetFlags {
	readonly tag?: readonly string[];
	readonly all: boolean;
	readonly parallel: number;
}

export const fleetFlags = {
	tag: {
		...valueFlag("every machine with this tag; may be repeated", "TAG"),
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
		brief: "work on this many machines at once",
		placeholder: "N",
	},
} as const;

/** The flag for a machine, which the config names. */
export const machineFlag = (brief: string) =>
	({ ...valueFlag(brief, "MACHINE"), proposeCompletions: machineNames }) as const;

/** The flag for a machine whose archives are used, which the config need not name any more. */
export const fromFlag = (brief: string) =>
	({
		...valueFlag(brief, "MACHINE"),
		proposeCompletions: proposing((all, context) => all.archiveOwners(context)),
	}) as const;

export const onFlag = machineFlag("run on this machine of the config, over SSH");
