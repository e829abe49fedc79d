// holdfast archives mount ARCHIVE FOLDER: an archive as a folder, until it is unmounted.

import { existsSync, rmdirSync } from "node:fs";
import { resolve } from "node:path";
import { FOR_RESTORE } from "../../../config/tolerance.ts";
import { requireAble } from "../../../engines/destination.ts";
import { endLeftShown, recordShown } from "../../../host/shown.ts";
import { mountPoint } from "../../../plan/take-out.ts";
import { printMessage } from "../../../report/terminal.ts";
import { EXIT } from "../../../values/error-codes.ts";
import { ARCHIVE_HELP } from "../../archive-words.ts";
import { type MachineCall, machineCommand } from "../../command.ts";
import { archiveWords, type Flags, find, flags } from "../../one-archive.ts";
import { whileShown } from "../../signals.ts";

const { usage, following, positional, machine } = archiveWords("one word", "FOLDER");

export const mount = machineCommand({
	docs: {
		brief: "show an archive as a folder, read-only, until you press Ctrl-C",
		customUsage: [usage],
		fullDescription: `FOLDER is an empty folder. Supported by borgbackup and restic, which use FUSE, and\nby localbackup, whose archives are plain folders.\n\n${ARCHIVE_HELP}\n\nExample:\n  holdfast archives mount latest /mnt/look`,
	},
	outputs: async () => (await import("../../outputs/archives.ts")).MOUNTED,
	parameters: { flags, positional },
	machine,
	tolerates: FOR_RESTORE,
	async run(call: MachineCall, given: Flags, ...words: string[]) {
		const path = resolve(words.at(-1) ?? ".");
		const { archive, destination, work } = await find(call, given, words, following);
		requireAble(destination, "mount");
		await endLeftShown();
		const wasThere = existsSync(path);
		const at = mountPoint(path);
		using record = await recordShown(at);
		const tell = (where: string) => {
			record.mounted();
			void call.out.result({
				kind: "answer",
				value: { archive: archive.id, mounted: where },
				text: [],
				line: true,
			});
			printMessage(`${archive.id} is mounted at ${where}; press Ctrl-C to unmount it`);
		};
		try {
			await whileShown(() => destination.mount(archive.name, at, tell, work));
		} finally {
			if (!wasThere) removeIfEmpty(at);
		}
		return EXIT.done;
	},
});

/** Remove the folder that was created for it, unless somebody has put something there since. */
function removeIfEmpty(folder: string): void {
	try {
		rmdirSync(folder);
	} catch {
		// Still mounted, or no longer empty.
	}
}
