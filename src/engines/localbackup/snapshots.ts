// The snapshots on a disk, and which archive each is. Below the target's directory:
//   snapshot.N/MACHINE/…        the files, under their paths on the machine; the newest is snapshot.0
//   snapshot.N/holdfast.json    the archive's metadata and name, because N changes with each new snapshot
//   snapshot.N/holdfast.files.zst    the digests of its files: see digests.ts
//   .sync/                      the snapshot being written; renamed to snapshot.0 when it is complete
import { readdirSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { replaceFile } from "../../host/files.ts";
import { enter, entryIn, type Folder, openFolder } from "../../host/folder.ts";
import { type Found, readTextIn } from "../../host/read-file.ts";
import { sideBySide } from "../../host/side-by-side.ts";
import { HoldfastError, isErrno } from "../../values/error.ts";
import type { Archive, Metadata } from "../archive.ts";
import { isArchiveName, requireArchiveName } from "../archive-name.ts";
import {
	type Described,
	faultOf,
	metadataText,
	parseMetadata,
	requireRoom,
	storedPath,
} from "../metadata.ts";
import { noArchive } from "../not-held.ts";
import { isAsSealed, sealed } from "../sealed.ts";
import { DIGESTS } from "./digests.ts";

/** rsnapshot tries every number up to the highest. */
const SNAPSHOT = /^snapshot\.(0|[1-9]\d{0,4})$/;
const ABOUT = "holdfast.json";
/** Bytes: the metadata, and a path for each root. */
const MAX_ABOUT_BYTES = 4 * 1024 * 1024;
/** How many snapshots are read in parallel. */
const LOOKS = 16;

export interface About {
	readonly name: string;
	readonly metadata: Metadata;
	/** The stored paths, absolute. */
	readonly roots: readonly string[];
	/** SHA-256 of its list of digests, which earlier versions did not write. */
	readonly files?: string;
}

const aboutSchema = v.object({
	name: v.pipe(v.string(), v.check(isArchiveName, "is not the name of an archive")),
	metadata: v.unknown(),
	roots: v.array(storedPath),
	files: v.exactOptional(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))),
});

/** Throws if it could not be read back; `share` as for `metadataText`. */
export function aboutText(about: About, share = 1): string {
	metadataText(about.metadata, share);
	const text = sealed(about);
	requireRoom(Buffer.byteLength(text), MAX_ABOUT_BYTES * share);
	return text;
}

export function describeSnapshot(folder: Folder, about: About): void {
	replaceFile(folder, ABOUT, aboutText(about));
}

export function requireAsDescribed(folder: Folder): void {
	if (isAsDescribed(folder)) return;
	throw new HoldfastError(
		"archive-damaged",
		`what describes ${folder.path} was changed since it was written`,
		{
			hint: "nothing was written; to see what else is damaged: holdfast check --full",
		},
	);
}

type Look = { readonly about: About } | (Described & { readonly about?: undefined });

/** Reads the metadata of a snapshot; `{}` if Holdfast did not make it. Never throws. */
async function lookAt(disk: Folder, name: string): Promise<Look> {
	try {
		using folder = enter(disk, name);
		return lookAtText(readTextIn(folder, ABOUT, MAX_ABOUT_BYTES));
	} catch {
		return { damaged: "it is not a folder" };
	}
}

function lookAtText(found: Found): Look {
	if (found === undefined) return {};
	if ("fault" in found) return { damaged: found.fault };
	let value: unknown;
	try {
		value = JSON.parse(found.text);
	} catch {
		return { damaged: `its ${ABOUT} is ${found.text === "" ? "empty" : "not JSON"}` };
	}
	const { success, output, issues } = v.safeParse(aboutSchema, value, { abortEarly: true });
	if (!success) return { damaged: `its ${ABOUT} is not valid: ${faultOf(issues)}` };
	const { metadata, ...others } = parseMetadata(output.metadata, found.text.length);
	return metadata === undefined ? others : { about: { ...output, metadata } };
}

/** The numbers of the snapshots, newest first. */
export async function numbersIn(directory: string): Promise<number[]> {
	const names = await readdir(directory).catch((cause: unknown) => {
		if (!isErrno(cause, "ENOENT")) throw cause;
		throw new HoldfastError("repository-not-found", `${directory} does not exist`, {
			subject: directory,
			cause,
			hint: "check that the disk is mounted; for a new destination, the first create makes the folder",
		});
	});
	return names
		.flatMap((name) => SNAPSHOT.exec(name)?.[1] ?? [])
		.map(Number)
		.sort((a, b) => a - b);
}

export interface Snapshot {
	readonly folder: string;
	readonly archive: Archive;
	/** Undefined if the snapshot is not ours or is damaged. */
	readonly about?: About;
}

/** Whether what describes a snapshot is as it was written. */
export function isAsDescribed(folder: Folder): boolean {
	const found = readTextIn(folder, ABOUT, MAX_ABOUT_BYTES);
	return found === undefined || "fault" in found || isAsSealed(found.text);
}

/** Every snapshot, newest first. One without a valid name of ours is called by its folder. */
export async function snapshotsIn(directory: string): Promise<Snapshot[]> {
	const numbers = await numbersIn(directory);
	using disk = openFolder(directory);
	const looks = new Map<number, Look>();
	await sideBySide(numbers, LOOKS, async (number) => {
		looks.set(number, await lookAt(disk, `snapshot.${number}`));
	});
	const named = new Map<string, number>();
	for (const { about } of looks.values()) if (about) named.set(about.name, 1 + (named.get(about.name) ?? 0));
	return numbers.map((number) => {
		const { about, ...described } = looks.get(number) ?? {};
		const own = `snapshot.${number}`;
		const folder = join(directory, own);
		const same = named.get(about?.name ?? "") ?? 0;
		if (about && same === 1) {
			const { name, metadata } = about;
			return { folder, about, archive: { name, created: metadata.created, metadata } };
		}
		const why = about ? { damaged: `${same} snapshots claim to be ${about.name}` } : described;
		const found = entryIn(disk, own);
		return {
			folder,
			archive: { name: own, ...(found ? { created: found.mtime.toISOString() } : {}), ...why },
		};
	});
}

export async function snapshotOf(directory: string, archive: string): Promise<Snapshot> {
	requireArchiveName(archive);
	const found = (await snapshotsIn(directory)).find((one) => one.archive.name === archive);
	if (found) return found;
	throw noArchive(archive, directory);
}

/** The folder of an archive's files, which is named after its machine. The caller closes it. */
export async function openFiles(directory: string, archive: string): Promise<Folder> {
	const { folder: path, about } = await snapshotOf(directory, archive);
	using folder = openFolder(path);
	if (about !== undefined) return enter(folder, about.metadata.machine);
	const [only, ...more] = readdirSync(folder.self).filter((name) => name !== DIGESTS);
	if (only !== undefined && more.length === 0) return enter(folder, only);
	throw new HoldfastError("archive-damaged", `${path} does not record which machine its files belong to`, {
		details: [only, ...more].map((name) => String(name)),
	});
}
