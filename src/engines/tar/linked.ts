// Restores a part of a segment. tar stores a file with several names once, and the other names as links to the first, which
// may lie outside of that part: it is restored as well then, and removed again.
import { rmdirSync, unlinkSync } from "node:fs";
import { descend, type Folder, findBelow, split } from "../../host/folder.ts";
import { isErrno } from "../../values/error.ts";
import type { Work } from "../destination.ts";
import type { Inside } from "../into.ts";
import type { Segment } from "./index-file.ts";
import { LinkedElsewhere, unpackSegment } from "./unpack.ts";

/** Characters of file names that one tar gets as arguments: Linux takes 2 MiB of all. */
const MAX_NAMES = 256 * 1024;

/** Write `path`, that of the segment or one below it, and nothing else into a folder, which is `inside` for tar. */
export async function unpackAlone(
	archive: Folder,
	segment: Segment,
	path: string,
	inside: Inside,
	folder: Folder,
	work: Work,
): Promise<void> {
	try {
		await unpackSegment(archive, segment, [path], inside, work);
	} catch (error) {
		if (!(error instanceof LinkedElsewhere)) throw error;
		const { linkedFrom } = await import("./contents.ts");
		const files = await linkedFrom(archive, segment, path, work);
		const missing = files.filter((file) => isBelow(file, segment.path) && !findBelow(folder, file));
		const [first, ...others] = inGroups(missing);
		if (first === undefined) throw error;
		try {
			for (const group of [first, ...others]) await unpackSegment(archive, segment, group, inside, work);
			await unpackSegment(archive, segment, [path], inside, work);
		} finally {
			for (const file of missing) removeFile(folder, file);
		}
	}
}

/** What an archive says is data from outside. */
const isBelow = (file: string, path: string) =>
	file.startsWith(`${path}/`) && !/(^|\/)\.\.?(\/|$)/.test(file);

function inGroups(files: readonly string[]): [string, ...string[]][] {
	const groups: [string, ...string[]][] = [];
	let length = 0;
	for (const file of files) {
		const group = groups.at(-1);
		length += file.length;
		if (group !== undefined && length < MAX_NAMES) group.push(file);
		else {
			groups.push([file]);
			length = file.length;
		}
	}
	return groups;
}

/** And the folders above it that are empty then: they were made for it. */
function removeFile(folder: Folder, file: string): void {
	if (!findBelow(folder, file)) return;
	inFolderOf(folder, file, unlinkSync);
	for (let [above] = split(file); above !== "/"; [above] = split(above))
		try {
			inFolderOf(folder, above, rmdirSync);
		} catch (error) {
			if (isErrno(error, "ENOTEMPTY")) return;
			throw error;
		}
}

function inFolderOf(folder: Folder, path: string, remove: (at: string | Buffer) => void): void {
	const [above, name] = split(path);
	using parent = descend(folder, above);
	remove(parent.at(name));
}
