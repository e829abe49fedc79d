// holdfast archives extract ARCHIVE FILE: copy one file or folder out, away from the live data.

import { resolve } from "node:path";
import { FOR_RESTORE } from "../../../config/tolerance.ts";
import { storedPaths } from "../../../plan/stored.ts";
import { takeOut } from "../../../plan/take-out.ts";
import { printMessage } from "../../../report/terminal.ts";
import { EXIT } from "../../../values/error-codes.ts";
import { ARCHIVE_HELP } from "../../archive-words.ts";
import { type MachineCall, machineCommand } from "../../command.ts";
import { switchFlag, valueFlag } from "../../flags.ts";
import { archiveWords, type Flags, find, flags } from "../../one-archive.ts";
import { untilUndone } from "../../signals.ts";

const { usage, following, positional, machine } = archiveWords("one word", "FILE");

interface ExtractFlags extends Flags {
	readonly into?: string;
	readonly specialFiles: boolean;
}

export const extract = machineCommand({
	docs: {
		brief: "extract one file or folder from an archive",
		customUsage: [usage],
		fullDescription: `FILE is a file or folder by its original path. Owners, modes and times are kept.\nExisting files are not overwritten.\n\n${ARCHIVE_HELP}\n\nExamples:\n  holdfast archives extract latest /srv/notes/letter.txt\n  holdfast archives extract latest /srv/notes/2024 --into /tmp/look`,
	},
	outputs: async () => (await import("../../outputs/archives.ts")).EXTRACTED,
	parameters: {
		flags: {
			...flags,
			into: valueFlag("extract into this folder (default: the current one)", "FOLDER"),
			specialFiles: switchFlag("also extract device nodes, setuid files and file capabilities"),
		},
		positional,
	},
	machine,
	tolerates: FOR_RESTORE,
	async run(call: MachineCall, given: ExtractFlags, ...words: string[]) {
		const [path, folder] = [resolve(words.at(-1) ?? "."), resolve(given.into ?? ".")];
		const { archive, destination, work } = await find(call, given, words, following);
		const stored = storedPaths(archive, path);
		const source = { destination, archive: archive.name, stored };
		const { to, warnings } = await untilUndone(() => takeOut(source, folder, given.specialFiles, work));
		printMessage(warnings.map((line) => `! ${line}`));
		await call.out.result({ kind: "answer", value: { file: to, warnings }, text: to });
		return EXIT.done;
	},
});
