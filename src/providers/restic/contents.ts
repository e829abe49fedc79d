// What is in a snapshot, from restic's own listing.
import * as v from "valibot";
import { faultOf } from "../metadata.ts";
import { notUnderstood, when } from "../output.ts";
import type { Entry, Work } from "../provider.ts";
import { type ResticDestination, restic } from "./run.ts";

/** A line of `restic ls --json`. */
const nodeSchema = v.object({
	path: v.string(),
	type: v.string(),
	mode: v.number(),
	uid: v.number(),
	gid: v.number(),
	size: v.optional(v.number()),
	mtime: when,
	/** From restic 0.17 on. */
	linktarget: v.optional(v.string()),
});
type Node = v.InferOutput<typeof nodeSchema>;

/** Bytes of the listing for people, which is read whole. */
const LONGEST_LISTING = 256 * 1024 * 1024;

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

/** Tell every entry at and below these paths. */
export async function listSnapshot(
	destination: ResticDestination,
	snapshot: string,
	paths: readonly string[],
	tell: (entry: Entry) => void,
	work: Work,
): Promise<void> {
	const nodes: Node[] = [];
	await restic(destination, ["ls", "--json", "--", snapshot], work, {
		noLock: true,
		onJson: (message) => {
			if (message.struct_type !== "node" && message.message_type !== "node") return;
			const { success, output, issues } = v.safeParse(nodeSchema, message, { abortEarly: true });
			if (!success) throw notUnderstood("restic ls", faultOf(issues));
			nodes.push(output);
		},
	});
	const wanted = nodes.filter(({ path }) =>
		paths.some((root) => path === root || path.startsWith(`${root}/`)),
	);
	const links = wanted.some(({ type, linktarget }) => type === "symlink" && linktarget === undefined)
		? await linksOf(destination, snapshot, nodes, work)
		: new Map<string, string>();
	for (const { path, type, mode, uid, gid, size, mtime, linktarget } of wanted) {
		const link = linktarget ?? links.get(path);
		tell({
			path,
			type: LETTERS[type] ?? "?",
			mode: (mode & 0o777) | SPECIAL.reduce((bits, [go, unix]) => bits | (mode & go ? unix : 0), 0),
			uid,
			gid,
			size: type === "file" ? (size ?? 0) : 0,
			mtime: Math.floor(Date.parse(mtime)),
			...(type === "symlink" && link !== undefined ? { link } : {}),
		});
	}
}

/**
 * Where symlinks lead: older versions say that only in the listing for people, `… DATE TIME PATH -> TARGET`. It has the
 * same entries in the same order, and a name may hold line breaks, so each is looked for after the one before it.
 */
async function linksOf(
	destination: ResticDestination,
	snapshot: string,
	nodes: readonly Node[],
	work: Work,
): Promise<Map<string, string>> {
	const { stdout } = await restic(destination, ["ls", "--long", "--", snapshot], work, {
		noLock: true,
		mostBytes: LONGEST_LISTING,
	});
	const links = new Map<string, string>();
	let at = 0;
	for (const [index, { path, type }] of nodes.entries()) {
		at = stdout.indexOf(` ${path}`, at) + 1 + path.length;
		if (type !== "symlink") continue;
		const next = nodes[index + 1];
		const end =
			next === undefined ? stdout.length : stdout.lastIndexOf("\n", stdout.indexOf(` ${next.path}`, at));
		links.set(path, stdout.slice(at + " -> ".length, end).replace(/\n$/, ""));
	}
	return links;
}
