// What was mounted or made in a folder after the plan, and is not in its snapshots: the state must not pass for whole.
import { statsAt } from "../../host/folder.ts";
import { isAtOrBelow, mountsOf } from "../../host/mounts.ts";
import { PRIVATE } from "../../host/private-area.ts";
import { type Piece, piecesOf } from "../../snapshots/pieces.ts";
import { COPY, keyOf } from "../../snapshots/snapshot.ts";
import { inOneLine } from "../../values/error.ts";
import { above } from "../../values/paths.ts";
import type { SnapshotStep } from "../snapshot.ts";
import { mountsFor } from "./snapshot-mounts.ts";

/**
 * By state: what its snapshots lack. Call it right after they were taken, while the units still stand still: it asks the file
 * system, and takes no longer for more files.
 */
export async function tornIn(
	{ states, volumes }: SnapshotStep,
	signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
	const mounts = mountsOf("self");
	const torn = new Map<string, string>();
	for (const [name, { folders = {}, left = [], volumes: own }] of Object.entries(states))
		try {
			const mayCopy = volumes.some(({ name, type }) => type === COPY && own.includes(name));
			const isLeft = (path: string) => isPrivate(path) || left.some((one) => isAtOrBelow(path, one));
			for (const root of outermost(Object.keys(folders))) {
				const pieces = await piecesOf(root, { mounts, isLeft, signal, quickly: true, mayCopy });
				const missing = pieces.find((piece) => !isIn(piece, folders[piece.path], volumes));
				if (missing !== undefined) torn.set(name, torn.get(name) ?? madeMeanwhile(missing.path));
			}
			if (!torn.has(name)) requireNoLinks(folders);
		} catch (error) {
			signal.throwIfAborted();
			torn.set(name, inOneLine(error));
		}
	return torn;
}

const madeMeanwhile = (path: string) =>
	`${path} was mounted or made while the run was under way, and is not in the snapshot`;

const isPrivate = (path: string) => path.split("/").some((part) => part.startsWith(PRIVATE));

const outermost = (paths: readonly string[]) =>
	paths.filter((path) => ![...above(path)].some((outer) => outer !== path && paths.includes(outer)));

/** Whether a snapshot is of the same volume as what is at the path now, and of the same folder in it. */
function isIn(
	{ volume, kind, below }: Piece,
	from: string | undefined,
	volumes: SnapshotStep["volumes"],
): boolean {
	const planned = volumes.find(({ area }) => from !== undefined && isAtOrBelow(from, area));
	if (planned === undefined || from !== `${planned.area}/${planned.name}${below}`) return false;
	return planned.type === kind.type && keyOf(kind, planned.volume) === keyOf(kind, volume);
}

/**
 * Throws if a link leads to one of the folders in the snapshots, or to a place in them for another one, or if a file has become a folder.
 * Nothing changes there any more.
 */
function requireNoLinks(folders: Readonly<Record<string, string>>): void {
	for (const { folder, at, into } of mountsFor(
		Object.entries(folders).map(([at, folder]) => ({ at, folder })),
	)) {
		const isFolder = statsAt(folder).isDirectory();
		if (statsAt(into ?? at).isDirectory() !== isFolder)
			throw new Error(`${at} was replaced while the run was under way`);
	}
}
