// Where the symlinks of a snapshot lead. Before 0.17 restic says so only in its listing for people, `… DATE TIME PATH ->
// TARGET`. It has the entries of the other listing in the same order, and names and targets may hold line breaks: so the
// lines of everything between two symlinks are counted, and of a target's the next entry says where they end.
import { everyRecordReader, type OutputReader } from "../../host/lines.ts";
import { openSpool, packed, type Spool } from "../../host/spool.ts";

/** `between`: lines of other entries after the symlink before it; `next`: the path of the entry after it. */
type Sought = readonly [between: number, path: string, next: string | null, isWanted: boolean];

export interface LinksToFind {
	/** Every entry of the listing for programs, in its order; of wanted symlinks the target will be told. */
	entry(path: string, isLink: boolean, isWanted: boolean): void;
	/** Reads the listing for people, and tells the target of each that is wanted, in their order. */
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

/** The fields before a path, none of which holds a blank. */
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
			// The listing itself ends in a line break, which is no line.
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
	// What is no UTF-8 may have been replaced otherwise in the other listing.
	if (path.includes("\ufffd")) return true;
	return rest === first || (more.length === 0 && rest.startsWith(`${first} -> `));
}
