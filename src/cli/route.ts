// Which command or group of commands the first words of a command line name.
import type { Command, CommandContext, RouteMap } from "@stricli/core";
import { kebab } from "./spelling.ts";

type Target = Command<CommandContext> | RouteMap<CommandContext>;
type Entry = ReturnType<RouteMap<CommandContext>["getAllEntries"]>[number];

export interface Route {
	/** The words that name it. */
	readonly named: readonly string[];
	readonly target: Target;
	/** Of a group, the names of its commands. */
	readonly names: readonly string[];
	/** The word after those that name it: of a group, no command of it. */
	readonly next: string | undefined;
}

export function routeOf(words: readonly string[], root: RouteMap<CommandContext>): Route {
	let target: Target = root;
	for (const [at, word] of words.entries()) {
		const entry: Entry | undefined = entriesOf(target).find(
			({ name }) => name["convert-camel-to-kebab"] === word,
		);
		if (entry === undefined) return { named: words.slice(0, at), target, names: namesIn(target), next: word };
		target = entry.target;
	}
	return { named: words, target, names: namesIn(target), next: undefined };
}

/** The flags of a command, or of a group's own one, as they are written. */
export function flagsIn({ target }: Route): string[] {
	const command = "parameters" in target ? target : target.getDefaultCommand();
	return Object.keys(command?.parameters.flags ?? {}).map(kebab);
}

/** Whether the next word can be no argument either, if a group's own command is what runs. */
export function isLost({ named, target, next = "-" }: Route): boolean {
	const own = "parameters" in target || named.length === 0 ? undefined : target.getDefaultCommand();
	const { positional } = own?.parameters ?? {};
	return !next.startsWith("-") && positional?.kind === "tuple" && positional.parameters.length === 0;
}

const entriesOf = (target: Target) => ("parameters" in target ? [] : target.getAllEntries());

const namesIn = (target: Target) => entriesOf(target).map(({ name }) => name["convert-camel-to-kebab"]);
