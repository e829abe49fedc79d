// Where filesystems are mounted.
import { stat } from "node:fs/promises";
import { dirname } from "node:path";

/** Whether another filesystem is mounted at this folder; false for one that is not there. */
export async function isMountPoint(folder: string): Promise<boolean> {
	const [own, above] = await Promise.all([stat(folder), stat(dirname(folder))]).catch(() => []);
	return own !== undefined && above !== undefined && own.dev !== above.dev;
}
