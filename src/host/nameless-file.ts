import { mkdtempSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";

/** The descriptor of a new file in the folder that has no name, so that it disappears with this process. */
export function namelessFile(folder: string): number {
	const own = mkdtempSync(join(folder, "holdfast-"));
	try {
		return openSync(join(own, "file"), "wx+", 0o600);
	} finally {
		rmSync(own, { recursive: true, force: true });
	}
}
