// Copy a folder's own owner, mode, times, ACL and extended attributes to another folder, and nothing that is in it; or all
// of what is in a folder under one name.
import { spawnSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { HoldfastError } from "../values/error.ts";
import { cleanEnvironment, describeEnd, start } from "./exec.ts";
import type { Folder } from "./folder.ts";

const KINDS = ["--acls", "--xattrs", "--xattrs-include=*"];

export function copyAttributes(from: Folder, to: Folder): Promise<void> {
	const doing = [`read the attributes of ${from.path}`, `set the attributes of ${to.path}`] as const;
	return copyBy(from, to, ["--no-recursion", "."], doing);
}

/**
 * Take from an empty folder of our own what it has of the one that it was made in (default ACL, setgid bit): what is made
 * in it would have it too, beside what an archive gives it, and keep it where it goes.
 */
export function withoutInheritance(folder: Folder): void {
	// A folder without any of it, and the one program for ACLs that is there in any case.
	const script = `tar -c -f - --no-recursion -C /proc/sys . | tar -x -f - -p --no-same-owner ${KINDS.join(" ")}`;
	const end = spawnSync("sh", ["-c", script], {
		cwd: folder.self,
		env: cleanEnvironment(),
		encoding: "utf8",
	});
	chmodSync(folder.self, 0o700);
	if (end.status === 0) return;
	throw new HoldfastError(
		"program-failed",
		`could not take from ${folder.path} what it has of the folder above`,
		{
			details: end.stderr.split("\n").slice(0, 5),
		},
	);
}

/** Under the same name; but for sockets, which the program that listens makes again. */
export function copyTree(from: Folder, name: string, to: Folder): Promise<void> {
	const doing = [`read ${from.path}/${name}`, `write ${to.path}/${name}`] as const;
	return copyBy(from, to, ["--sparse", "--", `./${name}`], doing);
}

/** tar knows every kind of attribute, follows no link below where it stands, and is there. */
async function copyBy(
	from: Folder,
	to: Folder,
	what: readonly string[],
	[reading, writing]: readonly [string, string],
): Promise<void> {
	const words = ["--create", "--file=-", "--format=posix", ...KINDS, ...what];
	const read = await start(["tar", ...words], { cwd: from.self, pipeOut: true });
	const own = process.getuid?.() === 0 ? ["--same-owner", "--numeric-owner"] : [];
	const set = await start(["tar", "--extract", "--file=-", "--preserve-permissions", ...own, ...KINDS], {
		cwd: to.self,
		pipeIn: true,
	});
	if (read.stdout && set.stdin) await pipeline(read.stdout, set.stdin).catch(() => {});
	for (const [end, doing] of [
		[await read.done, reading],
		[await set.done, writing],
	] as const)
		if (end.code !== 0)
			throw new HoldfastError("program-failed", `could not ${doing}: tar ${describeEnd(end)}`, {
				details: end.stderr,
			});
}
