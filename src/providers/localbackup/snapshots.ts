// The snapshots on a disk, and which archive each is. Below the target's directory:
//   snapshot.N/MACHINE/…        the files, under the paths that they have on the machine; the newest is snapshot.0
//   snapshot.N/holdfast.json    what the archive says of itself, with its name: N changes with each new one
//   .sync/                      what is being written; renamed to snapshot.0 when it is whole
import { readdir, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { syncPath, writeSynced } from "../../host/files.ts";
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

export async function describeSnapshot(folder: string, about: About): Promise<void> {
	await writeSynced(join(folder, `.${ABOUT}`), JSON.stringify(about));
	await rename(join(folder, `.${ABOUT}`), join(folder, ABOUT));
	await syncPath(folder);
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

/** Where an archive's files are: below the one folder of its machine. */
export async function filesOf(directory: string, archive: string): Promise<string> {
	const folder = await folderOf(directory, archive);
	const machine = (await aboutOf(folder))?.metadata.machine;
	if (machine !== undefined) return join(folder, machine);
	const [only, ...more] = await readdir(folder);
	if (only !== undefined && more.length === 0) return join(folder, only);
	throw new HoldfastError("failed", `${folder} does not say of which machine its files are`, {
		details: [only, ...more].map((name) => String(name)),
	});
}
