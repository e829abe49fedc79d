// Private folders in which a restore stages and keeps things. Where somebody else could replace one, it is told by a
// token in it that nobody but we can make.
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

/** What the names of those beside live data begin with: backups and restores of what is around them leave them out. */
export const PRIVATE = ".holdfast-";
/** Of fsck, at the root of a filesystem. */
export const LOST_AND_FOUND = "lost+found";
const TOKEN = ".token";
const KEY = "private.key";

/** Make it, with these folders in it; its parent is there. On disk when it returns. */
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
				cause,
				hint: `allow it (chmod u+w ${parent.path}), restore more than this part of it, or run as root`,
			},
		);
	}
}

/** Whether what has such a name is one: nobody else can make a folder that is ours, and closed. */
export function isPrivate(folder: Folder, name: string): boolean {
	if (!name.startsWith(PRIVATE)) return false;
	const found = entryIn(folder, name);
	return found?.isDirectory() === true && found.uid === process.getuid?.() && (found.mode & 0o077) === 0;
}

/** What a swap leaves at a mount point: private folders, and what fsck keeps there; not what a service calls so. */
export function stays(folder: Folder, name: string): boolean {
	if (name !== LOST_AND_FOUND) return isPrivate(folder, name);
	const found = entryIn(folder, name);
	return found?.isDirectory() === true && found.uid === 0 && (found.mode & 0o077) === 0;
}

/** Open one that was made; undefined when it is not there. Throws when what is there is not ours. */
export function openArea(area: string): Folder | undefined {
	const found = there(area);
	if (found === undefined || isOurs(found, area)) return found;
	found[Symbol.dispose]();
	throw new HoldfastError("path-not-trusted", `${area} is not the private folder that was made there`, {
		hint: "somebody has replaced it; find what it held and move that back by hand",
	});
}

/** Do something beside a path in a private folder, where folders on the way are made, or at a live place. */
export function inArea<T>(path: string, work: (parent: Folder, name: string) => T): T {
	const [above, name] = split(path);
	const parts = above.split("/");
	const index = parts.findIndex((part) => part.startsWith(PRIVATE));
	if (index < 0) return beside(path, work);
	const area = parts.slice(0, index + 1).join("/");
	using opened = openArea(area);
	if (opened === undefined)
		throw new HoldfastError("area-missing", `the private folder ${area} is not there`, {
			hint: "is its filesystem mounted? Mount it, then: holdfast recover",
		});
	return closing(descendMaking(opened, parts.slice(index + 1).join("/"), 0o700), (parent) =>
		work(parent, name),
	);
}

/** Delete it with all that is in it. Safe to repeat. */
export async function removeArea(area: string): Promise<void> {
	using found = openArea(area);
	if (found !== undefined) await beside(area, removeLocked);
}

/** Delete a private folder, or what is in our own state folder or beside a file of ours. Safe to repeat. */
export async function discardFolder(path: string): Promise<void> {
	const [, name] = split(path);
	// Neither a run's id nor a state's name holds a dot.
	return name.startsWith(PRIVATE) && !name.includes(".", 1) ? removeArea(path) : removeTree(path);
}

/** Take away one that was not made to its end: empty folders, and nothing else. */
export function removeUnfinishedArea(area: string, folders: readonly string[]): void {
	using found = there(area);
	if (found === undefined) return;
	for (const folder of folders) attempt(() => rmdirSync(found.at(folder)));
	beside(area, (parent, name) => attempt(() => rmdirSync(parent.at(name))));
}

/** Whether it was made to its end. */
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

/** Of our own folder a part may be a link, as root has set it up; of the others the plan knows where they lead. */
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

/** Made at the first need; only we can read it. */
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
		// It holds something, or is gone.
	}
}
