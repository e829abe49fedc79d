// holdfast archives hold ARCHIVE: keep it from being pruned.
import { changeMetadata, WHERE } from "../../archive-notes.ts";
import { ARCHIVE_HELP } from "../../archive-words.ts";
import { type MachineCall, machineCommand } from "../../command.ts";
import { valueFlag } from "../../flags.ts";
import { archiveWords, type Flags, flags } from "../../one-archive.ts";

const { usage, positional, machine } = archiveWords();

interface HoldFlags extends Flags {
	readonly reason?: string;
}

export const hold = machineCommand({
	docs: {
		brief: "keep an archive from being pruned until it is released",
		customUsage: [usage],
		fullDescription: `${ARCHIVE_HELP}\n\n${WHERE}\n\nExample:\n  holdfast archives hold latest --reason 'before the move'`,
	},
	outputs: async () => (await import("../../outputs/archives.ts")).HOLDS,
	parameters: {
		flags: { ...flags, reason: valueFlag("the reason for the hold", "TEXT") },
		positional,
	},
	machine,
	async run(call: MachineCall, given: HoldFlags, ...words: string[]) {
		const reason = given.reason ?? "no reason given";
		const since = new Date().toISOString();
		return changeMetadata(call, given, words, {
			change: (metadata) => ({ ...metadata, hold: { reason, since } }),
			done: ({ id }) => `held ${id}: ${reason}`,
		});
	},
});
