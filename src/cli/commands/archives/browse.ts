// holdfast archives browse ARCHIVE [PATH]: the files in an archive.

import { resolve } from "node:path";
import { FOR_RESTORE } from "../../../config/tolerance.ts";
import type { Entry } from "../../../engines/archive.ts";
import { requireAble } from "../../../engines/destination.ts";
import { openSpool, packed } from "../../../host/spool.ts";
import { storedRoots } from "../../../plan/stored.ts";
import { resultsGone, resultsTaken, resultsWait } from "../../../report/terminal.ts";
import { EXIT } from "../../../values/error-codes.ts";
import { ARCHIVE_HELP } from "../../archive-words.ts";
import { type MachineCall, machineCommand } from "../../command.ts";
import { archiveWords, type Flags, find, flags } from "../../one-archive.ts";

const { usage, following, positional, machine } = archiveWords("perhaps a path", "PATH");

export const browse = machineCommand({
	docs: {
		brief: "list the files in an archive",
		customUsage: [usage],
		fullDescription: `With PATH, only that file or folder and what is below it.\n\n${ARCHIVE_HELP}\n\nExamples:\n  holdfast archives browse latest\n  holdfast archives browse latest /srv/notes/2024\n  holdfast archives browse usb latest /srv/notes/2024`,
	},
	outputs: async () => (await import("../../outputs/archives.ts")).ENTRIES,
	parameters: { flags, positional },
	machine,
	tolerates: FOR_RESTORE,
	async run(call: MachineCall, given: Flags, ...words: string[]) {
		const { archive, destination, work, following: path } = await find(call, given, words, following);
		const paths = storedRoots(archive, path === undefined ? undefined : resolve(path));
		requireAble(destination, "contents");
		const tell = await call.out.stream();
		// The reader has gone, as after `| head`: stop.
		const signal = AbortSignal.any([work.signal, resultsGone]);
		// The listing does not wait for a reader. Without a place on disk, memory keeps what a slow one has not read.
		using unread = await openSpool().catch(() => undefined);
		let waits = false;
		const told = (entry: Entry) => {
			waits ||= unread !== undefined && resultsWait();
			if (waits) unread?.add(packed(entry));
			else tell({ kind: "entry", entry });
		};
		await destination.contents(archive.name, paths, told, { ...work, signal });
		if (!waits) return EXIT.done;
		for (const record of unread?.records() ?? []) {
			if (resultsWait()) await resultsTaken();
			signal.throwIfAborted();
			tell({ kind: "entry", entry: JSON.parse(record) as Entry });
		}
		return EXIT.done;
	},
});
