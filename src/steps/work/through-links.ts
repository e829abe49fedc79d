// What a restore would replace that is not where its folder was, or is a link.
import { dumpLabel, liveFiles } from "../../databases/dump.ts";
import { isSystemFolder } from "../../host/system-folders.ts";
import { linkAt, resolvedOrSame } from "../../host/trust.ts";
import type { Manifest } from "../../manifest/schema.ts";
import { isWithin } from "../../values/paths.ts";
import { printable, shortPath } from "../../values/printable.ts";
import type { Place } from "../fields.ts";
import type { PreflightStep } from "../preflight.ts";

/** Through links, another state's folder may lie within the replaced data although its declared path does not. */
export function behindLinks(own: string, folder: string, live: string, manifest: Manifest): string[] {
	return Object.entries(manifest.state).flatMap(([other, { folders }]) => {
		if (other === own) return [];
		return folders
			.filter((one) => !isWithin(one, folder) && isWithin(resolvedOrSame(one), live))
			.map(
				(one) =>
					`${folder} is ${live}, and ${one} of state "${other}" is inside it, behind a link: it would be replaced too. Declare both with their real paths`,
			);
	});
}

/** A folder that is a link now, and was not when it was backed up, or was another one. */
const hasMoved = ({ folder, stored, live }: Place) => live !== folder && live !== stored;

/** A link that is a mistake must not cost the system. */
export function overSystem(place: Place): string[] {
	if (!hasMoved(place) || !isSystemFolder(place.live)) return [];
	return [
		`${place.folder} is ${place.live} now, behind a link, and was not when it was backed up: a restore would replace all of ${place.live}, which belongs to the system. Remove the link, then restore; or restore to another place with --into`,
	];
}

export function goesElsewhere(place: Place): string[] {
	if (!hasMoved(place) || isSystemFolder(place.live)) return [];
	return [
		`${place.folder} is ${place.live} now, behind a link, and was not when it was backed up: what is in ${place.live} is replaced`,
	];
}

/** A link is replaced itself; its target is not touched. */
export function givesWay({ live, folder }: Place): string[] {
	const target = linkAt(live);
	if (target === undefined) return [];
	return [
		`${live} is a symbolic link now, to ${shortPath(printable(target))}: the copy of ${folder} in the archive replaces the link; its target is not changed`,
	];
}

export function linksOf({ dumps }: PreflightStep): string[] {
	return dumps.flatMap(({ dump }) =>
		liveFiles(dump).flatMap((file) => {
			const target = linkAt(file);
			return target === undefined
				? []
				: [
						`${file} is a symbolic link, to ${shortPath(printable(target))}: the ${dumpLabel(dump)} replaces the link; its target is not changed`,
					];
		}),
	);
}
