// Whether an archive is as it was written: its index, and its data's lengths or checksums.

import { entryIn } from "../../host/folder.ts";
import { counted } from "../../values/counted.ts";
import { HoldfastError } from "../../values/error.ts";
import { wordsOf } from "../../values/system-error.ts";
import type { Problem } from "../archive.ts";
import type { Work } from "../destination.ts";
import { lengthsOf, readIndex, requireAsWritten } from "./index-file.ts";
import { list } from "./list.ts";
import { openArchive } from "./read.ts";

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
	if (!full) return;
	const { verifySegment } = await import("./unpack.ts");
	for (const segment of segments) await verifySegment(open, segment, work);
}
