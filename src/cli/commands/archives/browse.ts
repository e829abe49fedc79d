// holdfast archives browse ARCHIVE [PATH]: the files in an archive.
import { resolve } from "node:path";
import { requireAble } from "../../../engines/destination.ts";
import { storedRoots } from "../../../plan/stored.ts";
import { resultsGone } from "../../../report/terminal.ts";
import { EXIT } from "../../../values/error-codes.ts";
import { type MachineCall, machineCommand } from "../../command.ts";
import { archiveWord, type Flags, find, flags, word } from "../../one-archive.ts";

export const browse = machineCommand({
	docs: {
		brief: "list the files in an archive",
		fullDescription:
			"Examples:\n  holdfast archives browse latest\n  holdfast archives browse latest /srv/notes/2024",
	},
	parameters: {
		flags,
		positional: {
			kind: "tuple",
			parameters: [archiveWord, { ...word("only this path and what is below it", "PATH"), optional: true }],
		},
	},
	machine: ({ machine }) => machine,
	async run({ out, manifest }: MachineCall, given: Flags, wanted: string, path?: string) {
		const below = path === undefined ? undefined : resolve(path);
		const { archive, destination, work } = await find(manifest, given, wanted);
		const paths = storedRoots(archive, below);
		requireAble(destination, "contents");
		const tell = await out.stream();
		// The reader has gone, as after `| head`: stop.
		const signal = AbortSignal.any([work.signal, resultsGone]);
		await destination.contents(archive.name, paths, (entry) => tell({ kind: "entry", entry }), {
			...work,
			signal,
		});
		return EXIT.done;
	},
});
