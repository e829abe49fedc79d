// holdfast archives mount ARCHIVE FOLDER: an archive as a folder, until it is unmounted.
import { existsSync, rmdirSync } from "node:fs";
import { resolve } from "node:path";
import { requireAble } from "../../../engines/destination.ts";
import { mountPoint } from "../../../plan/take-out.ts";
import { printMessage } from "../../../report/terminal.ts";
import { EXIT } from "../../../values/error-codes.ts";
import { type MachineCall, machineCommand } from "../../command.ts";
import { archiveWord, type Flags, find, flags, word } from "../../one-archive.ts";
import { whileShown } from "../../signals.ts";

export const mount = machineCommand({
	docs: {
		brief: "show an archive as a folder, read-only, until you press Ctrl-C",
		fullDescription: "For engines that can: borgbackup and restic through FUSE, localbackup as it is.",
	},
	parameters: {
		flags,
		positional: { kind: "tuple", parameters: [archiveWord, word("an empty folder", "FOLDER")] },
	},
	machine: ({ machine }) => machine,
	async run({ manifest }: MachineCall, given: Flags, wanted: string, folder: string) {
		const path = resolve(folder);
		const { archive, destination, work } = await find(manifest, given, wanted);
		requireAble(destination, "mount");
		const wasThere = existsSync(path);
		const at = mountPoint(path);
		const tell = (where: string) => printMessage(`${archive.id} is in ${where}; unmount it with Ctrl-C`);
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
