// Flags may stand before the command, as in `holdfast --config FILE list`; the parser wants them after it.
import type { Command, CommandContext, RouteMap } from "@stricli/core";
import { COMMANDS } from "./commands.ts";
import { commonFlags } from "./flags.ts";

type Kinds = Readonly<Record<string, { readonly kind: string }>>;

/** Arguments with the leading flags moved to their end, or before a `--`. Which of them take a value, the command says. */
export async function commandFirst(args: readonly string[]): Promise<string[]> {
	if (!isFlag(args[0])) return [...args];
	for (const [at, word] of args.entries()) {
		const load = Object.hasOwn(COMMANDS, word) ? COMMANDS[word] : undefined;
		if (load !== undefined && flagsOf(await load()).some((flags) => lengthOf(args, flags) === at))
			return moved(args, at);
	}
	// No command that we have: the parser says so.
	return moved(args, lengthOf(args, commonFlags));
}

function moved(args: readonly string[], at: number): string[] {
	const rest = args.slice(at);
	if (rest.length === 0) return [...args];
	const end = rest.indexOf("--");
	const before = end < 0 ? rest.length : end;
	return [...rest.slice(0, before), ...args.slice(0, at), ...rest.slice(before)];
}

/** How many of the first words are flags, with their values. */
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

/** The flags of a command, or of each in a group. */
function flagsOf(target: Command<CommandContext> | RouteMap<CommandContext>): Kinds[] {
	if ("parameters" in target) return [(target.parameters.flags ?? {}) as Kinds];
	return target.getAllEntries().flatMap((entry) => flagsOf(entry.target));
}
