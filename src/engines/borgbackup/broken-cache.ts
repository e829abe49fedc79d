// borg's own cache of a repository: after a full disk or a power cut its files may be empty, cut or gone, and then every
// borg ends in a traceback until somebody deletes it (borgbackup/borg#3912, #4770, #8937). All of it can be made again.
import { homedir } from "node:os";
import { join } from "node:path";
import { cleanEnvironment } from "../../host/exec.ts";
import { removeTree } from "../../host/files.ts";

/** A frame of a traceback: a file of borg's own. */
const FRAME = /(?:File "[^"]*\/borg\/|src\/borg\/)([\w/]+\.pyx?)/g;
/** What reads the repository, or an archive in it: when that fails it is no fault of the cache. */
const OTHERS = new Set(["repository.py", "remote.py", "archive.py", "crypto/key.py"]);

/** Whether what borg said as it ended is about its cache. */
export function isCacheFault(said: readonly string[]): boolean {
	const frames = said.flatMap((line) => [...line.matchAll(FRAME)].map(([, file = ""]) => file));
	const first = frames.indexOf("cache.py");
	return first >= 0 && !frames.slice(first).some((file) => OTHERS.has(file));
}

/** Delete the cache: by borg, and where it does not see one that lacks its config, the folder that it named. */
export async function discardCache(said: readonly string[], byBorg: () => Promise<unknown>): Promise<void> {
	await byBorg().catch(() => {});
	const { XDG_CACHE_HOME = join(homedir(), ".cache") } = cleanEnvironment();
	const caches = join(XDG_CACHE_HOME, "borg");
	for (const line of said) {
		const [, id] = /\/borg\/([0-9a-f]{64})\//.exec(line) ?? [];
		if (id !== undefined && line.includes(`${caches}/${id}/`)) await removeTree(join(caches, id));
	}
}
