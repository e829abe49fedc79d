// holdfast archives hold ARCHIVE: keep it from being pruned.
import { changeMetadata, WHERE } from "../../archive-notes.ts";
import { type MachineCall, machineCommand } from "../../command.ts";
import { valueFlag } from "../../flags.ts";
import { archiveWord, type Flags, flags } from "../../one-archive.ts";

interface HoldFlags extends Flags {
	readonly reason?: string;
}

export const hold = machineCommand({
	docs: {
		brief: "keep an archive from being pruned until it is released",
		fullDescription: `${WHERE}\n\nExample:\n  holdfast archives hold latest --reason 'before the move'`,
	},
	parameters: {
		flags: { ...flags, reason: valueFlag("the reason for the hold", "TEXT") },
		positional: { kind: "tuple", parameters: [archiveWord] },
	},
	machine: ({ machine }) => machine,
	async run(call: MachineCall, given: HoldFlags, wanted: string) {
		const reason = given.reason ?? "no reason given";
		const since = new Date().toISOString();
		return changeMetadata(call, given, wanted, {
			change: (metadata) => ({ ...metadata, hold: { reason, since } }),
			done: ({ id }) => `held ${id}: ${reason}`,
		});
	},
});
