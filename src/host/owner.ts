// Whose a file is, so that a copy can be given to the same user on another machine, where numbers differ.
import { chmod, chown, stat } from "node:fs/promises";
import { accountOf, groupOf } from "./users.ts";

export interface FileOwner {
	readonly uid: number;
	readonly gid: number;
	/** Names win over numbers where they are known. */
	readonly user?: string;
	readonly group?: string;
	/** Permission bits. */
	readonly mode: number;
}

export async function ownerOf(path: string): Promise<FileOwner> {
	const { uid, gid, mode } = await stat(path);
	const [user, group] = [(await accountOf(uid))?.name, (await groupOf(gid))?.name];
	return {
		uid,
		gid,
		...(user === undefined ? {} : { user }),
		...(group === undefined ? {} : { group }),
		mode: mode & 0o7777,
	};
}

/** Only root can give files away; to anyone else everything is their own. */
export async function giveTo(path: string, { uid, gid, user, group, mode }: FileOwner): Promise<void> {
	if (process.getuid?.() === 0)
		await chown(
			path,
			(user === undefined ? undefined : await accountOf(user))?.uid ?? uid,
			(group === undefined ? undefined : await groupOf(group))?.gid ?? gid,
		);
	await chmod(path, mode);
}
