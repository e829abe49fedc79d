// Private folders in which a restore stages new data and keeps old data. Where another user could replace one, it is
// recognized by a token in it that only we can create.
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import {
	closeSync,
	constants,
	fstatSync,
	mkdirSync,
	openSync,
	readFileSync,
	rmdirSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { HoldfastError, isErrno } from "../values/error.ts";
import { withoutInheritance } from "./attributes.ts";
import { removeTree } from "./files.ts";
import {
	closing,
	descend,
	descendMaking,
	enterOwn,
	entryIn,
	type Folder,
	isAbsent,
	openFolder,
	split,
	syncFolder,
} from "./folder.ts";
import { removeLocked } from "./immutable.ts";
import { places } from "./places.ts";
import { resolvePath } from "./trust.ts";

/** Prefix of the names of private folders next to live data. Backups and restores leave such folders out. */
export const PRIVATE = ".holdfast-";
/** The folder that fsck keeps at the root of a file system. */
export const LOST_AND_FOUND = "lost+found";
const TOKEN = ".token";
const KEY = "private.key";

/** Create a private folder with these folders in it, and sync it to disk. Its parent must exist. */
export function makeArea(area: string, folders: readonly string[]): void {
	beside(area, (parent, name) => {
		makeIn(parent, name);
		using made = enterOwn(parent, name);
		withoutInheritance(made);
		writeFileSync(made.at(TOKEN), tokenOf(area), { flag: "wx", mode: 0o600, flush: true });
		for (const folder of folders) mkdirSync(made.at(folder), { mode: 0o700 });
		syncFolder(made);
		syncFolder(parent);
	});
}

function makeIn(parent: Folder, name: string): void {
	try {
		mkdirSync(parent.at(name), { mode: 0o700 });
	} catch (cause) {
		if (!isErrno(cause, "EACCES") && !isErrno(cause, "EPERM")) throw cause;
		throw new HoldfastError(
			"permission-denied",
			`this user may not write to ${parent.path}, where a private folder is needed`,
			{
				subject: parent.path,
				cause,
				hint: `allow it (chmod u+w ${parent.path}), restore a larger part, or run as root`,
			},
		);
	}
}

/** Whether an entry is a private folder: only we can create a folder that is owned by us and closed to others. */
export function isPrivate(folder: Folder, name: string): boolean {
	if (!name.startsWith(PRIVATE)) return false;
	const found = entryIn(folder, name);
	return found?.isDirectory() === true && found.uid === process.getuid?.() && (found.mode & 0o077) === 0;
}

/** Whether a swap leaves this entry at a mount point: a private folder, or lost+found if it is really the one of fsck. */
export function isLeftInPlace(folder: Folder, name: string): boolean {
	if (name !== LOST_AND_FOUND) return isPrivate(folder, name);
	const found = entryIn(folder, name);
	return found?.isDirectory() === true && found.uid === 0 && (found.mode & 0o077) === 0;
}

/** Open an existing private folder; undefined if nothing is there. Throws `path-not-trusted` if what is there is not ours. */
export function openArea(area: string): Folder | undefined {
	const found = there(area);
	if (found === undefined || isOurs(found, area)) return found;
	found[Symbol.dispose]();
	throw new HoldfastError("path-not-trusted", `${area} is not the private folder that was created there`, {
		subject: area,
		hint: "another user has replaced it; find the original and move its content back by hand",
	});
}

/** Call `work` with the parent of a path. Inside a private folder, missing folders on the way are created. */
export function inArea<T>(path: string, work: (parent: Folder, name: string) => T): T {
	const [above, name] = split(path);
	const parts = above.split("/");
	const index = parts.findIndex((part) => part.startsWith(PRIVATE));
	if (index < 0) return beside(path, work);
	const area = parts.slice(0, index + 1).join("/");
	using opened = openArea(area);
	if (opened === undefined)
		throw new HoldfastError("area-missing", `the private folder ${area} does not exist`, {
			subject: area,
			hint: "if its file system is not mounted, mount it, then: holdfast recover",
		});
	return closing(descendMaking(opened, parts.slice(index + 1).join("/"), 0o700), (parent) =>
		work(parent, name),
	);
}

/** Delete a private folder with all its content. Safe to repeat. */
export async function removeArea(area: string): Promise<void> {
	using found = openArea(area);
	if (found !== undefined) await beside(area, removeLocked);
}

/** Delete a private folder, or a folder in our state folder or next to one of our files. Safe to repeat. */
export async function discardFolder(path: string): Promise<void> {
	const [, name] = split(path);
	// Neither the id of a run nor the name of a state contains a dot.
	return name.startsWith(PRIVATE) && !name.includes(".", 1) ? removeArea(path) : removeTree(path);
}

/** Remove a private folder whose creation was interrupted. Removes empty folders only. */
export function removeUnfinishedArea(area: string, folders: readonly string[]): void {
	using found = there(area);
	if (found === undefined) return;
	for (const folder of folders) attempt(() => rmdirSync(found.at(folder)));
	beside(area, (parent, name) => attempt(() => rmdirSync(parent.at(name))));
}

/** Whether a private folder exists and was created completely. */
export function isArea(area: string): boolean {
	using found = there(area);
	return found !== undefined && isOurs(found, area);
}

function there(area: string): Folder | undefined {
	try {
		return beside(area, descend);
	} catch (error) {
		if (isAbsent(error)) return undefined;
		throw error;
	}
}

function beside<T>(area: string, work: (parent: Folder, name: string) => T): T {
	const [above, name] = split(area);
	return closing(openFolder(isOwn(above) ? resolvePath(above).path : above), (parent) => work(parent, name));
}

/** The path of our state folder may contain links that root has set up; other paths were resolved in the plan. */
const isOwn = (path: string) => path.startsWith(`${places().state}/`);

function isOurs(found: Folder, area: string): boolean {
	if (resolvePath(split(area)[0]).openAt === undefined) return true;
	try {
		const token = readToken(found);
		const known = Buffer.from(tokenOf(area));
		return token.length === known.length && timingSafeEqual(token, known);
	} catch {
		return false;
	}
}

function readToken(found: Folder): Buffer {
	const fd = openSync(found.at(TOKEN), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
	try {
		const { size } = fstatSync(fd);
		return size < 1000 ? readFileSync(fd) : Buffer.alloc(0);
	} finally {
		closeSync(fd);
	}
}

function tokenOf(area: string): string {
	return createHmac("sha256", key()).update(area).digest("hex");
}

/** The key of the tokens, created on first use; only we can read it. */
function key(): Buffer {
	const file = join(places().state, KEY);
	mkdirSync(places().state, { recursive: true, mode: 0o700 });
	try {
		writeFileSync(file, randomBytes(32), { flag: "wx", mode: 0o600, flush: true });
	} catch (error) {
		if (!isErrno(error, "EEXIST")) throw error;
	}
	return readFileSync(file);
}

function attempt(work: () => void): void {
	try {
		work();
	} catch {
		// It is not empty, or does not exist.
	}
}
