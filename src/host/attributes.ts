// Copy a folder's own owner, mode, times, ACL and extended attributes to another folder, and nothing that is in it.
import { rm } from "node:fs/promises";
import { execOk } from "./exec.ts";

/** `by` is a file that is made for it and removed again. tar knows every kind of attribute, and is there. */
export async function copyAttributes(from: string, to: string, by: string): Promise<void> {
	const kinds = ["--acls", "--xattrs", "--xattrs-include=*"];
	await execOk(
		[
			"tar",
			"--create",
			`--file=${by}`,
			"--format=posix",
			...kinds,
			"--no-recursion",
			`--directory=${from}`,
			".",
		],
		{ doing: `read the attributes of ${from}` },
	);
	await execOk(
		[
			"tar",
			"--extract",
			`--file=${by}`,
			"--preserve-permissions",
			...(process.getuid?.() === 0 ? ["--same-owner"] : []),
			...kinds,
			`--directory=${to}`,
		],
		{ doing: `set the attributes of ${to}` },
	);
	await rm(by);
}
