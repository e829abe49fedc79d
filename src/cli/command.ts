// What a command is: its words for people, its flags and words for the parser, where it runs, and its work. Whatever must
// know something of a command (the parser, completion, the reference, a call for another machine) reads it here.
import {
	type BaseArgs,
	buildCommand,
	type Command,
	type CommandContext,
	type TypedCommandParameters,
} from "@stricli/core";
import type { Manifest } from "../manifest/schema.ts";
import { reporterFor } from "../report/formats.ts";
import type { Reporter } from "../report/reporter.ts";
import { linesIn, resultsGone } from "../report/terminal.ts";
import { exitOf, HoldfastError, reportOf } from "../values/error.ts";
import type { CommonFlags } from "./flags.ts";
import { machineNamed } from "./machines.ts";
import { wasInterrupted } from "./signals.ts";

/** What the parser hands to a command. */
export interface Context extends CommandContext {
	readonly process: CommandContext["process"] & {
		readonly env: Readonly<Partial<Record<string, string>>>;
		/** What the command ends with; the library's own codes for unusable arguments are negative. */
		exitCode: number | string | null;
	};
	/** The command line, the command first. */
	readonly words: readonly string[];
}

/**
 * What a command is on a machine elsewhere: a question, whose answer is shown; a run, which goes on without us; or a run
 * that is shown there first, and asked about here.
 */
export type Elsewhere = "question" | "run" | "confirmed run";

/** One call of a command. */
export interface Call {
	readonly out: Reporter;
	readonly words: readonly string[];
	readonly flags: CommonFlags;
	readonly elsewhere: Elsewhere;
	/** Whether the ends of its runs are told to those whom the config's `notify` names, and go into the metrics. */
	readonly isReported: boolean;
}

/** The same, of a command that works on one machine, which is this one. */
export interface MachineCall extends Call {
	readonly manifest: Manifest;
}

/** As the parser has it, with those that every command has. */
type Flags<FLAGS> = CommonFlags & Readonly<Partial<Record<keyof FLAGS, unknown>>>;

interface Definition<FLAGS extends Flags<FLAGS>, ARGS extends BaseArgs> {
	readonly docs: {
		readonly brief: string;
		readonly fullDescription?: string;
		readonly customUsage?: readonly string[];
	};
	readonly parameters: NoInfer<TypedCommandParameters<FLAGS, ARGS, CommandContext>>;
	/** `question`, where it is left out. */
	readonly elsewhere?: Elsewhere;
	readonly isReported?: boolean;
}

/** A command; `run` returns the exit code. With a flag `--on MACHINE`, it goes to that machine as it stands. */
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

/** A command on one machine: `machine` says its name, or undefined for the only one. For another than this, it goes there. */
export function machineCommand<const FLAGS extends Flags<FLAGS>, const ARGS extends BaseArgs = []>(
	definition: Definition<FLAGS, ARGS> & {
		machine(flags: NoInfer<FLAGS>, words: NoInfer<ARGS>): string | undefined;
		run(call: MachineCall, flags: FLAGS, ...words: ARGS): Promise<number>;
	},
): Command<CommandContext> {
	return built<FLAGS, ARGS>(definition, async (call, flags, words) => {
		const target = await machineNamed(flags, definition.machine(flags, words));
		if (!target.isHere) return (await import("./elsewhere.ts")).passOn(call, target);
		return definition.run({ ...call, manifest: target.manifest }, flags, ...words);
	});
}

function built<const FLAGS extends Flags<FLAGS>, const ARGS extends BaseArgs = []>(
	{ docs, parameters, elsewhere = "question", isReported = false }: Definition<FLAGS, ARGS>,
	work: (call: Call, flags: FLAGS, words: ARGS) => Promise<number>,
): Command<CommandContext> {
	return buildCommand<FLAGS, ARGS>({
		docs,
		parameters,
		async func(flags, ...given) {
			// Made by main.ts.
			const { process, words } = this as Context;
			process.exitCode = await finished(flags, (out) =>
				work({ out, words, flags, elsewhere, isReported }, flags, given),
			);
		},
	});
}

/** The exit code of some work; what it throws is told, and becomes one. */
export async function finished(
	flags: CommonFlags,
	work: (out: Reporter) => Promise<number>,
): Promise<number> {
	const out = await reporterFor(flags);
	try {
		return await work(out);
	} catch (caught) {
		// What was cancelled says so in its own words, and means the same.
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
