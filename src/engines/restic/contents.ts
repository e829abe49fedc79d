// Lists the entries of a snapshot with restic.
import { setImmediate } from "node:timers/promises";
import * as v from "valibot";
import { recordReader } from "../../host/lines.ts";
import { openSpool, packed } from "../../host/spool.ts";
import type { Entry } from "../archive.ts";
import type { Work } from "../destination.ts";
import { faultOf } from "../metadata.ts";
import { notUnderstood, understoodOr, when } from "../output.ts";
import { linksToFind } from "./links.ts";
import { restic } from "./run.ts";
import type { ResticDestination } from "./schema.ts";

/** A line of `restic ls --json`. */
const nodeSchema = v.object({
	path: v.string(),
	type: v.string(),
	/** Omitted by restic if 0. */
	mode: v.optional(v.number(), 0),
	uid: v.number(),
	gid: v.number(),
	size: v.optional(v.number()),
	mtime: when,
	/** From restic 0.17 on. */
	linktarget: v.optional(v.string()),
});
type Node = v.InferOutput<typeof nodeSchema>;

const messageSchema = v.looseObject({});
const BREATHS = 500;

const LETTERS: Readonly<Record<string, string>> = {
	file: "-",
	dir: "d",
	symlink: "l",
	fifo: "p",
	chardev: "c",
	dev: "b",
	socket: "s",
};

/** Bits of Go's os.FileMode (pkg.go.dev/io/fs#FileMode) for setuid, setgid and sticky. */
const SPECIAL = [
	[1 << 23, 0o4000],
	[1 << 22, 0o2000],
	[1 << 20, 0o1000],
] as const;

/** Call `tell` with every entry at and below these paths. `links`: whether to look up the targets of symlinks. */
export async function listSnapshot(
	destination: ResticDestination,
	snapshot: string,
	paths: readonly string[],
	tell: (entry: Entry) => void,
	work: Work,
	links = true,
): Promise<void> {
	using sought = links ? await linksToFind() : undefined;
	// From the first symlink with an unknown target on, entries are queued until the target is known.
	using waiting = links ? await openSpool() : undefined;
	let isWaiting = false;
	let told = 0;
	await restic(destination, ["ls", "--json", "--", snapshot], work, {
		noLock: true,
		reader: () => {
			// After a lost connection restic is run again and starts from the beginning.
			let known = told;
			return recordReader((line) => {
				const node = nodeIn(line);
				if (node === undefined || known-- > 0) return;
				told++;
				const { path, type, linktarget } = node;
				const isWanted = paths.some((root) => path === root || path.startsWith(`${root}/`));
				const isOpen = type === "symlink" && linktarget === undefined;
				sought?.entry(path, type === "symlink", isWanted && isOpen);
				if (!isWanted) return;
				isWaiting ||= isOpen && waiting !== undefined;
				if (isWaiting) waiting?.add(packed([isOpen, entryOf(node)] satisfies Waiting));
				else tell(entryOf(node));
			});
		},
	});
	if (!isWaiting || sought === undefined || waiting === undefined) return;
	const entries = waiting.records();
	/** Pass on the queued entries up to the next symlink, with its target. */
	const go = (target: string | undefined) => {
		for (let next = entries.next(); !next.done; next = entries.next()) {
			const [isOpen, entry] = JSON.parse(next.value) as Waiting;
			tell(isOpen && target !== undefined ? { ...entry, link: target } : entry);
			if (isOpen) return;
		}
	};
	let passed = 0;
	await restic(destination, ["ls", "--long", "--", snapshot], work, {
		noLock: true,
		reader: () => {
			let known = passed;
			return sought.reader((target) => {
				if (known-- > 0) return;
				passed++;
				go(target);
			});
		},
	});
	let count = 0;
	for (const rest of entries) {
		tell((JSON.parse(rest) as Waiting)[1]);
		// `tell` may write, and its buffers are freed only when other tasks get to run.
		if (++count % BREATHS === 0) await setImmediate();
	}
}

/** A packed entry, and whether it is a symlink whose target is not known yet. */
type Waiting = [isOpen: boolean, entry: Entry];

/** A line of the listing; undefined if it is not an entry. */
function nodeIn(line: string): Node | undefined {
	const message = understoodOr(messageSchema, line);
	if (message?.struct_type !== "node" && message?.message_type !== "node") return undefined;
	const { success, output, issues } = v.safeParse(nodeSchema, message, { abortEarly: true });
	if (!success) throw notUnderstood("restic ls", faultOf(issues));
	return output;
}

function entryOf({ path, type, mode, uid, gid, size, mtime, linktarget }: Node): Entry {
	return {
		path,
		type: LETTERS[type] ?? "?",
		mode: (mode & 0o777) | SPECIAL.reduce((bits, [go, unix]) => bits | (mode & go ? unix : 0), 0),
		uid,
		gid,
		size: type === "file" ? (size ?? 0) : 0,
		mtime: Math.floor(Date.parse(mtime)),
		...(type === "symlink" && linktarget !== undefined ? { link: linktarget } : {}),
	};
}
