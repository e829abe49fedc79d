// An archive must not replace a folder or file that the config declares with a link. Where only root can write, such a link
// would be followed as root's own (trust.ts), and from then on backups would read, and restores replace, its target.
import { closing, descend, type Folder, findBelow, linkIn, split } from "../../host/folder.ts";
import { HoldfastError } from "../../values/error.ts";
import { above, isWithin } from "../../values/paths.ts";
import type { StageStep } from "../stage.ts";

/** `folder` contains what was extracted. Throws if there is a link at one of the paths, or on the way to it. */
export function requireUnlinked(
	folder: Folder,
	{ archive, places, unlinked = [] }: Pick<StageStep, "archive" | "places" | "unlinked">,
): void {
	for (const { path, known } of unlinked) {
		const place = places.find(({ stored }) => isWithin(path, stored));
		if (place === undefined) continue;
		for (const at of [path, ...above(path)].filter((one) => isWithin(one, place.stored)).reverse()) {
			const found = findBelow(folder, at);
			if (found?.isDirectory()) continue;
			if (!found?.isSymbolicLink()) break;
			const target = targetOf(folder, at);
			if (known?.at === at && known.target === target) break;
			throw linked({ at, target, path, archive });
		}
	}
}

function targetOf(folder: Folder, path: string): string {
	const [parent, name] = split(path);
	return closing(descend(folder, parent), (at) => linkIn(at, name));
}

function linked({ at, target, path, archive }: Readonly<Record<string, string>>): HoldfastError {
	return new HoldfastError(
		"archive-mismatch",
		`${at} is a symbolic link to ${target} in the archive ${archive}, but the config declares ${path}`,
		{
			subject: String(path),
			hint: "a backup never stores a declared folder as a link, so the archive was modified, or the config was another one then. Inspect it with: holdfast restore --into FOLDER. If the link belongs there, create it, and restore again",
		},
	);
}
