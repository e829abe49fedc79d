// The document of `--help --json`: a command's words, flags and arguments, for completion and forms of other programs.
import type { Application, CommandContext } from "@stricli/core";
import { flagsOf, positionalsOf } from "./help.ts";
import { routeOf } from "./route.ts";
import { kebab } from "./spelling.ts";

export interface HelpDocument {
	/** The command with its group, e.g. `archives show`; empty for the program. */
	readonly name: string;
	readonly brief: string;
	readonly description?: string;
	readonly flags: readonly HelpFlag[];
	readonly positional: readonly HelpArgument[];
	/** Of a group, or of the program. */
	readonly commands: readonly { readonly name: string; readonly brief: string }[];
}
interface HelpFlag {
	/** As it is written: `--dry-run`. */
	readonly name: string;
	readonly brief: string;
	/** What its value is; absent if it takes none. */
	readonly value?: string;
	readonly default?: string;
	readonly repeatable: boolean;
}
interface HelpArgument {
	readonly name: string;
	readonly brief: string;
	readonly optional: boolean;
	readonly repeatable: boolean;
}

/** Undefined if the words name no command; the parser says so. */
export function helpDocument(
	words: readonly string[],
	{ root }: Application<CommandContext>,
): HelpDocument | undefined {
	if (!("getAllEntries" in root)) return undefined;
	const { named, target, next } = routeOf(
		words.filter((one) => !one.startsWith("-")),
		root,
	);
	if (next !== undefined && !("parameters" in target)) return undefined;
	const { brief, fullDescription } = target;
	const parameters = "parameters" in target ? target.parameters : {};
	return {
		name: named.join(" "),
		brief,
		...(fullDescription === undefined ? {} : { description: fullDescription }),
		flags: flagsOf(parameters).map(([name, { brief, kind, placeholder, variadic, default: usual }]) => ({
			name: `--${kebab(name)}`,
			brief,
			...(kind === "boolean" ? {} : { value: placeholder ?? "VALUE" }),
			...(kind === "boolean" || usual === undefined ? {} : { default: String(usual) }),
			repeatable: variadic === true,
		})),
		positional: positionalsOf(parameters).map(({ shown: _, ...argument }) => argument),
		commands:
			"getAllEntries" in target
				? target
						.getAllEntries()
						.map(({ name, target: { brief } }) => ({ name: name["convert-camel-to-kebab"], brief }))
				: [],
	};
}
