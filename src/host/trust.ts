// Decides which symbolic links may be followed, and who could replace what is at a path. A service must not be able to
// redirect root. A link that only root or the current user can have created is followed. A link that another user could
// have created is followed with that user's rights, and only to something that the user owns.
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
	/** Absolute and normalised, with all links resolved. It need not exist. */
	readonly path: string;
	/** What exists at `path`; undefined if nothing does. */
	readonly found: Stats | undefined;
	/** The topmost folder on the path, including its end, in which another user can replace entries; undefined if none. */
	readonly openAt: string | undefined;
	/** Users who can replace something on the way, including the ways to followed links; -1 for a group or everybody. */
	readonly others: ReadonlySet<number>;
}

/** The folder in which no link may be followed while a program works below this path; empty if nothing exists. */
export function folderToClose(path: string): string[] {
	const { path: target, found, openAt } = resolvePath(path);
	if (openAt !== undefined) return [openAt];
	return found?.isDirectory() ? [target] : [];
}

/** Create a folder and its missing parents with mode 0700, and open it. Links are followed as in `resolvePath`. */
export function makeFolder(path: string): Folder {
	using root = rootFolder();
	return descendMaking(root, resolvePath(path).path, 0o700);
}

const MAX_LINKS = 40;

/** Resolve all links on a path. Throws `path-not-trusted` if one may not be followed. */
export const resolvePath = (path: string): Resolved => resolve(path, "followed");

/** As `resolvePath`; returns the path unchanged if it cannot be resolved. */
export function resolvedOrSame(path: string): string {
	try {
		return resolvePath(path).path;
	} catch {
		return path;
	}
}

/** As `resolvePath`, but does not follow a link at the end of the path. */
export const resolveEntry = (path: string): Resolved => resolve(path, "but the last");

/** The target of the link at a path; undefined if there is no link. */
export function linkAt(path: string): string | undefined {
	try {
		return inParent(resolveEntry(path).path, (parent, name) => linkIn(parent, name));
	} catch {
		return undefined;
	}
}

/** As `resolveEntry`, for a path that must have no link on the way, such as one in a service's folder. */
export const resolveUnlinked = (path: string): Resolved => resolve(path, "none");

/** What a restore replaces: the resolved path, or the link itself if the path ends in a link that may not be followed. */
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
		super("path-not-trusted", message, { subject: link, hint });
		this.link = link;
	}
}

/** Which links are followed: all of them, all but one at the end of the path, or none. */
type Links = "followed" | "but the last" | "none";

function resolve(path: string, links: Links): Resolved {
	let names = partsOf(path);
	const others = new Set<number>();
	for (let followed = 0; followed <= MAX_LINKS; followed++) {
		const end = walk(names, links);
		for (const user of end.others) others.add(user);
		if (!("again" in end)) return { ...end, others };
		names = end.again;
	}
	throw new HoldfastError("path-not-trusted", `${path}: too many symbolic links`, { subject: path });
}

const partsOf = (path: string) => path.split("/").filter((part) => part !== "" && part !== ".");

/** Walk from the root to the end of the path, or to the first link; `again` holds the names to continue with after a link. */
function walk(
	names: readonly string[],
	links: Links,
): Resolved | { readonly again: string[]; readonly others: ReadonlySet<number> } {
	const others = new Set<number>();
	let openAt: string | undefined;
	let at = rootFolder();
	try {
		for (const [index, name] of names.entries()) {
			const rest = names.slice(index + 1);
			// `at.path` contains no links here, so its parent is its textual parent.
			if (name === "..") return { again: [...partsOf(at.path).slice(0, -1), ...rest], others };
			const path = join(at.path, name);
			const found = entryIn(at, name);
			if (isReplaceable(at, found)) {
				openAt ??= at.path;
				others.add(replacerOf(statOf(at), found));
			}
			if (found === undefined) return { path: join(path, ...rest), found, openAt, others };
			if (found.isSymbolicLink()) {
				if (rest.length === 0 && links !== "followed") return { path, found, openAt, others };
				if (links === "none")
					throw new HoldfastError(
						"usage",
						`${path} is a symbolic link, so ${rest.join("/")} is not inside this folder`,
						{
							hint: "name a path without a link in it, or the link itself",
						},
					);
				return { again: [...partsOf(led(at, name, found, others)), ...rest], others };
			}
			if (!found.isDirectory()) {
				if (rest.length === 0) return { path, found, openAt, others };
				throw new HoldfastError(
					"path-occupied",
					`${path} is a file, not a folder that could contain ${rest.join("/")}`,
					{ subject: path },
				);
			}
			using above = at;
			at = enter(above, name);
		}
		const found = statOf(at);
		return { path: at.path, found, openAt: openAt ?? (isOpen(at) ? at.path : undefined), others };
	} finally {
		at[Symbol.dispose]();
	}
}

/** The target of a link. Throws if it may not be followed. */
function led(at: Folder, name: string, link: Stats, others: ReadonlySet<number>): string {
	const own = process.getuid?.() ?? 0;
	// An ordinary user risks only their own rights, and nobody else can create a link that they own.
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
	// A link to a folder above itself would extend the operation to everything next to the link.
	const isAbove = target !== undefined && isWithin(at.path, target);
	if (target === undefined || owner !== user || isAbove) throw refused(at, name, user);
	return target;
}

/** Resolve a path with the rights of another user. Undefined if that user cannot reach it. */
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
	const who = user > 0 ? `user ${user} could have created it` : "users other than root could have created it";
	return new LinkRefused(
		path,
		`${path} is a symbolic link to ${linkIn(at, name)}; ${who}, so it is not followed`,
		`if it is not intended: rm ${path}, then restore the original. If it is: use its target in the config`,
	);
}

/** Whether another user can create or replace entries in a folder. */
function isOpen(at: Folder): boolean {
	const { uid, gid, mode } = statOf(at);
	if (!isOurs(uid) || (mode & 0o002) !== 0) return true;
	if ((mode & 0o020) === 0) return false;
	// Root's group and the caller's own group are trusted, unless an ACL grants access to others.
	return !(gid === 0 || gid === process.getgid?.()) || hasAcl(`${at.self}/.`);
}

/** In a sticky folder such as /tmp, other users cannot replace our entries. */
function isReplaceable(at: Folder, found: Stats | undefined): boolean {
	if (!isOpen(at)) return false;
	return !(isSticky(statOf(at)) && found !== undefined && isOurs(found.uid));
}

/** Who can replace this entry of a folder that is open. */
function replacerOf(folder: Stats, found: Stats | undefined): number {
	if (!isOurs(folder.uid)) return folder.uid;
	return isSticky(folder) && found !== undefined ? found.uid : -1;
}

const isSticky = ({ mode, uid }: Stats) => (mode & 0o1000) !== 0 && isOurs(uid);

const isOurs = (uid: number) => uid === 0 || uid === process.getuid?.();
