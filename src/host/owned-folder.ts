// A folder in which a command runs as the folder's owner. Only root and that owner may decide which folder it is: another
// user could otherwise lead the command to data that are not their own.
import { HoldfastError } from "../values/error.ts";
import type { Identity } from "./exec.ts";
import { openFolder, statOf } from "./folder.ts";
import { type Resolved, resolvePath } from "./trust.ts";
import { type Account, accountOf, ownUser } from "./users.ts";

export interface OwnedFolder extends Disposable {
	/** The folder itself, as a path that is valid in this process while it is open. */
	readonly self: string;
	/** For its environment: a number that belongs to no user is its own name. */
	readonly owner: Account;
	/** As whom to run: a number that belongs to no user has the folder's group, and no others. */
	readonly identity: Identity;
}

/** Throws `path-not-trusted` if another user could have put the folder there, or can write into it if it is root's. */
export async function openOwned(path: string): Promise<OwnedFolder> {
	const way = resolvePath(path);
	if (!way.found?.isDirectory())
		throw new HoldfastError("folder-not-found", `${path} does not exist or is no folder`, { subject: path });
	const folder = openFolder(way.path);
	try {
		const { uid, gid } = statOf(folder);
		requireOnlyOwners(path, way, uid);
		const known = await accountOf(uid);
		return {
			self: folder.self,
			owner: known ?? { name: String(uid), uid, gid, home: "/" },
			identity: known ?? { uid, gid },
			[Symbol.dispose]: () => folder[Symbol.dispose](),
		};
	} catch (error) {
		folder[Symbol.dispose]();
		throw error;
	}
}

function requireOnlyOwners(path: string, { openAt, others }: Resolved, owner: number): void {
	const own = ownUser();
	if (own.uid !== 0) {
		if (owner === own.uid) return;
		throw new HoldfastError("failed", `cannot run as the owner of ${path}: Holdfast runs as "${own.name}"`, {
			subject: path,
			hint: "run Holdfast as root, or remove `asOwnerOf`",
		});
	}
	const isOpen = owner === 0 && openAt !== undefined;
	if (!isOpen && [...others].every((user) => user === owner)) return;
	throw new HoldfastError(
		"path-not-trusted",
		`${path} belongs to ${owner === 0 ? "root" : `user ${owner}`}, but other users could have put it there: they can write to ${openAt ?? "a folder on the way to it"}`,
		{
			subject: path,
			hint: "every folder on the way to it, also of links, must be its owner's, or root's and writable by root alone",
		},
	);
}
