// Repositories in a folder of this machine, on a disk that others may write to as well.
import { readdirSync } from "node:fs";
import { entryIn, openFolder } from "../host/folder.ts";
import { folderToClose, resolvePath } from "../host/trust.ts";
import { HoldfastError } from "../values/error.ts";

/** Where a repository is on this machine; undefined for one that is elsewhere. */
export function folderOf(repo: string): string | undefined {
	if (repo.startsWith("file:///")) return repo.slice("file://".length);
	if (repo.startsWith("local:/")) return repo.slice("local:".length);
	return repo.startsWith("/") ? repo : undefined;
}

/** The folder in which its engine must follow no link: one that somebody planted would have it write elsewhere. */
export function repositoryToClose(repo: string): string[] {
	const folder = folderOf(repo);
	return folder === undefined ? [] : folderToClose(folder);
}

/** For what cannot run in an enclosure. */
export function requireNoLinks(repo: string): void {
	const path = folderOf(repo);
	if (path === undefined) return;
	const { path: target, found } = resolvePath(path);
	if (!found?.isDirectory()) return;
	using folder = openFolder(target);
	const link = readdirSync(folder.self).find((name) => entryIn(folder, name)?.isSymbolicLink());
	if (link === undefined) return;
	throw new HoldfastError("repository-invalid", `${target}/${link} is a symbolic link`, {
		hint: "a repository holds none: somebody put it there, and it is not followed",
	});
}
