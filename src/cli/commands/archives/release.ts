// holdfast archives release ARCHIVE: end a hold.
import { changeMetadata, WHERE } from "../../archive-notes.ts";
import { ARCHIVE_HELP } from "../../archive-words.ts";
import { type MachineCall, machineCommand } from "../../command.ts";
import { archiveWords, type Flags, flags } from "../../one-archive.ts";

const { usage, positional, machine } = archiveWords();

export const release = machineCommand({
	docs: {
		brief: "remove a hold, so that the archive can be pruned again",
		customUsage: [usage],
		fullDescription: `${ARCHIVE_HELP}\n\n${WHERE}\n\nExample:\n  holdfast archives release web01-2026-11-24T010000Z-k3x9`,
	},
	outputs: async () => (await import("../../outputs/archives.ts")).HOLDS,
	parameters: { flags, positional },
	machine,
	async run(call: MachineCall, given: Flags, ...words: string[]) {
		return changeMetadata(call, given, words, {
			change: ({ hold: held, ...metadata }) => (held === undefined ? undefined : metadata),
			done: ({ id }) => `released ${id}`,
		});
	},
});
