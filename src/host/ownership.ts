// Determines who could have written or replaced a file. Root uses a config, and the code that it imports, only if nobody but
// root could have written it. For other users, a config that they did not name must be writable only by them and root.

import { lstatSync, readlinkSync, type Stats } from "node:fs";
import { dirname, join } from "node:path";
import { isErrno } from "../values/error.ts";
import { hasAcl } from "./acl.ts";
import { readText } from "./read-file.ts";

export interface Examined {
	/** The path with all links resolved. */
	readonly real: string;
	/** Why the file is not trusted, in words; undefined if it is. */
	readonly fault?: string;
}

const MAX_LINKS = 40;

/** Only root adds to these, whatever their modes say: builders write, and then the daemon takes over what they wrote. */
const STORES: readonly string[] = ["/nix/store", "/gnu/store"];

/**
 * Examine every folder and link on the way to a path. Throws the system's error if nothing is there. In a sticky folder such
 * as /tmp others cannot move our files, so one is trusted if a person named it (`isNamed`); otherwise not, because others
 * could have moved a file of ours there for us to find.
 */
export function examine(path: string, isNamed: boolean): Examined {
	let fault: string | undefined;
	const blame = (reason: string | undefined) => {
		fault ??= reason;
	};
	const way = path.split("/").filter((part) => part !== "" && part !== ".");
	let links = 0;
	let at = "/";
	let folder = lstatSync(at);
	blame(folderFault(at, folder));
	for (let part = way.shift(); part !== undefined; part = way.shift()) {
		if (part === "..") {
			at = dirname(at);
			folder = lstatSync(at);
			continue;
		}
		const next = join(at, part);
		const stats = lstatSync(next);
		// Others cannot move our folders.
		if (!isNamed && !stats.isDirectory() && isSticky(folder) && isOpen(at, folder))
			blame(`${at} is a folder that others can write to`);
		if (stats.isSymbolicLink()) {
			if (++links > MAX_LINKS) throw Object.assign(new Error(`ELOOP: ${path}`), { code: "ELOOP" });
			if (!isTrusted(stats.uid)) blame(`the link ${next} belongs to ${nameOf(stats.uid)}`);
			const target = readlinkSync(next);
			way.unshift(...target.split("/").filter((one) => one !== "" && one !== "."));
			if (target.startsWith("/")) {
				at = "/";
				folder = lstatSync(at);
			}
			continue;
		}
		at = next;
		folder = stats;
		blame(stats.isDirectory() ? folderFault(at, stats) : fileFault(at, stats));
		if (!stats.isDirectory() && way.length > 0)
			throw Object.assign(new Error(`ENOTDIR: ${path}`), { code: "ENOTDIR" });
	}
	return fault === undefined ? { real: at } : { real: at, fault };
}

function folderFault(path: string, stats: Stats): string | undefined {
	if (!isTrusted(stats.uid)) return `the folder ${path} belongs to ${nameOf(stats.uid)}`;
	if (!isOpen(path, stats) || isSticky(stats)) return undefined;
	return `others can write to the folder ${path} (${modeOf(stats)})`;
}

/** Why a file itself is not trusted, regardless of its folder. Also usable once the file is open. */
export function fileFault(path: string, stats: Stats): string | undefined {
	if (!isTrusted(stats.uid)) return `${path} belongs to ${nameOf(stats.uid)}`;
	if (isOpen(path, stats)) return `others can write to ${path} (${modeOf(stats)})`;
	return undefined;
}

const isSticky = ({ mode }: Stats) => (mode & 0o1000) !== 0;
const modeOf = ({ mode }: Stats) => (mode & 0o7777).toString(8).padStart(4, "0");

/** Whether an untrusted user may write to it. */
function isOpen(path: string, { mode, gid }: Stats): boolean {
	if (STORES.includes(path)) return false;
	return (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && (!isTrustedGroup(gid) || hasAcl(path)));
}

/** Trusted are root, the current user and, for root, the user who started this command with sudo or doas. */
function isTrusted(uid: number): boolean {
	return uid === 0 || uid === process.geteuid?.() || uid === ownerOfAll() || callers().has(uid);
}

let ofAll: number | undefined;
/** In a user namespace root may have another number; the owner of `/` controls everything. */
function ownerOfAll(): number {
	ofAll ??= lstatSync("/").uid;
	return ofAll;
}

let known: ReadonlySet<number> | undefined;
/** The users who started this command with sudo or doas: they can run anything as root already. */
function callers(): ReadonlySet<number> {
	const { SUDO_UID, DOAS_USER } = process.env;
	known ??= new Set(
		process.geteuid?.() === 0
			? [
					...(/^\d+$/.test(SUDO_UID ?? "") ? [Number(SUDO_UID)] : []),
					...accounts().flatMap(({ name, uid }) =>
						DOAS_USER !== undefined && name === DOAS_USER ? [uid] : [],
					),
				]
			: [],
	);
	return known;
}

/** Groups whose members can become root anyway. */
const ADMINS: ReadonlySet<string> = new Set(["root", "wheel", "sudo", "admin"]);

const groups = new Map<number, boolean>();

/** Root's group, an administrators' group, or a group with trusted members only, such as a user's private group. */
function isTrustedGroup(gid: number): boolean {
	if (gid === 0) return true;
	const before = groups.get(gid);
	if (before !== undefined) return before;
	const entry = linesOf("/etc/group").find(([, , id]) => Number(id) === gid);
	const [name = "", , , members = ""] = entry ?? [];
	const within = new Set(members.split(",").filter((one) => one !== ""));
	const all = accounts().filter((one) => within.delete(one.name) || one.gid === gid);
	const trusted =
		entry !== undefined &&
		(ADMINS.has(name) || (within.size === 0 && all.every(({ uid }) => isTrusted(uid))));
	groups.set(gid, trusted);
	return trusted;
}

interface Entry {
	readonly name: string;
	readonly uid: number;
	readonly gid: number;
}

/** Reads the local files only: the members of a group from another source are unknown. */
function accounts(): Entry[] {
	return linesOf("/etc/passwd").map(([name = "", , uid, gid]) => ({
		name,
		uid: Number(uid),
		gid: Number(gid),
	}));
}

/** The name of a user, for messages. */
export function nameOf(uid: number): string {
	const found = accounts().find((one) => one.uid === uid);
	return found ? `${found.name} (user ${uid})` : `user ${uid}`;
}

function linesOf(file: string): string[][] {
	try {
		const text = readText(file, { most: 16 * 1024 ** 2 });
		return text.split("\n").map((line) => line.split(":"));
	} catch (error) {
		if (isErrno(error, "ENOENT")) return [];
		throw error;
	}
}
