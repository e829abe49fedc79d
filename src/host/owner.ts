// The owner of a file, so that a copy can be given to the same user on another machine, where numbers differ.
import { fchmodSync, fchownSync, fstatSync } from "node:fs";
import * as v from "valibot";
import { accountOf, groupOf } from "./users.ts";

export interface FileOwner {
	readonly uid: number;
	readonly gid: number;
	/** Names take precedence over numbers if they are known. */
	readonly user?: string;
	readonly group?: string;
	/** Permission bits. */
	readonly mode: number;
}

export async function ownerOf(fd: number): Promise<FileOwner> {
	const { uid, gid, mode } = fstatSync(fd);
	const [user, group] = [(await accountOf(uid))?.name, (await groupOf(gid))?.name];
	return {
		uid,
		gid,
		...(user === undefined ? {} : { user }),
		...(group === undefined ? {} : { group }),
		mode: mode & 0o7777,
	};
}

const id = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xfffffffe));
const name = v.pipe(v.string(), v.maxLength(256));
const schema = v.object({
	uid: id,
	gid: id,
	user: v.optional(name),
	group: v.optional(name),
	mode: v.pipe(v.number(), v.integer()),
});

/**
 * Set the owner and mode of an open file. Only root can change owners; for other users files stay their own. The owner may
 * come from an archive, so setuid and setgid bits are not set.
 */
export async function giveTo(fd: number, owner: FileOwner): Promise<void> {
	const { uid, gid, user, group, mode } = v.parse(schema, owner);
	if (process.getuid?.() === 0)
		fchownSync(
			fd,
			(user === undefined ? undefined : await accountOf(user))?.uid ?? uid,
			(group === undefined ? undefined : await groupOf(group))?.gid ?? gid,
		);
	fchmodSync(fd, mode & 0o777);
}
