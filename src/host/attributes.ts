// Copy a folder's own owner, mode, times, ACL and extended attributes to another folder, and nothing that is in it.
import { pipeline } from "node:stream/promises";
import { HoldfastError } from "../manifest/error.ts";
import { describeEnd, start } from "./exec.ts";
import type { Folder } from "./folder.ts";

const KINDS = ["--acls", "--xattrs", "--xattrs-include=*"];

/** tar knows every kind of attribute, and is there. */
export async function copyAttributes(from: Folder, to: Folder): Promise<void> {
	const words = ["--create", "--file=-", "--format=posix", ...KINDS, "--no-recursion", "."];
	const read = await start(["tar", ...words], { cwd: from.self, pipeOut: true });
	const own = process.getuid?.() === 0 ? ["--same-owner"] : [];
	const set = await start(["tar", "--extract", "--file=-", "--preserve-permissions", ...own, ...KINDS], {
		cwd: to.self,
		pipeIn: true,
	});
	if (read.stdout && set.stdin) await pipeline(read.stdout, set.stdin).catch(() => {});
	for (const [end, doing] of [
		[await read.done, `read the attributes of ${from.path}`],
		[await set.done, `set the attributes of ${to.path}`],
	] as const)
		if (end.code !== 0)
			throw new HoldfastError("failed", `could not ${doing}: tar ${describeEnd(end)}`, {
				details: end.stderr,
			});
}
