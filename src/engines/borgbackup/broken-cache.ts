// borg's cache of a repository. After a full disk or a power failure its files may be empty, truncated or missing, and then
// every borg command fails with a traceback until the cache is deleted (borgbackup/borg#3912, #4770, #8937). borg rebuilds it.
import { homedir } from "node:os";
import { join } from "node:path";
import { cleanEnvironment } from "../../host/exec.ts";
import { removeTree } from "../../host/files.ts";

/** A frame of a traceback in a file of borg, which is all of its line. */
const FRAME = /^(?:Remote: )?\s*File "[^"]*\/borg\/([\w/]+\.pyx?)", line \d+, in /;
/** Files that read the repository or an archive in it: a failure there is not the cache's. */
const OTHERS = new Set(["repository.py", "remote.py", "archive.py", "crypto/key.py"]);

/** Whether borg's last messages are about its cache. */
export function isCacheFault(said: readonly string[]): boolean {
	const frames = said.flatMap((line) => FRAME.exec(line)?.[1] ?? []);
	const first = frames.indexOf("cache.py");
	return first >= 0 && !frames.slice(first).some((file) => OTHERS.has(file));
}

/** Delete the cache with borg. If borg does not recognize it because its config is missing, delete the folder that it named. */
export async function discardCache(said: readonly string[], byBorg: () => Promise<unknown>): Promise<void> {
	await byBorg().catch(() => {});
	const { XDG_CACHE_HOME = join(homedir(), ".cache") } = cleanEnvironment();
	const caches = join(XDG_CACHE_HOME, "borg");
	for (const line of said) {
		const [, id] = /\/borg\/([0-9a-f]{64})\//.exec(line) ?? [];
		if (id !== undefined && line.includes(`${caches}/${id}/`)) await removeTree(join(caches, id));
	}
}
