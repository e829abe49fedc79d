// What a command and the completion of its words are given.
import type { CommandContext, RouteMap } from "@stricli/core";

/** What the parser passes to a command. */
export interface Context extends CommandContext {
	readonly process: CommandContext["process"] & {
		readonly env: Readonly<Partial<Record<string, string>>>;
		/** The exit code. The library's own codes for unusable arguments are negative. */
		exitCode: number | string | null;
	};
	/** The command line, starting with the command. */
	readonly words: readonly string[];
	/** All commands of the program. */
	readonly commands: () => Promise<RouteMap<CommandContext>>;
	/** For completion: what is typed so far. */
	readonly typed?: Typed;
}

/** What is typed before the word that is completed. */
export interface Typed {
	/** The arguments of the command, without its flags. */
	readonly words?: readonly string[];
	readonly config?: string;
	/** The machine, if a flag names it. */
	readonly on?: string;
}
