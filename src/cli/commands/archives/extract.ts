// holdfast archives extract ARCHIVE FILE: one file or folder, beside everything else.
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
		brief: "take one file or folder out of an archive, beside everything else",
		fullDescription:
			"Owners, modes and times come with it. Nothing that is there already is overwritten.\n\nExamples:\n  holdfast archives extract latest /srv/notes/letter.txt\n  holdfast archives extract latest /srv/notes/2024 --into /tmp/look",
	},
	parameters: {
		flags: {
			...flags,
			into: valueFlag("put it in this folder (default: the current one)", "FOLDER"),
			specialFiles: switchFlag("take out device nodes, setuid files and file capabilities as well"),
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
