// Flags may come before the command, as in `holdfast --config FILE list`; the parser wants them after it.
import type { Command, CommandContext, RouteMap } from "@stricli/core";
import { COMMANDS } from "./commands.ts";
import type { Typed } from "./context.ts";
import { commonFlags } from "./flags.ts";
import { camel } from "./spelling.ts";

type Kinds = Readonly<Record<string, { readonly kind: string }>>;

/** Move leading flags to the end, or before a `--`. The command's definition says which of them take a value. */
export async function commandFirst(args: readonly string[]): Promise<string[]> {
	if (!isFlag(args[0])) return [...args];
	for (const [at, word] of args.entries()) {
		const load = Object.hasOwn(COMMANDS, word) ? COMMANDS[word] : undefined;
		if (load !== undefined && flagsOf(await load()).some((flags) => lengthOf(args, flags) === at))
			return moved(args, at);
	}
	// Not one of our commands: the parser reports it.
	return moved(args, lengthOf(args, commonFlags));
}

/** `line`: starting with the command. */
export async function readTyped(line: readonly string[]): Promise<Typed> {
	const [command = "", ...rest] = line;
	let target = Object.hasOwn(COMMANDS, command) ? await COMMANDS[command]?.() : undefined;
	while (target && !("parameters" in target)) {
		const next = target.getRoutingTargetForInput(rest[0] as never);
		if (next === undefined) break;
		if (target.getAllEntries().some(({ name }) => name.original === rest[0])) rest.shift();
		target = next;
	}
	const flags = target && "parameters" in target ? ((target.parameters.flags ?? {}) as Kinds) : commonFlags;
	const words: string[] = [];
	const values: Record<string, string> = {};
	const all = target === undefined ? line : rest;
	for (let at = 0; at < all.length; at++) {
		const word = all[at] ?? "";
		if (word === "--") {
			words.push(...all.slice(at + 1));
			break;
		}
		if (!isFlag(word)) words.push(word);
		else if (takesValue(word, flags)) values[word] = all[++at] ?? "";
		else if (word.includes("=")) values[word.slice(0, word.indexOf("="))] = word.slice(word.indexOf("=") + 1);
	}
	const { "--config": config, "--on": other, "--machine": on = other } = values;
	return { words, ...(config === undefined ? {} : { config }), ...(on === undefined ? {} : { on }) };
}

/** Undefined if the last flag lacks its value. */
export function withoutLeadingFlags(line: readonly string[]): readonly string[] | undefined {
	const length = lengthOf(line, commonFlags);
	return length > line.length ? undefined : line.slice(length);
}

function moved(args: readonly string[], at: number): string[] {
	const rest = args.slice(at);
	if (rest.length === 0) return [...args];
	const end = rest.indexOf("--");
	const before = end < 0 ? rest.length : end;
	return [...rest.slice(0, before), ...args.slice(0, at), ...rest.slice(before)];
}

/** How many of the first words are flags and their values. */
function lengthOf(args: readonly string[], flags: Kinds): number {
	let length = 0;
	while (isFlag(args[length])) length += takesValue(args[length] ?? "", flags) ? 2 : 1;
	return length;
}

const isFlag = (word: string | undefined) => word?.startsWith("--") === true && word !== "--";

function takesValue(word: string, flags: Kinds): boolean {
	const name = camel(word.slice(2));
	return Object.hasOwn(flags, name) && flags[name]?.kind !== "boolean";
}

/** The flags of a command, or of every command in a group. */
function flagsOf(target: Command<CommandContext> | RouteMap<CommandContext>): Kinds[] {
	if ("parameters" in target) return [(target.parameters.flags ?? {}) as Kinds];
	return target.getAllEntries().flatMap((entry) => flagsOf(entry.target));
}
