// holdfast archives extract ARCHIVE FILE: copy one file or folder out, away from the live data.
import { resolve } from "node:path";
import { storedPaths } from "../../../plan/stored.ts";
import { takeOut } from "../../../plan/take-out.ts";
import { printMessage } from "../../../report/terminal.ts";
import { EXIT } from "../../../values/error-codes.ts";
import { type MachineCall, machineCommand } from "../../command.ts";
import { switchFlag, valueFlag } from "../../flags.ts";
import { archiveWord, type Flags, find, flags, word } from "../../one-archive.ts";
import { untilUndone } from "../../signals.ts";

interface ExtractFlags extends Flags {
	readonly into?: string;
	readonly specialFiles: boolean;
}

export const extract = machineCommand({
	docs: {
		brief: "extract one file or folder from an archive",
		fullDescription:
			"Owners, modes and times are kept. Existing files are not overwritten.\n\nExamples:\n  holdfast archives extract latest /srv/notes/letter.txt\n  holdfast archives extract latest /srv/notes/2024 --into /tmp/look",
	},
	parameters: {
		flags: {
			...flags,
			into: valueFlag("put it in this folder (default: the current one)", "FOLDER"),
			specialFiles: switchFlag("also extract device nodes, setuid files and file capabilities"),
		},
		positional: { kind: "tuple", parameters: [archiveWord, word("a path in the archive", "FILE")] },
	},
	machine: ({ machine }) => machine,
	async run({ out, manifest }: MachineCall, given: ExtractFlags, wanted: string, file: string) {
		const [path, folder] = [resolve(file), resolve(given.into ?? ".")];
		const { archive, destination, work } = await find(manifest, given, wanted);
		const stored = storedPaths(archive, path);
		const source = { destination, archive: archive.name, stored };
		const { to, warnings } = await untilUndone(() => takeOut(source, folder, given.specialFiles, work));
		printMessage(warnings.map((line) => `! ${line}`));
		await out.result({ kind: "answer", value: { file: to, warnings }, text: to });
		return EXIT.done;
	},
});
