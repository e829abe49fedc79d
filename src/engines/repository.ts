// Repositories in a folder on this machine, which other users may be able to write to.
import { readdirSync } from "node:fs";
import { entryIn, openFolder } from "../host/folder.ts";
import { folderToClose, resolvePath } from "../host/trust.ts";
import { HoldfastError } from "../values/error.ts";

/** The folder of a local repository; undefined for a remote one. */
export function folderOf(repo: string): string | undefined {
	if (repo.startsWith("file:///")) return repo.slice("file://".length);
	if (repo.startsWith("local:/")) return repo.slice("local:".length);
	return repo.startsWith("/") ? repo : undefined;
}

/** The folder in which the engine must follow no link: a planted one would redirect its writes. */
export function repositoryToClose(repo: string): string[] {
	const folder = folderOf(repo);
	return folder === undefined ? [] : folderToClose(folder);
}

/** Throw if the repository contains a link; for programs that cannot run in an enclosure. */
export function requireNoLinks(repo: string): void {
	const path = folderOf(repo);
	if (path === undefined) return;
	const { path: target, found } = resolvePath(path);
	if (!found?.isDirectory()) return;
	using folder = openFolder(target);
	const link = readdirSync(folder.self).find((name) => entryIn(folder, name)?.isSymbolicLink());
	if (link === undefined) return;
	throw new HoldfastError("repository-invalid", `${target}/${link} is a symbolic link`, {
		subject: target,
		hint: "a repository contains no links: someone else created this one, and it is not followed",
	});
}
