// Lists the entries of a snapshot.
import { descend, linkIn, split } from "../../host/folder.ts";
import { numberSet } from "../../host/number-set.ts";
import { isWithin } from "../../values/paths.ts";
import type { Entry } from "../archive.ts";
import { notHeld } from "../not-held.ts";
import { openFiles } from "./snapshots.ts";
import { type Found, letterOf, walker } from "./walk.ts";

/** Call `tell` with every entry at and below these paths of an archive. */
export async function contents(
	directory: string,
	archive: string,
	paths: readonly string[],
	tell: (entry: Entry) => void,
): Promise<void> {
	using files = await openFiles(directory, archive);
	// Snapshots share files as hard links, so nearly every file has several.
	const linked = numberSet();
	const { at, below } = walker(({ parent, name, path, stat }: Found) => {
		const further = stat.isFile() && stat.nlink > 1 && !linked.add(stat.ino);
		tell({
			path,
			type: letterOf(stat),
			mode: stat.mode & 0o7777,
			uid: stat.uid,
			gid: stat.gid,
			size: further ? undefined : stat.isFile() ? stat.size : 0,
			mtime: stat.mtimeMs,
			...(stat.isSymbolicLink() ? { link: linkIn(parent, name) } : {}),
		});
	});
	// Within another one, it is told with that.
	const outermost = paths.filter((path) => !paths.some((one) => one !== path && isWithin(path, one)));
	for (const path of outermost) {
		if (path === "/") await below(files, "");
		else {
			const [above, name] = split(path);
			using parent = attempt(() => descend(files, above), path, archive);
			if (!(await at(parent, name, path))) throw notHeld(path, archive);
		}
	}
}

function attempt<T>(work: () => T, path: string, archive: string): T {
	try {
		return work();
	} catch (cause) {
		throw notHeld(path, archive, cause);
	}
}
