// The definition of a store that is dumped and loaded by commands of the config. It loads none of the code that runs
// them.
import { clip } from "../../values/clip.ts";
import { printable } from "../../values/printable.ts";
import type { UserCommand } from "../../values/user-command.ts";
import { defineDatabase } from "../database.ts";
import { schema } from "./schema.ts";

export const command = defineDatabase({
	key: "command",
	nameKey: "name",
	label: "store",
	kind: "store",
	schema,
	runs: ["command", "load"],
	data: ["name", "wayBack"],
	speaksSql: false,
	wayBack: ({ wayBack }) => wayBack ?? "dump",
	differs(declared, held) {
		const [now, then] = [declared, held].map(({ command }) => wordsOf(command));
		return now === then
			? undefined
			: `the dump of the store ${declared.name} was made by another command than the one in the config (${then}); what loads it is always the config's`;
	},
	open: async (dump) => (await import("./command.ts")).command(dump),
});

function wordsOf(command: UserCommand): string {
	return clip(printable("script" in command ? command.script : command.command.join(" ")), 200);
}
