// holdfast diff [--service S…] [MACHINE] [PROVIDER|DESTINATION] ARCHIVE
import { FOR_RESTORE } from "../../config/tolerance.ts";
import { removeTree, scratchFolder } from "../../host/files.ts";
import { places } from "../../host/places.ts";
import { openSpool, packed, type Spool } from "../../host/spool.ts";
import { listArchives } from "../../plan/archives.ts";
import { chooseArchive, requireUsable } from "../../plan/choose.ts";
import { type Difference, diffArchive, diffRows } from "../../plan/diff.ts";
import { requireStates } from "../../plan/order.ts";
import { EXIT } from "../../values/error-codes.ts";
import { ARCHIVE_HELP, readArchiveWords, requireServiceNames } from "../archive-words.ts";
import { type MachineCall, machineCommand } from "../command.ts";
import { type CommonFlags, commonFlags, serviceFlag } from "../flags.ts";
import { archiveWords } from "../one-archive.ts";
import { sayLatest } from "../passed-over.ts";
import { interruptible, unwatched, whileShown } from "../signals.ts";

const { usage, following, positional, machine } = archiveWords();

interface Flags extends CommonFlags {
	readonly service?: readonly string[];
}

export const diff = machineCommand({
	docs: {
		brief: "show what a restore would change",
		customUsage: [`[--service NAME]... ${usage}`],
		fullDescription: [
			"  + is added    - is removed",
			"  ~ is changed (what differs: type, size, time, mode, owner, link)",
			"",
			"For databases it shows the tables whose number of rows differs between the archive and the live database.",
			"",
			"Files are considered equal if their type, size, modification time, mode and owner are equal.",
			"",
			ARCHIVE_HELP,
			"",
			"Examples:",
			"  holdfast diff latest",
			"  holdfast diff --service notes disk latest",
			"  holdfast diff web01 borgbackup latest --json",
		].join("\n"),
	},
	outputs: async () => (await import("../outputs/differences.ts")).DIFFERENCES,
	parameters: { flags: { ...commonFlags, service: serviceFlag }, positional },
	machine,
	tolerates: FOR_RESTORE,
	async run(call: MachineCall, flags: Flags, ...words: string[]) {
		const { out, manifest } = call;
		requireServiceNames(flags.service, manifest);
		const { wanted, where } = readArchiveWords(words, following, manifest, {
			words: call.words,
			takesService: true,
		});
		const work = unwatched(interruptible());
		const services = flags.service ?? Object.keys(manifest.state);
		requireStates(manifest, services);
		const listing = await listArchives(manifest, where.providers, work, where);
		const archive = chooseArchive(listing, wanted, services);
		requireUsable(archive);
		if (wanted === "latest") sayLatest(out, listing, archive, { services });
		// Everything is known before anything is shown, and there may be millions of lines.
		using found = await openSpool();
		const counts = { add: 0, remove: 0, change: 0 };
		const tell = (difference: Difference) => {
			counts[difference.change]++;
			found.add(packed(difference));
		};
		await diffArchive(manifest, archive, services, tell, work);
		// Awaited here: the findings are deleted when this function returns.
		return await whileShown(async () => {
			const scratch = await scratchFolder(places().state);
			try {
				const counted = await diffRows(manifest, archive, services, scratch, work);
				await out.result({
					kind: "differences",
					archive: archive.id,
					counts,
					all: () => all(found),
					rows: counted,
				});
				return counted.uncounted.length > 0 ? EXIT.partial : EXIT.done;
			} finally {
				await removeTree(scratch);
			}
		});
	},
});

/** The archive's copy of Holdfast's own records. */
function* all(found: Spool): Generator<Difference> {
	for (const record of found.records()) yield JSON.parse(record) as Difference;
}
