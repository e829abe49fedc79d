// Whether an archive is as it was written: its index, and its data's lengths or checksums.

import { closeSync, readSync } from "node:fs";
import { zstdDecompressSync } from "node:zlib";
import { entryIn, type Folder, openFileBelow } from "../../host/folder.ts";
import { counted } from "../../values/counted.ts";
import { HoldfastError } from "../../values/error.ts";
import { wordsOf } from "../../values/system-error.ts";
import type { Problem } from "../archive.ts";
import type { Work } from "../destination.ts";
import { DATA, END_MARK, lengthsOf, readIndex, requireAsWritten } from "./index-file.ts";
import { list } from "./list.ts";
import { openArchive } from "./read.ts";

/** More than zstd makes of the end mark, at any level. */
const MAX_END_BYTES = 4096;

/** Reports an archive with a damaged index like one with damaged data, and checks the others anyway. */
export async function check(path: string, full: boolean, work: Work): Promise<Problem[]> {
	const problems: Problem[] = [];
	for (const { name: archive, metadata, damaged } of await list(path)) {
		work.signal.throwIfAborted();
		if (damaged !== undefined) problems.push({ archive, message: damaged });
		if (metadata === undefined) continue;
		try {
			await checkOne(path, archive, full, work);
		} catch (error) {
			work.signal.throwIfAborted();
			problems.push({ archive, message: wordsOf(error) });
		}
	}
	return problems;
}

async function checkOne(path: string, archive: string, full: boolean, work: Work): Promise<void> {
	using open = openArchive(path, archive);
	const { segments } = await readIndex(open);
	requireAsWritten(open);
	for (const [file, length] of lengthsOf(segments)) {
		const found = entryIn(open, file);
		const fault =
			found === undefined
				? "is missing"
				: !found.isFile()
					? "is not a regular file"
					: found.size < length
						? `is truncated: ${found.size} of ${counted(length, "byte")}`
						: undefined;
		if (fault !== undefined) throw new HoldfastError("archive-damaged", `${file} ${fault}`);
	}
	requireEnd(open, lengthsOf(segments).get(DATA) ?? 0);
	if (!full) return;
	const { verifySegment } = await import("./unpack.ts");
	for (const segment of segments) await verifySegment(open, segment, work);
}

/** Behind all segments is the mark that ends a tar file. A restore does without it, but a disk that has lost it may lose more. */
function requireEnd(open: Folder, from: number): void {
	const rest = Buffer.alloc(MAX_END_BYTES);
	const fd = openFileBelow(open, DATA);
	let length: number;
	try {
		length = readSync(fd, rest, 0, rest.length, from);
	} finally {
		closeSync(fd);
	}
	if (!isEndMark(rest.subarray(0, length)))
		throw new HoldfastError("archive-damaged", `${DATA} is truncated or changed at its end`);
}

function isEndMark(compressed: Buffer): boolean {
	try {
		return zstdDecompressSync(compressed, { maxOutputLength: 2 * END_MARK }).equals(Buffer.alloc(END_MARK));
	} catch {
		return false;
	}
}
