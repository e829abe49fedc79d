// holdfast archives show|browse|extract|mount|hold|release ARCHIVE: one archive, without restoring it.
import { resolve } from "node:path";
import { buildCommand, buildRouteMap } from "@stricli/core";
import type { Entry } from "../../../engines/archive.ts";
import { requireAble } from "../../../engines/destination.ts";
import { places } from "../../../host/places.ts";
import type { ListedArchive } from "../../../plan/archives.ts";
import { storedPaths, storedRoots } from "../../../plan/stored.ts";
import { mountPoint, takeOut } from "../../../plan/take-out.ts";
import { print, printJson, printMessage, resultsGone } from "../../../report/terminal.ts";
import { archiveText, entryLine } from "../../../report/text/archives.ts";
import { Journal } from "../../../run/journal.ts";
import { guard, switchFlag, valueFlag } from "../../flags.ts";
import { untilUndone, whileShown } from "../../signals.ts";
import { hold, release } from "./hold.ts";
import { archiveWord, type Flags, find, flags, word } from "./one-archive.ts";

const show = buildCommand({
	docs: { brief: "what an archive holds, how large it is, who made it and when" },
	parameters: { flags, positional: { kind: "tuple", parameters: [archiveWord] } },
	func: (given: Flags, wanted: string) =>
		guard(given, async () => {
			const { archive, destination, work } = await find(given, wanted);
			const isReadable = archive.damaged === undefined && archive.newer === undefined;
			const engines = await destination.details?.(archive.name, work).catch((error: unknown) => {
				if (isReadable) throw error;
				return {};
			});
			const details = { ...tookHere(archive), ...engines };
			if (given.json) printJson({ ...archive, ...details }, 2);
			else print(archiveText(archive, details));
			return 0;
		}),
});

/** How long it took, when this machine made it. */
function tookHere({ metadata, provider, destination }: ListedArchive): { seconds?: number } {
	if (metadata === undefined) return {};
	const journal = Journal.open(places().state);
	const seconds = journal.took(metadata.run, `create:${provider}/${destination}`);
	journal.close();
	return seconds === undefined ? {} : { seconds };
}

const browse = buildCommand({
	docs: {
		brief: "list the files in an archive",
		fullDescription:
			"Examples:\n  holdfast archives browse latest\n  holdfast archives browse latest /srv/notes/2024",
	},
	parameters: {
		flags,
		positional: {
			kind: "tuple",
			parameters: [archiveWord, { ...word("only what is at and below this path", "PATH"), optional: true }],
		},
	},
	func: (given: Flags, wanted: string, path?: string) =>
		guard(given, async () => {
			const below = path === undefined ? undefined : resolve(path);
			const { archive, destination, work } = await find(given, wanted);
			const paths = storedRoots(archive, below);
			requireAble(destination, "contents");
			const tell = (entry: Entry) => (given.json ? printJson(entry) : print(entryLine(entry)));
			// Nobody reads on, as after `| head`: then there is nothing more to look for.
			const signal = AbortSignal.any([work.signal, resultsGone]);
			await destination.contents(archive.name, paths, tell, { ...work, signal });
			return 0;
		}),
});

interface ExtractFlags extends Flags {
	readonly into?: string;
	readonly specialFiles: boolean;
}

const extract = buildCommand({
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
	func: (given: ExtractFlags, wanted: string, file: string) =>
		guard(given, async () => {
			const [path, folder] = [resolve(file), resolve(given.into ?? ".")];
			const { archive, destination, work } = await find(given, wanted);
			const stored = storedPaths(archive, path);
			const source = { destination, archive: archive.name, stored };
			const { to, warnings } = await untilUndone(() => takeOut(source, folder, given.specialFiles, work));
			printMessage(warnings.map((line) => `! ${line}`));
			if (given.json) printJson({ file: to, warnings });
			else print(to);
			return 0;
		}),
});

const mount = buildCommand({
	docs: {
		brief: "show an archive as a folder, read-only, until you press Ctrl-C",
		fullDescription: "For engines that can: borgbackup and restic through FUSE, localbackup as it is.",
	},
	parameters: {
		flags,
		positional: { kind: "tuple", parameters: [archiveWord, word("an empty folder", "FOLDER")] },
	},
	func: (given: Flags, wanted: string, folder: string) =>
		guard(given, async () => {
			const path = resolve(folder);
			const { archive, destination, work } = await find(given, wanted);
			requireAble(destination, "mount");
			const at = mountPoint(path);
			const tell = (where: string) => printMessage(`${archive.id} is in ${where}; unmount it with Ctrl-C`);
			await whileShown(() => destination.mount(archive.name, at, tell, work));
			return 0;
		}),
});

export const archives = buildRouteMap({
	routes: { show, browse, extract, mount, hold, release },
	docs: { brief: "look into one archive, take something out of it, keep it from being pruned" },
});
