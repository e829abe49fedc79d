// Who could replace what lies at a path, and which links may be followed. Root must not be led by a service: a link is
// followed where only root (or we ourselves) can have put it; one that somebody else could have put leads only to what
// is that user's own, and is followed with that user's rights.
import { execFileSync } from "node:child_process";
import type { Stats } from "node:fs";
import { join, normalize } from "node:path";
import { HoldfastError } from "../values/error.ts";
import { isWithin } from "../values/paths.ts";
import { hasAcl } from "./acl.ts";
import {
	descendMaking,
	enter,
	entryIn,
	type Folder,
	inParent,
	linkIn,
	rootFolder,
	statOf,
} from "./folder.ts";

export interface Resolved {
	/** Absolute, normalised, and without a link in it, whether or not anything is there. */
	readonly path: string;
	/** What is there itself; undefined when nothing is. */
	readonly found: Stats | undefined;
	/** The topmost folder on the way, `path` included, in which somebody else can replace things; undefined when there is none. */
	readonly openAt: string | undefined;
}

/** The folder in which links must not be followed by who reads or writes below this path; none where nothing is. */
export function folderToClose(path: string): string[] {
	const { path: target, found, openAt } = resolvePath(path);
	if (openAt !== undefined) return [openAt];
	return found?.isDirectory() ? [target] : [];
}

/** Make a folder that is not there, with its parents, for us alone to read; it is opened where its path leads. */
export function makeFolder(path: string): Folder {
	using root = rootFolder();
	return descendMaking(root, resolvePath(path).path, 0o700);
}

const MOST_LINKS = 40;

/** Follow a path as a person means it. Throws in words when a link on it may not be followed. */
export const resolvePath = (path: string): Resolved => resolve(path, "followed");

/** Where a path is in truth, or the path as it is where that may not be found out. */
export function inTruth(path: string): string {
	try {
		return resolvePath(path).path;
	} catch {
		return path;
	}
}

/** The same, but for its last part: a link there is what is found. */
export const resolveEntry = (path: string): Resolved => resolve(path, "but the last");

/** Where a link leads that stands at a path; undefined where none does. */
export function linkAt(path: string): string | undefined {
	try {
		return inParent(resolveEntry(path).path, (parent, name) => linkIn(parent, name));
	} catch {
		return undefined;
	}
}

/** Of a path that no link may be on the way of, such as one in a service's folder. A link that is its last part is what is found. */
export const resolveUnlinked = (path: string): Resolved => resolve(path, "none");

/** What a restore replaces: where a folder is in truth; a link in its place that may not be followed is what goes. */
export function resolveReplaced(path: string): Resolved {
	try {
		return resolvePath(path);
	} catch (error) {
		const entry = resolveEntry(path);
		if (error instanceof LinkRefused && error.link === entry.path) return entry;
		throw error;
	}
}

/** A link that may not be followed. */
class LinkRefused extends HoldfastError {
	readonly link: string;

	constructor(link: string, message: string, hint: string) {
		super("path-not-trusted", message, { hint });
		this.link = link;
	}
}

/** What is done with links: those on the way, and one that is the last part. */
type Links = "followed" | "but the last" | "none";

function resolve(path: string, links: Links): Resolved {
	let names = partsOf(path);
	for (let followed = 0; followed <= MOST_LINKS; followed++) {
		const end = walk(names, links);
		if (!("again" in end)) return end;
		names = end.again;
	}
	throw new HoldfastError("path-not-trusted", `${path}: too many symbolic links`);
}

const partsOf = (path: string) => path.split("/").filter((part) => part !== "" && part !== ".");

/** From the root down to the end, or to the first link, with the names to begin with again. */
function walk(names: readonly string[], links: Links): Resolved | { readonly again: string[] } {
	/** Users who can replace something on the way; -1 for anyone of a group, or anyone at all. */
	const others = new Set<number>();
	let openAt: string | undefined;
	let at = rootFolder();
	try {
		for (const [index, name] of names.entries()) {
			const rest = names.slice(index + 1);
			// Where links have led is a path without links by now: its parent is what it says.
			if (name === "..") return { again: [...partsOf(at.path).slice(0, -1), ...rest] };
			const path = join(at.path, name);
			const found = entryIn(at, name);
			if (isReplaceable(at, found)) {
				openAt ??= at.path;
				others.add(ownerOrAnyone(statOf(at)));
			}
			if (found === undefined) return { path: join(path, ...rest), found, openAt };
			if (found.isSymbolicLink()) {
				if (rest.length === 0 && links !== "followed") return { path, found, openAt };
				if (links === "none")
					throw new HoldfastError("usage", `${path} is a symbolic link: ${rest.join("/")} is elsewhere`, {
						hint: "name a path without a link in it, or the link itself",
					});
				return { again: [...partsOf(led(at, name, found, others)), ...rest] };
			}
			if (!found.isDirectory()) {
				if (rest.length === 0) return { path, found, openAt };
				throw new HoldfastError(
					"path-occupied",
					`${path} is a file, not a folder that could hold ${rest.join("/")}`,
				);
			}
			using above = at;
			at = enter(above, name);
		}
		const found = statOf(at);
		return { path: at.path, found, openAt: openAt ?? (isOpen(at) ? at.path : undefined) };
	} finally {
		at[Symbol.dispose]();
	}
}

/** Where a link leads. */
function led(at: Folder, name: string, link: Stats, others: ReadonlySet<number>): string {
	const own = process.getuid?.() ?? 0;
	// Who is not root has no more rights than they have, and nobody else can make a link that is theirs.
	if (others.size === 0 || (own !== 0 && (link.uid === own || link.uid === 0))) {
		const target = linkIn(at, name);
		return target.startsWith("/") ? target : `${at.path}/${target}`;
	}
	if (own !== 0) throw refused(at, name, link.uid);
	const [only = -1, ...more] = others;
	const user = link.uid !== 0 ? link.uid : more.length === 0 ? only : -1;
	if (user <= 0 || !(others.has(user) || others.has(-1))) throw refused(at, name, user);
	const target = realpathAs(user, join(at.path, name));
	const owner =
		target === undefined ? undefined : inParent(target, (parent, last) => entryIn(parent, last)?.uid);
	// Led to a folder above it, whoever works on "the folder" would work on all that lies beside the link.
	const isAbove = target !== undefined && isWithin(at.path, target);
	if (target === undefined || owner !== user || isAbove) throw refused(at, name, user);
	return target;
}

/** With the rights of a user, and none of ours. Undefined where that user cannot get there. */
function realpathAs(uid: number, path: string): string | undefined {
	try {
		const identity = ["--reuid", String(uid), "--regid", String(uid), "--clear-groups", "--inh-caps=-all"];
		const argv = [...identity, "--", "realpath", "--canonicalize-existing", "--zero", "--", path];
		const text = execFileSync("setpriv", argv, {
			cwd: "/",
			env: { PATH: process.env.PATH },
			encoding: "utf8",
			stdio: ["ignore", "pipe", "ignore"],
		});
		const target = text.replace(/\0$/, "");
		return target.startsWith("/") && target !== "/" && normalize(target) === target ? target : undefined;
	} catch {
		return undefined;
	}
}

function refused(at: Folder, name: string, user: number): LinkRefused {
	const path = join(at.path, name);
	const who = user > 0 ? `user ${user} could have put it there` : "others than root could have put it there";
	return new LinkRefused(
		path,
		`${path} is a symbolic link to ${linkIn(at, name)}; ${who}, so it is not followed`,
		`if nobody is meant to have put it there: rm ${path}, then restore what was there. If it is meant: write the path that it leads to into the config`,
	);
}

/** Whether somebody else can add and replace things in a folder. */
function isOpen(at: Folder): boolean {
	const { uid, gid, mode } = statOf(at);
	if (!isOurs(uid) || (mode & 0o002) !== 0) return true;
	if ((mode & 0o020) === 0) return false;
	// A group of root's, or for anyone else their own, is no stranger.
	return !(gid === 0 || gid === process.getgid?.()) || hasAcl(`${at.self}/.`);
}

/** In a sticky folder, such as /tmp, what is ours stays where it is. */
function isReplaceable(at: Folder, found: Stats | undefined): boolean {
	if (!isOpen(at)) return false;
	const folder = statOf(at);
	const isSticky = (folder.mode & 0o1000) !== 0 && isOurs(folder.uid);
	return !(isSticky && found !== undefined && isOurs(found.uid));
}

function ownerOrAnyone({ uid }: Stats): number {
	return isOurs(uid) ? -1 : uid;
}

const isOurs = (uid: number) => uid === 0 || uid === process.getuid?.();
