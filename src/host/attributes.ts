// Copies the owner, mode, times, ACL and extended attributes of a folder to another folder, without its content; or copies
// one entry of a folder with everything in it.
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
 * Remove what an empty folder of our own inherited from its parent (default ACL, setgid bit). Otherwise restored files
 * would inherit it in addition to what the archive sets, and keep it when they are moved.
 */
export function withoutInheritance(folder: Folder): void {
	// /proc/sys has none of these, and tar is the only program for ACLs that is always installed.
	const script = `tar -c -f - --no-recursion -C /proc/sys . | tar -x -f - -p --no-same-owner ${KINDS.join(" ")}`;
	const end = spawnSync("sh", ["-c", script], {
		cwd: folder.self,
		env: cleanEnvironment(),
		encoding: "utf8",
	});
	chmodSync(folder.self, 0o700);
	if (end.status === 0) return;
	throw new HoldfastError("program-failed", `failed to remove inherited attributes from ${folder.path}`, {
		subject: folder.path,
		details: end.stderr.split("\n").slice(0, 5),
	});
}

/** Copy an entry to another folder under the same name. Sockets are left out; their program creates them again. */
export function copyTree(from: Folder, name: string, to: Folder): Promise<void> {
	const doing = [`read ${from.path}/${name}`, `write ${to.path}/${name}`] as const;
	return copyBy(from, to, ["--sparse", "--", `./${name}`], doing);
}

/** tar copies every kind of attribute, follows no links below its working folder, and is always installed. */
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
				subject: "tar",
				details: end.stderr,
			});
}
