// The snapshots on a disk, and which archive each is. Below the target's directory:
//   snapshot.N/MACHINE/…        the files, under the paths that they have on the machine; the newest is snapshot.0
//   snapshot.N/holdfast.json    what the archive says of itself, with its name: N changes with each new one
//   .sync/                      what is being written; renamed to snapshot.0 when it is whole
import { readdirSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "../../host/files.ts";
import { enter, type Folder, openFolder } from "../../host/folder.ts";
import { HoldfastError, isErrno } from "../../manifest/error.ts";
import { requireArchiveName } from "../archive-name.ts";
import type { Archive, Metadata } from "../provider.ts";

const SNAPSHOT = /^snapshot\.(\d+)$/;
const ABOUT = "holdfast.json";

export interface About {
	readonly name: string;
	readonly metadata: Metadata;
	/** What it holds, absolute. */
	readonly roots: readonly string[];
}

export function describeSnapshot(folder: Folder, about: About): void {
	replaceFile(folder, ABOUT, JSON.stringify(about));
}

export async function aboutOf(folder: string): Promise<About | undefined> {
	const text = await readFile(join(folder, ABOUT), "utf8").catch((error: unknown) => {
		if (isErrno(error, "ENOENT")) return undefined;
		throw error;
	});
	return text === undefined ? undefined : (JSON.parse(text) as About);
}

/** The numbers of the snapshots, newest first. */
export async function numbersIn(directory: string): Promise<number[]> {
	const names = await readdir(directory).catch((cause: unknown) => {
		if (!isErrno(cause, "ENOENT")) throw cause;
		throw new HoldfastError("failed", `${directory} does not exist`, {
			cause,
			hint: "is the disk mounted? The first create makes the folder",
		});
	});
	return names
		.flatMap((name) => SNAPSHOT.exec(name)?.[1] ?? [])
		.map(Number)
		.sort((a, b) => a - b);
}

/** Every snapshot with its folder, newest first; one that something else made has the name of its folder. */
export async function snapshotsIn(directory: string): Promise<{ folder: string; archive: Archive }[]> {
	return Promise.all(
		(await numbersIn(directory)).map(async (number) => {
			const folder = join(directory, `snapshot.${number}`);
			const about = await aboutOf(folder);
			const archive: Archive = about
				? { name: about.name, created: about.metadata.created, metadata: about.metadata }
				: { name: `snapshot.${number}`, created: (await stat(folder)).mtime.toISOString() };
			return { folder, archive };
		}),
	);
}

export async function folderOf(directory: string, archive: string): Promise<string> {
	requireArchiveName(archive);
	const found = (await snapshotsIn(directory)).find((one) => one.archive.name === archive);
	if (found) return found.folder;
	throw new HoldfastError("failed", `there is no archive ${archive} in ${directory}`, {
		hint: "see them with: holdfast list",
	});
}

/** Where an archive's files are: in the one folder of its machine. Close it. */
export async function openFiles(directory: string, archive: string): Promise<Folder> {
	const path = await folderOf(directory, archive);
	using folder = openFolder(path);
	const machine = (await aboutOf(path))?.metadata.machine;
	if (machine !== undefined) return enter(folder, machine);
	const [only, ...more] = readdirSync(folder.self);
	if (only !== undefined && more.length === 0) return enter(folder, only);
	throw new HoldfastError("failed", `${path} does not say of which machine its files are`, {
		details: [only, ...more].map((name) => String(name)),
	});
}
