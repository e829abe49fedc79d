// The hidden `holdfast __complete WORD…` that the scripts of `holdfast completion` call.
import { proposeCompletions } from "@stricli/core";
import { print } from "../report/terminal.ts";
import { application } from "./application.ts";
import type { Context } from "./command.ts";

/** One proposal a line for the last of these words: the word, a tab, what it is. */
export async function complete(words: readonly string[], context: Context): Promise<void> {
	const proposals = await proposeCompletions(await application(), words, context);
	print(proposals.map(({ completion, brief }) => `${completion}\t${brief}`));
}
