// holdfast archives show ARCHIVE: details of one archive.
import { places } from "../../../host/places.ts";
import type { ListedArchive } from "../../../plan/archives.ts";
import { Journal } from "../../../run/journal.ts";
import { EXIT } from "../../../values/error-codes.ts";
import { type MachineCall, machineCommand } from "../../command.ts";
import { archiveWord, type Flags, find, flags } from "../../one-archive.ts";

export const show = machineCommand({
	docs: { brief: "show what an archive holds, how large it is, and who made it and when" },
	parameters: { flags, positional: { kind: "tuple", parameters: [archiveWord] } },
	machine: ({ machine }) => machine,
	async run({ out, manifest }: MachineCall, given: Flags, wanted: string) {
		const { archive, destination, work } = await find(manifest, given, wanted);
		const isReadable = archive.damaged === undefined && archive.newer === undefined;
		const engines = await destination.details?.(archive.name, work).catch((error: unknown) => {
			if (isReadable) throw error;
			return {};
		});
		await out.result({ kind: "archive", archive, details: { ...tookHere(archive), ...engines } });
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
