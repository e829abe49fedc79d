// Lists the entries of an archive with borg.
import * as v from "valibot";
import { recordReader } from "../../host/lines.ts";
import type { Entry } from "../archive.ts";
import type { Work } from "../destination.ts";
import { modeOf } from "../mode.ts";
import { heldAmong } from "../not-held.ts";
import { count, inUtc, notUnderstood, understood, when } from "../output.ts";
import { outermost } from "../roots.ts";
import { archiveName, borg } from "./borg.ts";
import type { BorgDestination } from "./schema.ts";

/** Call `tell` with every entry at and below these paths. */
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
		...outermost(paths).map((path) => path.slice(1)),
	];
	const held = heldAmong(paths, archive);
	let told = 0;
	const reader = () => {
		// After a lost connection borg is run again and starts from the beginning.
		let known = told;
		return recordReader((line) => {
			if (known-- > 0) return;
			told += 1;
			const entry = entryOf(understood(itemSchema, line, "borg list"));
			held.found(entry);
			tell(entry);
		});
	};
	await borg(destination, "list", words, work, { reads: true, reader });
	held.requireAll();
}

const itemSchema = v.object({
	type: v.pipe(v.string(), v.length(1)),
	mode: v.string(),
	uid: v.number(),
	gid: v.number(),
	size: count,
	mtime: when,
	linktarget: v.string(),
	path: v.string(),
});

function entryOf(item: v.InferOutput<typeof itemSchema>): Entry {
	const further = item.type === "h" || (item.type === "-" && item.linktarget !== "");
	return {
		path: `/${item.path}`,
		type: item.type === "h" ? "-" : item.type,
		mode: modeOf(item.mode),
		uid: item.uid,
		gid: item.gid,
		size: further ? undefined : item.size,
		mtime: Date.parse(inUtc(item.mtime)),
		...(item.type === "l" ? { link: item.linktarget } : {}),
	};
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
			if (!/^\d+$/.test(size)) throw notUnderstood("borg list", "a size is not a number");
			bytes += Number(size);
		});
	};
	await borg(destination, "list", words, work, { reads: true, reader });
	return bytes;
}
