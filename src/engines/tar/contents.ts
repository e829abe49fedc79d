// Lists the entries of a tar archive's segment with tar.
import type { Folder } from "../../host/folder.ts";
import { nameOf } from "../../host/names.ts";
import { HoldfastError } from "../../values/error.ts";
import type { Entry } from "../archive.ts";
import type { Work } from "../destination.ts";
import { modeOf } from "../mode.ts";
import { inUtc } from "../output.ts";
import type { Segment } from "./index-file.ts";
import { readSegment } from "./unpack.ts";

/**
 * A line of `tar --list --verbose --full-time --utc --numeric-owner --quoting-style=c`:
 * `lrwxrwxrwx 0/0  0 2026-11-24 20:30:00.123456789 "srv/a" -> "target"`.
 */
const LINE =
	/^(.)(\S{9})\S* (\d+)\/(\d+) +(\d+|\d+,\d+) (\S+ \S+) +"((?:[^"\\]|\\.)*)"(?: (?:->|link to) "(.*)")?$/;

const WORDS = ["--list", "--verbose", "--full-time", "--utc", "--numeric-owner", "--quoting-style=c"];

export async function listSegment(
	archive: Folder,
	segment: Segment,
	path: string,
	tell: (entry: Entry) => void,
	work: Work,
): Promise<void> {
	await readSegment(archive, segment, [path], work, WORDS, (line) => tell(entryOf(line)));
}

/** The files outside of `path` that hard links at and below it are further links to. */
export async function linkedFrom(
	archive: Folder,
	segment: Segment,
	path: string,
	work: Work,
): Promise<string[]> {
	const files = new Set<string>();
	await readSegment(archive, segment, [path], work, WORDS, (line) => {
		const { 1: letter, 8: link } = LINE.exec(line) ?? [];
		if (letter === "h" && link !== undefined) files.add(`/${unquoted(link)}`);
	});
	return [...files].filter((file) => file !== path && !file.startsWith(`${path}/`));
}

function entryOf(line: string): Entry {
	const [, letter = "", mode = "", uid, gid, size, time = "", name = "", link] = LINE.exec(line) ?? [];
	if (letter === "")
		throw new HoldfastError("output-invalid", `a line of tar's listing cannot be parsed: ${line}`, {
			subject: "tar",
		});
	const type = letter === "h" ? "-" : letter;
	return {
		path: `/${unquoted(name).replace(/\/$/, "")}`,
		type,
		mode: modeOf(`${letter}${mode}`),
		uid: Number(uid),
		gid: Number(gid),
		size: letter === "-" ? Number(size) : letter === "h" ? undefined : 0,
		mtime: Date.parse(inUtc(time.replace(/(\.\d{3})\d*$/, "$1").replace(" ", "T"))),
		...(type === "l" && link !== undefined ? { link: unquoted(link) } : {}),
	};
}

const ESCAPES: Readonly<Record<string, number>> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13 };

/** A C string: each byte outside ASCII is three octal digits, and the bytes of a character are adjacent. */
function unquoted(text: string): string {
	if (!text.includes("\\")) return text;
	return text.replace(/(?:\\[0-7]{3})+|\\(.)/gu, (run: string, letter?: string) => {
		if (letter !== undefined) return String.fromCharCode(ESCAPES[letter] ?? letter.charCodeAt(0));
		const bytes = Buffer.allocUnsafe(run.length / 4);
		for (let at = 0; at < bytes.length; at++)
			bytes[at] = Number.parseInt(run.slice(4 * at + 1, 4 * at + 4), 8);
		return nameOf(bytes);
	});
}
