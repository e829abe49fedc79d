// What is in an archive, from borg's own listing.
import { modeOf } from "../mode.ts";
import type { Entry, Work } from "../provider.ts";
import { archiveName, type BorgDestination, borg } from "./borg.ts";

/** Tell every entry at and below these paths. */
export async function contents(
	destination: BorgDestination,
	archive: string,
	paths: readonly string[],
	tell: (entry: Entry) => void,
	work: Work,
): Promise<void> {
	const { stdout } = await borg(
		destination,
		"list",
		[
			"--json-lines",
			"--format={type}{mode}{uid}{gid}{size}{mtime}{linktarget}{path}",
			"--",
			archiveName(destination, archive),
			...paths.map((path) => path.slice(1)),
		],
		work,
		{ reads: true },
	);
	for (const line of stdout.split("\n")) {
		if (line === "") continue;
		const item = JSON.parse(line) as BorgItem;
		const further = item.type === "h" || (item.type === "-" && item.linktarget !== "");
		tell({
			path: `/${item.path}`,
			type: item.type === "h" ? "-" : item.type,
			mode: modeOf(item.mode),
			uid: item.uid,
			gid: item.gid,
			size: further ? undefined : item.size,
			mtime: new Date(item.mtime).getTime(),
			...(item.type === "l" ? { link: item.linktarget } : {}),
		});
	}
}

interface BorgItem {
	readonly type: string;
	readonly mode: string;
	readonly uid: number;
	readonly gid: number;
	readonly size: number;
	/** Local time, without an offset. */
	readonly mtime: string;
	readonly linktarget: string;
	readonly path: string;
}

export async function sizeOf(
	destination: BorgDestination,
	archive: string,
	paths: readonly string[],
	work: Work,
): Promise<number> {
	const { stdout } = await borg(
		destination,
		"list",
		["--format={size}{NL}", "--", archiveName(destination, archive), ...paths.map((path) => path.slice(1))],
		work,
		{ reads: true },
	);
	return stdout.split("\n").reduce((sum, size) => sum + Number(size), 0);
}
