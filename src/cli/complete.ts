// The hidden `holdfast __complete WORD…`, called by the scripts that `holdfast completion` prints.
import { proposeCompletions } from "@stricli/core";
import { print } from "../report/terminal.ts";
import { application } from "./application.ts";
import { commandFirst, readTyped, withoutLeadingFlags } from "./argv.ts";
import type { Context } from "./context.ts";

/** One proposal per line for the last of these words: the word, a tab, its description. */
export async function complete(words: readonly string[], context: Context): Promise<void> {
	const partial = words.at(-1) ?? "";
	const before = await commandFirst(words.slice(0, -1));
	const typed = await readTyped(before);
	const line = withoutLeadingFlags(before);
	// The value of a flag before the command: the shell completes files.
	if (line === undefined) return;
	const proposals = await proposeCompletions(await application(line), [...line, partial], {
		...context,
		typed,
	} as Context);
	print(
		proposals
			.filter(({ kind }) => kind !== "argument:flag" || partial.startsWith("-"))
			.map(({ completion, brief }) => `${completion}\t${brief}`),
	);
}
