// The commands of the program, from its parser.
import type { Application, Command, CommandContext, RouteMap } from "@stricli/core";

type Target = Command<CommandContext> | RouteMap<CommandContext>;

/** The words of each command. */
export function commandsOf({ root }: Application<CommandContext>): string[][] {
	return below(root, []);
}

function below(target: Target, words: readonly string[]): string[][] {
	if (!("getAllEntries" in target)) return [[...words]];
	return target
		.getAllEntries()
		.flatMap(({ name, target: next }) => below(next, [...words, name["convert-camel-to-kebab"]]));
}
