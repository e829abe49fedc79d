// The hidden `holdfast __complete WORD…`, called by the scripts that `holdfast completion` prints.
import { proposeCompletions } from "@stricli/core";
import { print } from "../report/terminal.ts";
import { application } from "./application.ts";
import type { Context } from "./command.ts";

/** One proposal per line for the last of these words: the word, a tab, its description. */
export async function complete(words: readonly string[], context: Context): Promise<void> {
	const proposals = await proposeCompletions(await application(), words, context);
	print(proposals.map(({ completion, brief }) => `${completion}\t${brief}`));
}
