// holdfast archives release ARCHIVE: end a hold.
import { changeMetadata, WHERE } from "../../archive-notes.ts";
import { type MachineCall, machineCommand } from "../../command.ts";
import { archiveWord, type Flags, flags } from "../../one-archive.ts";

export const release = machineCommand({
	docs: { brief: "end a hold: the archive may be pruned again", fullDescription: WHERE },
	parameters: { flags, positional: { kind: "tuple", parameters: [archiveWord] } },
	machine: ({ machine }) => machine,
	async run(call: MachineCall, given: Flags, wanted: string) {
		return changeMetadata(call, given, wanted, {
			change: ({ hold: held, ...metadata }) => (held === undefined ? undefined : metadata),
			done: ({ id }) => `released ${id}`,
		});
	},
});
