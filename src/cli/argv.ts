// Flags may come before the command, as in `holdfast --config FILE list`; the parser wants them after it.
import type { Command, CommandContext, RouteMap } from "@stricli/core";
import { COMMANDS } from "./commands.ts";
import { commonFlags } from "./flags.ts";

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
	const name = word.slice(2).replace(/-[a-z]/g, (part) => part.slice(1).toUpperCase());
	return Object.hasOwn(flags, name) && flags[name]?.kind !== "boolean";
}

/** The flags of a command, or of every command in a group. */
function flagsOf(target: Command<CommandContext> | RouteMap<CommandContext>): Kinds[] {
	if ("parameters" in target) return [(target.parameters.flags ?? {}) as Kinds];
	return target.getAllEntries().flatMap((entry) => flagsOf(entry.target));
}
