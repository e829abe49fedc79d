// Targets of the symlinks in a snapshot. Before 0.17 restic prints them only in its plain listing, as `… DATE TIME PATH ->
// TARGET`. That listing has the same order as the JSON listing, but names and targets may contain line breaks. So the lines
// between two symlinks are counted, and the start of the next entry shows where a target ends.
import { everyRecordReader, type OutputReader } from "../../host/lines.ts";
import { openSpool, packed, type Spool } from "../../host/spool.ts";

/** `between`: lines of other entries since the previous symlink; `next`: the path of the following entry. */
type Sought = readonly [between: number, path: string, next: string | null, isWanted: boolean];

export interface LinksToFind {
	/** Pass every entry of the JSON listing, in order. The targets of wanted symlinks are reported later. */
	entry(path: string, isLink: boolean, isWanted: boolean): void;
	/** Reads the plain listing and reports the target of each wanted symlink, in order. */
	reader(tell: (target: string | undefined) => void): OutputReader;
	[Symbol.dispose](): void;
}

const linesOf = (path: string) => path.split("\n").length;

export async function linksToFind(): Promise<LinksToFind> {
	const spool = await openSpool();
	let between = 0;
	let last: { readonly between: number; readonly path: string; readonly isWanted: boolean } | undefined;
	const settle = (next: string | null) => {
		if (last !== undefined)
			spool.add(packed([last.between, last.path, next, last.isWanted] satisfies Sought));
		last = undefined;
	};
	return {
		entry(path, isLink, isWanted) {
			settle(path);
			if (isLink) {
				last = { between, path, isWanted };
				between = 0;
			} else between += linesOf(path);
		},
		reader(tell) {
			settle(null);
			return readerOf(spool, tell);
		},
		[Symbol.dispose]: () => spool[Symbol.dispose](),
	};
}

/** The fields before a path, none of which contains a blank. */
const FIELDS = /^\S+ +\d+ +\d+ +\d+ \d+-\d\d-\d\d \d\d:\d\d:\d\d /;

function readerOf(spool: Spool, tell: (target: string | undefined) => void): OutputReader {
	const all = spool.records();
	const following = () => {
		const { value, done } = all.next();
		return done ? undefined : (JSON.parse(value as string) as Sought);
	};
	let sought = following();
	let skip = sought?.[0] ?? 0;
	/** Lines of the symlink that is being read; undefined before its first. */
	let held: string[] | undefined;
	const settle = () => {
		if (sought === undefined || held === undefined) return;
		const [, path, , isWanted] = sought;
		const text =
			(held[0] ?? "").replace(FIELDS, "") +
			held
				.slice(1)
				.map((line) => `\n${line}`)
				.join("");
		const arrow = `${path} -> `;
		if (isWanted) tell(text.startsWith(arrow) ? text.slice(arrow.length) : undefined);
		held = undefined;
		sought = following();
		skip = sought?.[0] ?? 0;
	};
	const take = (line: string): void => {
		if (sought === undefined) return;
		if (held !== undefined) {
			const [, path, next] = sought;
			const isWhole = held.length >= linesOf(path);
			if (!isWhole || next === null || !begins(line, next)) {
				held.push(line);
				return;
			}
			settle();
			take(line);
			return;
		}
		if (skip > 0) {
			skip--;
			return;
		}
		held = [line];
	};
	const lines = everyRecordReader(take);
	return {
		push: (chunk) => lines.push(chunk),
		end() {
			lines.end?.();
			// The listing's final line break does not start another line.
			settle();
		},
	};
}

/** Whether a line is the first of the entry with this path. */
function begins(line: string, path: string): boolean {
	const [fields = ""] = FIELDS.exec(line) ?? [];
	if (fields === "") return false;
	const [first = "", ...more] = path.split("\n");
	const rest = line.slice(fields.length);
	// The two listings may replace invalid UTF-8 differently.
	if (path.includes("\ufffd")) return true;
	return rest === first || (more.length === 0 && rest.startsWith(`${first} -> `));
}
