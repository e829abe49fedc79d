// Selects the folders that an enclosure closes off for a program that reads some paths: those that other users can change,
// because they could create a link there at any moment. Folders that programs themselves need, including the links in
// them, are closed off only where other users can change them.
import { homedir } from "node:os";
import { dirname } from "node:path";
import { execText } from "./exec.ts";
import type { Resolved } from "./trust.ts";

/** Where programs look for libraries, settings, certificates and user names. On NixOS most of these are links. */
const NEEDED = ["/etc", "/usr", "/nix", "/bin", "/sbin", "/lib", "/lib64"];

export async function foldersToClose(paths: readonly Resolved[]): Promise<string[]> {
	const closed = new Set<string>();
	for (const { path, found, openAt } of paths) {
		if (openAt !== undefined) closed.add(openAt);
		else if (!found?.isDirectory()) continue;
		else if (isNeeded(path)) for (const folder of await openFoldersIn(path)) closed.add(folder);
		else closed.add(path);
	}
	return [...closed].filter((path) => ![...closed].some((other) => path !== other && isBelow(path, other)));
}

function isNeeded(path: string): boolean {
	return [...NEEDED, homedir()].some(
		(needed) => path === needed || isBelow(path, needed) || isBelow(needed, path),
	);
}

const isBelow = (path: string, folder: string) => folder === "/" || path.startsWith(`${folder}/`);

/** The topmost folders below a path that other users can change. */
async function openFoldersIn(path: string): Promise<string[]> {
	const isOpen = ["(", "!", "-uid", "0", "-o", "-perm", "/022", ")"];
	const { text } = await execText(["find", path, "-xdev", "-type", "d", ...isOpen, "-print0", "-prune"]);
	return text
		.split("\0")
		.filter((folder) => folder !== "")
		.map(typeable);
}

/** A name that is not UTF-8 cannot be passed as an argument, so its parent folder is closed off instead. */
function typeable(path: string): string {
	const at = path.indexOf("\ufffd");
	return at < 0 ? path : dirname(path.slice(0, at + 1));
}
