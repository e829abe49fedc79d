// Extract one file or folder of an archive away from the live data; and prepare a folder to mount an archive at.
import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Destination, Work } from "../engines/destination.ts";
import { requireAble } from "../engines/destination.ts";
import { into } from "../engines/into.ts";
import { renameIn } from "../host/files.ts";
import {
	descend,
	descendMaking,
	entryIn,
	openFolder,
	rootFolder,
	split,
	syncFolder,
} from "../host/folder.ts";
import { makeArea, openArea, PRIVATE, removeArea } from "../host/private-area.ts";
import { resolvePath } from "../host/trust.ts";
import { withoutSpecialFiles } from "../steps/work/special-files.ts";
import { HoldfastError } from "../values/error.ts";

export interface TakenOut {
	readonly to: string;
	/** What was left out. */
	readonly warnings: readonly string[];
}

/** Overwrites nothing that exists; the result is complete or absent. */
export async function takeOut(
	source: {
		readonly destination: Destination;
		readonly archive: string;
		/** The wanted path, and other roots of the archive within it. */
		readonly stored: readonly [string, ...string[]];
	},
	folder: string,
	specialFiles: boolean,
	work: Work,
): Promise<TakenOut> {
	const { destination } = source;
	requireAble(destination, "restore");
	const home = resolvePath(folder).path;
	const [above, name] = split(source.stored[0]);
	const to = join(home, name);
	using root = rootFolder();
	using target = descendMaking(root, home);
	const requireFree = () => {
		if (entryIn(target, name))
			throw new HoldfastError("file-exists", `${to} already exists`, {
				subject: to,
				hint: "name another folder with --into",
			});
	};
	requireFree();
	const area = join(home, `${PRIVATE}extract-${randomBytes(6).toString("hex")}`);
	makeArea(area, ["new"]);
	try {
		using open = openArea(area);
		if (open === undefined)
			throw new HoldfastError("area-missing", `${area} no longer exists`, { subject: area });
		using fresh = descend(open, "new");
		const inside = into(fresh, work.log);
		await destination.restore(source.archive, source.stored, inside, work);
		const left = specialFiles ? undefined : await withoutSpecialFiles(inside);
		using parent = descend(fresh, above);
		requireFree();
		renameIn(parent, name, target, name);
		syncFolder(target);
		return { to, warnings: left?.warnings ?? [] };
	} finally {
		await removeArea(area);
	}
}

/** An empty folder that nobody can redirect while something is mounted there; created if missing. */
export function mountPoint(folder: string): string {
	const { path, openAt } = resolvePath(folder);
	if (openAt !== undefined && openAt !== path && process.getuid?.() === 0)
		throw new HoldfastError("usage", `other users can change ${openAt}, so nothing is mounted below it`, {
			hint: "use a folder that belongs to root, such as /mnt/archive",
		});
	using root = rootFolder();
	descendMaking(root, path, 0o700)[Symbol.dispose]();
	using found = openFolder(path);
	if (readdirSync(found.self).length === 0) return path;
	throw new HoldfastError("file-exists", `${path} is not empty`, {
		subject: path,
		hint: "name a folder that is empty or does not exist",
	});
}
