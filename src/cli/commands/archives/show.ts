// holdfast archives show ARCHIVE: details of one archive.
import { FOR_RESTORE } from "../../../config/tolerance.ts";
import { places } from "../../../host/places.ts";
import type { ListedArchive } from "../../../plan/archives.ts";
import { Journal } from "../../../run/journal.ts";
import { EXIT } from "../../../values/error-codes.ts";
import { ARCHIVE_HELP } from "../../archive-words.ts";
import { type MachineCall, machineCommand } from "../../command.ts";
import { archiveWords, type Flags, find, flags } from "../../one-archive.ts";

const { usage, positional, machine } = archiveWords();

export const show = machineCommand({
	docs: {
		brief: "show an archive's content and size, and who created it and when",
		customUsage: [usage],
		fullDescription: `${ARCHIVE_HELP}\n\nExamples:\n  holdfast archives show latest\n  holdfast archives show usb web01-2026-11-24`,
	},
	outputs: async () => (await import("../../outputs/archives.ts")).ARCHIVE,
	parameters: { flags, positional },
	machine,
	tolerates: FOR_RESTORE,
	async run(call: MachineCall, given: Flags, ...words: string[]) {
		const { archive, destination, work } = await find(call, given, words);
		const isReadable = archive.damaged === undefined && archive.newer === undefined;
		const engines = await destination.details?.(archive.name, work).catch((error: unknown) => {
			if (isReadable) throw error;
			return {};
		});
		await call.out.result({ kind: "archive", archive, details: { ...tookHere(archive), ...engines } });
		return EXIT.done;
	},
});

/** How long it took, if this machine made it. */
function tookHere({ metadata, provider, destination }: ListedArchive): { seconds?: number } {
	if (metadata === undefined) return {};
	using journal = Journal.read(places().state);
	const seconds = journal.took(metadata.run, `create:${provider}/${destination}`);
	return seconds === undefined ? {} : { seconds };
}
