// What is in an archive, from borg's own listing.
import { recordReader } from "../../host/lines.ts";
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
	const words = [
		"--json-lines",
		"--format={type}{mode}{uid}{gid}{size}{mtime}{linktarget}{path}",
		"--",
		archiveName(destination, archive),
		...paths.map((path) => path.slice(1)),
	];
	let told = 0;
	const reader = () => {
		// A connection that broke is made again, and borg begins from the start.
		let known = told;
		return recordReader((line) => {
			if (known-- > 0) return;
			told += 1;
			tell(entryOf(JSON.parse(line) as BorgItem));
		});
	};
	await borg(destination, "list", words, work, { reads: true, reader });
}

function entryOf(item: BorgItem): Entry {
	const further = item.type === "h" || (item.type === "-" && item.linktarget !== "");
	return {
		path: `/${item.path}`,
		type: item.type === "h" ? "-" : item.type,
		mode: modeOf(item.mode),
		uid: item.uid,
		gid: item.gid,
		size: further ? undefined : item.size,
		mtime: new Date(item.mtime).getTime(),
		...(item.type === "l" ? { link: item.linktarget } : {}),
	};
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
	let bytes = 0;
	const words = [
		"--format={size}{NL}",
		"--",
		archiveName(destination, archive),
		...paths.map((path) => path.slice(1)),
	];
	const reader = () => {
		bytes = 0;
		return recordReader((size) => {
			bytes += Number(size);
		});
	};
	await borg(destination, "list", words, work, { reads: true, reader });
	return bytes;
}
