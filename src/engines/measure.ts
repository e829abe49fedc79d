// Estimates how much is to be stored, for any engine: tar adds up the size of an archive, and does not read the files when it
// writes to /dev/null. Holes are not counted: a sparse file may claim terabytes, and tar would go through all of them.
import type { Enclosure } from "../host/enclosure.ts";
import { exec } from "../host/exec.ts";
import type { Root } from "./destination.ts";
import { tarExcludes } from "./tar/exclude.ts";
import { deepestIn } from "./tar/pack.ts";

/** Bytes, including tar's headers. Undefined if tar does not report them. `enclosure`: where the roots are looked at. */
export async function measure(
	roots: readonly Root[],
	signal: AbortSignal,
	enclosure?: Enclosure | undefined,
): Promise<number | undefined> {
	let sum = 0;
	for (const root of roots) {
		const excludes = await tarExcludes(root, () => deepestIn(root.path, { signal }, enclosure));
		const words = ["--create", "--file=/dev/null", "--totals", "--sparse", "--directory=/", ...excludes];
		const { stderr } = await exec(["tar", ...words, "--", root.path.slice(1)], {
			signal,
			enclosure,
		});
		signal.throwIfAborted();
		const [, bytes] = /^Total bytes written: (\d+)/m.exec(stderr.join("\n")) ?? [];
		if (bytes === undefined) return undefined;
		sum += Number(bytes);
	}
	return sum;
}
