// What a folder, or a file, consists of: what lies in the same volume, and in each volume and mount point below it. A snapshot of each
// one's volume holds it.
import { lstatSync, type Stats } from "node:fs";
import { isAtOrBelow, type Mount, mountAt, movedTo, onDisk } from "../host/mounts.ts";
import { programPath } from "../host/programs.ts";
import { HoldfastError } from "../values/error.ts";
import { listed } from "../values/listed.ts";
import { SNAPSHOTS } from "./list.ts";
import { COPY, type SnapshotKind } from "./snapshot.ts";

export interface Piece {
	/** The real path: the folder's own, that of a volume in it, or a mount point in it. */
	readonly path: string;
	readonly kind: SnapshotKind;
	/** The path of its volume; for a copy that of the folder itself. */
	readonly volume: string;
	/** The type of its file system. */
	readonly fileSystem: string;
	/** Which part of the volume it is: `/a/b`, or nothing for all of it. */
	readonly below: string;
}

interface Look {
	readonly mounts: readonly Mount[];
	readonly signal: AbortSignal;
	readonly quickly?: boolean;
	readonly mayCopy: boolean;
	readonly mostPieces?: number;
	isLeft(path: string): boolean;
}

/** More than this are somebody's collection of snapshots, not a service's data. */
const MAX_PIECES = 256;

/**
 * The pieces of a folder, outermost first; `path` has no links on the way. Throws an error that says why a part of it cannot be
 * caught. `isLeft`: no backup stores this path; `quickly`: as in `nestedIn`; `mayCopy`: all that writes there stands still meanwhile.
 */
export async function piecesOf(
	path: string,
	{ mounts, isLeft, signal, quickly = false, mayCopy, mostPieces = MAX_PIECES }: Look,
): Promise<Piece[]> {
	const below = mounts.filter((mount) => mount.path !== path && isAtOrBelow(mount.path, path));
	const pieces = new Map<string, Piece>();
	const add = async (piece: Piece): Promise<void> => {
		pieces.set(piece.path, piece);
		if (pieces.size > mostPieces) throw new Error(`${path} contains more than ${mostPieces} volumes`);
		if (!lstatSync(piece.path).isDirectory()) return;
		const { kind, volume, below: part } = piece;
		const within = part === "" ? volume : movedTo(part, "/", volume);
		for (const nested of await kind.nestedIn(volume, signal, { within, quickly })) {
			const inside = nested.slice(piece.volume === "/" ? 0 : piece.volume.length);
			if (!isAtOrBelow(inside, piece.below || "/")) continue;
			const at = movedTo(inside, piece.below || "/", piece.path);
			// It is out of sight below a mount point, or is found from there.
			if (isLeft(at) || mountAt(at, mounts) !== mountAt(piece.path, mounts)) continue;
			if (at.includes("\ufffd"))
				throw new Error(`${path} contains a volume whose name is not UTF-8, in ${piece.path}`);
			await add({ ...piece, path: at, volume: at, below: "" });
		}
	};
	await add(pieceAt(path, mounts, mayCopy));
	for (const mount of below)
		if (!pieces.has(mount.path) && !isLeft(mount.path)) await add(pieceAt(mount.path, mounts, mayCopy));
	return [...pieces.values()].sort((a, b) => a.path.length - b.path.length);
}

function pieceAt(path: string, mounts: readonly Mount[], mayCopy: boolean): Piece {
	const mount = mountAt(path, mounts);
	// Other file systems are not touched: one whose server does not answer would hold us.
	const fileSystem = mount?.type ?? "unknown";
	const able = SNAPSHOTS.filter(
		({ fileSystems, type }) => fileSystems.includes(fileSystem) && (mayCopy || type !== COPY),
	);
	const isThere = ({ program }: SnapshotKind) => program.names.some(programPath);
	for (const kind of able.filter(isThere))
		for (const at of isStored(lstatSync(path)) ? [path, ...elsewhere(path, mount, mounts)] : []) {
			const volume = kind.volumeOf(at);
			// A file system, or a part of one, that is mounted in the volume is not in its snapshot.
			if (volume === undefined || !isAtOrBelow(volume, mountAt(at, mounts)?.path ?? "/")) continue;
			return { path, kind, volume, fileSystem, below: at.slice(volume === "/" ? 0 : volume.length) };
		}
	const missing = able.find((kind) => !isThere(kind))?.program;
	if (missing)
		throw new Error(`${missing.names[0]} is not installed (Debian package: ${missing.debianPackage})`);
	throw new HoldfastError(
		"snapshot-failed",
		`${path} is on a file system of which no snapshot can be taken (${fileSystem}, mounted at ${mount?.path ?? "/"})`,
		{
			subject: path,
			hint: `snapshots are taken of ${SNAPSHOTTED}; elsewhere a small state is copied if its units are named in stopOnBackup`,
		},
	);
}

const isStored = (found: Stats) => found.isDirectory() || found.isFile();

const SNAPSHOTTED = listed(SNAPSHOTS.flatMap(({ type, fileSystems }) => (type === COPY ? [] : fileSystems)));

/** The same folder through other mounts of its file system: where a bind mount comes from, the volume's root may be seen too. */
function elsewhere(path: string, mount: Mount | undefined, mounts: readonly Mount[]): string[] {
	if (mount === undefined) return [];
	const inside = onDisk(path, mount);
	const self = lstatSync(path);
	return mounts
		.filter((other) => other !== mount && other.device === mount.device && isAtOrBelow(inside, other.root))
		.map((other) => movedTo(inside, other.root, other.path))
		.filter((other) => {
			const found = lstatSync(other, { throwIfNoEntry: false });
			return found?.dev === self.dev && found.ino === self.ino;
		});
}
