// The definition of a command: its documentation, its flags and arguments, where it runs, and what it does. The parser,
// completion, the reference pages and calls to other machines all read it.
import {
	type BaseArgs,
	buildCommand,
	buildRouteMap,
	type Command,
	type CommandContext,
	type RouteMap,
	type TypedCommandParameters,
} from "@stricli/core";
import type * as v from "valibot";
import type { Manifest } from "../manifest/schema.ts";
import { reporterFor } from "../report/formats.ts";
import type { Reporter } from "../report/reporter.ts";
import type { Result } from "../report/result.ts";
import { linesIn, resultsGone } from "../report/terminal.ts";
import { exitOf, HoldfastError, reportOf } from "../values/error.ts";
import { shellLine } from "../values/shell.ts";
import type { Context } from "./context.ts";
import type { CommonFlags } from "./flags.ts";
import { withGroupHelp, withHelp } from "./help.ts";
import { type MachineName, machineNamed, requirePlaces, type Target } from "./machines.ts";
import type { Output, OutputCase } from "./outputs/output.ts";
import { wasInterrupted } from "./signals.ts";

/**
 * How a command runs on another machine: as a question, whose answer is printed; as a run, which continues if the
 * connection breaks; or as a run that does there exactly what was shown and agreed to here.
 */
export type Elsewhere = "question" | "run" | { agreement(): Promise<Agreement> };

/** One call of a command. */
export interface Call {
	readonly out: Reporter;
	readonly words: readonly string[];
	readonly flags: CommonFlags;
	readonly elsewhere: Elsewhere;
	/** Whether the outcome of its runs is sent to the config's `notify` services and written to the metrics. */
	readonly isReported: boolean;
	/** The names of the command's flags. */
	readonly takes: readonly string[];
	readonly commands: Context["commands"];
}

/** What the user agrees to, as the other machine answered `--dry-run --json`. */
export interface Agreement {
	readonly schema: v.GenericSchema;
	/** Of an answer that fulfils the schema, from this machine. */
	read(
		answer: unknown,
		machine: string,
	): {
		readonly shown: Result;
		/** Undefined if there is nothing to ask. */
		readonly question?: string | undefined;
		/** Added to the command line: what was agreed to. */
		readonly words: readonly string[];
	};
}

/** A call of a command that works on one machine, and that machine is this one. */
export interface MachineCall extends Call {
	readonly manifest: Manifest;
}

/** The parser's form of the flags, with those that every command has. */
type Flags<FLAGS> = CommonFlags & Readonly<Partial<Record<keyof FLAGS, unknown>>>;

interface Definition<FLAGS extends Flags<FLAGS>, ARGS extends BaseArgs> {
	readonly docs: {
		readonly brief: string;
		readonly fullDescription?: string;
		readonly customUsage?: readonly string[];
	};
	/** What it prints with `--json`. Loaded when somebody asks for it. */
	readonly outputs: () => Promise<Output | readonly OutputCase[]>;
	readonly parameters: NoInfer<TypedCommandParameters<FLAGS, ARGS, CommandContext>>;
	/** Defaults to `question`. */
	readonly elsewhere?: Elsewhere | ((flags: FLAGS) => Elsewhere);
	readonly isReported?: boolean;
}

/** A command; `run` returns the exit code. With `--on MACHINE` the command line is sent to that machine unchanged. */
export function command<const FLAGS extends Flags<FLAGS>, const ARGS extends BaseArgs = []>(
	definition: Definition<FLAGS, ARGS> & { run(call: Call, flags: FLAGS, ...words: ARGS): Promise<number> },
): Command<CommandContext> {
	return built<FLAGS, ARGS>(definition, async (call, flags, words) => {
		const { on } = flags as { readonly on?: string };
		const target = on === undefined ? undefined : await machineNamed(flags, on);
		if (target !== undefined && !target.isHere) return (await import("./elsewhere.ts")).passOn(call, target);
		return definition.run(call, flags, ...words);
	});
}

/** A command on one machine: `machine` returns its name, or undefined for the only one. Another machine gets the command line. */
export function machineCommand<const FLAGS extends Flags<FLAGS>, const ARGS extends BaseArgs = []>(
	definition: Definition<FLAGS, ARGS> & {
		/** `line`: the command line, for hints. */
		machine(flags: NoInfer<FLAGS>, words: NoInfer<ARGS>, line: readonly string[]): MachineName;
		/** Keys of the config that it does not need: see config/tolerance.ts. */
		readonly tolerates?: readonly string[];
		/** It works on a machine without archives too. */
		readonly needsNoArchives?: boolean;
		/** Asks for what is missing in the command line for another machine, and returns it complete. */
		completed?(call: MachineCall, flags: FLAGS, target: Target, words: ARGS): Promise<readonly string[]>;
		run(call: MachineCall, flags: FLAGS, ...words: ARGS): Promise<number>;
	},
): Command<CommandContext> {
	return built<FLAGS, ARGS>(definition, async (call, flags, words) => {
		const target = await machineNamed(flags, definition.machine(flags, words, call.words), {
			tolerates: definition.tolerates,
			takes: call.takes,
		});
		const { manifest } = target;
		if (definition.needsNoArchives !== true) requirePlaces(manifest);
		if (target.isHere) return definition.run({ ...call, manifest }, flags, ...words);
		const line = await definition.completed?.({ ...call, manifest }, flags, target, words);
		return (await import("./elsewhere.ts")).passOn({ ...call, words: line ?? call.words }, target);
	});
}

function built<const FLAGS extends Flags<FLAGS>, const ARGS extends BaseArgs = []>(
	{ docs, outputs, parameters, elsewhere = "question", isReported = false }: Definition<FLAGS, ARGS>,
	work: (call: Call, flags: FLAGS, words: ARGS) => Promise<number>,
): Command<CommandContext> {
	const takes = Object.keys(parameters.flags ?? {});
	const command = buildCommand<FLAGS, ARGS>({
		docs,
		parameters,
		async func(flags, ...given) {
			// Created by main.ts.
			const { process, words, commands } = this as Context;
			process.exitCode = await finished(flags, (out) => {
				requireNonempty(words);
				const how = typeof elsewhere === "function" ? elsewhere(flags) : elsewhere;
				return work({ out, words, flags, elsewhere: how, isReported, takes, commands }, flags, given);
			});
		},
	});
	const shown = withHelp(command, docs);
	OUTPUTS.set(shown, outputs);
	return shown;
}

const OUTPUTS = new WeakMap<object, Definition<CommonFlags, BaseArgs>["outputs"]>();

/** What a command prints with `--json`, in each case. */
export async function outputsOf(command: Command<CommandContext>): Promise<readonly OutputCase[]> {
	const outputs = (await OUTPUTS.get(command)?.()) ?? [];
	return "title" in outputs ? [{ output: outputs }] : outputs;
}

/** Commands that have their first words in common. */
export function commandGroup(
	definition: Parameters<typeof buildRouteMap<string, CommandContext>>[0],
): RouteMap<CommandContext> {
	return withGroupHelp(buildRouteMap(definition), definition.docs);
}

/** An empty word is mostly a shell's variable that is not set. It must not be taken for the beginning of every name. */
function requireNonempty(words: readonly string[]): void {
	if (words.some((word) => word === "" || /^--[\w-]+=$/.test(word)))
		throw new HoldfastError("usage", "a word of the command is empty", {
			hint: `it was: ${shellLine(["holdfast", ...words])}`,
		});
}

/** Do some work and return its exit code. Errors are printed and turned into one. */
export async function finished(
	flags: CommonFlags,
	work: (out: Reporter) => Promise<number>,
): Promise<number> {
	const out = await reporterFor(flags);
	try {
		return await work(out);
	} catch (caught) {
		// Cancelled code throws errors of its own, with the same meaning.
		const error =
			wasInterrupted() && !(caught instanceof HoldfastError)
				? new HoldfastError("interrupted", "interrupted", { cause: caught })
				: caught;
		if (!resultsGone.aborted) await out.error(reportOf(error), flags.debug ? traceOf(error) : []);
		return exitOf(error);
	}
}

function traceOf(error: unknown): string[] {
	const { stack = "", cause } = error instanceof Error ? error : new Error(String(error));
	return [...linesIn(stack), ...linesIn(String(cause ?? ""))];
}
