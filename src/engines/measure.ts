// About how large what is to be stored is, whichever engine stores it: tar counts what an archive would hold, and reads no
// file when it writes to /dev/null. Holes do not count: a file may seem to have terabytes, and tar would go through them.
import { exec } from "../host/exec.ts";
import type { Root } from "./destination.ts";
import { tarExcludes } from "./tar/exclude.ts";
import { deepestIn } from "./tar/pack.ts";

/** Bytes, with those of tar's own headers. Undefined when it cannot tell. */
export async function measure(roots: readonly Root[], signal: AbortSignal): Promise<number | undefined> {
	let sum = 0;
	for (const root of roots) {
		const excludes = await tarExcludes(root, () => deepestIn(root.path, { signal }, undefined));
		const words = ["--create", "--file=/dev/null", "--totals", "--sparse", "--directory=/", ...excludes];
		const { stderr } = await exec(["tar", ...words, "--", root.path.slice(1)], { signal });
		signal.throwIfAborted();
		const [, bytes] = /^Total bytes written: (\d+)/m.exec(stderr.join("\n")) ?? [];
		if (bytes === undefined) return undefined;
		sum += Number(bytes);
	}
	return sum;
}
