// Which states can be caught in one instant: all of a state's folders lie on volumes of which a snapshot can be taken.
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { isAtOrBelow, type Mount, mountAt, mountHolding, mountsOf } from "../host/mounts.ts";
import { PRIVATE } from "../host/private-area.ts";
import { type Resolved, resolvedOrSame, resolvePath } from "../host/trust.ts";
import type { Manifest, State } from "../manifest/schema.ts";
import { type Piece, piecesOf } from "../snapshots/pieces.ts";
import { COPY, keyOf } from "../snapshots/snapshot.ts";
import { exclusionsOf, isStoredOf } from "../steps/work/folders-present.ts";
import { HoldfastError, inOneLine } from "../values/error.ts";

/** A state's snapshots, or why there are none. */
export type StateSnapshots =
	| {
			readonly folders: readonly FolderSnapshot[];
			/** Volumes and mount points in its folders that are not stored, by their real paths. */
			readonly left: readonly string[];
			readonly required: boolean;
			/** Nobody has asked for one. */
			readonly byDefault?: true;
	  }
	| {
			readonly why: string;
			/** What would help. */
			readonly hint?: string;
			/** One of its folders does not exist, or nothing of it is stored: the state fails for that anyway. */
			readonly isAbsent?: true;
			readonly required: boolean;
	  };

export interface FolderSnapshot {
	/** The real path of a declared folder, or of a volume in it. */
	readonly path: string;
	/** The same in the snapshot. */
	readonly from: string;
	readonly volume: {
		readonly name: string;
		readonly type: string;
		readonly volume: string;
		readonly area: string;
		readonly fileSystem: string;
		/** The mount point of its file system. */
		readonly mount: string;
	};
}

interface Survey {
	readonly run: string;
	readonly mounts: readonly Mount[];
	/** By `keyOf`. */
	readonly known: Map<string, FolderSnapshot["volume"]>;
	/** The names of those within declared folders. */
	readonly within: Set<string>;
	/** Copies take longer than units may be frozen. */
	readonly mayCopy: boolean;
	isOurs(path: string): boolean;
}

/**
 * By state; states that want no snapshot are not in it. Looks at the machine. `areas`: private folders of earlier
 * runs; `liveReader`: a provider that reads the live folders.
 */
export async function surveySnapshots(
	manifest: Manifest,
	states: readonly string[],
	{
		run,
		areas = [],
		liveReader,
	}: { run: string; areas?: readonly string[]; liveReader?: string | undefined },
): Promise<ReadonlyMap<string, StateSnapshots>> {
	const found = new Map<string, StateSnapshots>();
	const wanting = states.flatMap((name): [string, State][] => {
		const state = manifest.state[name];
		const { snapshot, folders = [] } = state ?? {};
		return state === undefined || folders.length === 0 || snapshot === "never" ? [] : [[name, state]];
	});
	const still = wanting.filter(([, state]) => standStill(state));
	const given = {
		run,
		mounts: mountsOf("self"),
		mayCopy: wanting.every(([, { freezeOnBackup = [] }]) => freezeOnBackup.length === 0),
		isOurs: (path: string) => areas.some((area) => isAtOrBelow(path, area)),
	};
	let survey: Survey = { ...given, known: new Map(), within: new Set() };
	/** How many volumes are within a state's folders. */
	const sizes = new Map<string, number>();
	let isFull = false;
	const admit = async ([name, state]: readonly [string, State]): Promise<void> => {
		const required = state.snapshot === "require";
		found.delete(name);
		if (required && liveReader !== undefined) {
			found.set(name, {
				required,
				why: `provider "${liveReader}" reads the live folders`,
				hint: "back it up with the other providers: create --provider NAME",
			});
			return;
		}
		const own: Survey = { ...given, known: new Map(survey.known), within: new Set() };
		try {
			const all = await foldersOf(manifest, name, state, own);
			// Where nobody has asked for snapshots they must not take long, as of the layers of all containers.
			if (isByDefault(state) && own.within.size > MAX_WITHIN) return;
			sizes.set(name, own.within.size);
			const within = new Set([...survey.within, ...own.within]);
			if (still.length > 0 && within.size > MAX_WITHIN) {
				isFull = true;
				throw tooMany(still);
			}
			survey = { ...own, within };
			found.set(name, { required, ...(isByDefault(state) ? { byDefault: true } : {}), ...all });
		} catch (error) {
			if (!isByDefault(state)) found.set(name, { required, ...whyNone(error) });
		}
	};
	// Those whose units stand still meanwhile come first.
	const all = [...still, ...wanting.filter((one) => !still.includes(one))];
	for (const one of all) await admit(one);
	if (!isFull) return found;
	// The volumes in one state's folders must not take up the room of others: those with the fewest come first, and those last of which
	// nobody has asked for a snapshot.
	survey = { ...given, known: new Map(), within: new Set() };
	const sizeOf = ([name, state]: readonly [string, State]) =>
		(sizes.get(name) ?? 0) + (isByDefault(state) ? MAX_WITHIN : 0);
	const able = all.filter(([name]) => sizes.has(name));
	for (const one of able.sort((a, b) => sizeOf(a) - sizeOf(b))) await admit(one);
	return found;
}

function whyNone(error: unknown): { why: string; hint?: string; isAbsent?: true } {
	const why = inOneLine(error);
	if (!(error instanceof HoldfastError)) return { why };
	if (error.code === "folder-not-found") return { why, isAbsent: true };
	return { why, ...(error.hint === undefined ? {} : { hint: error.hint }) };
}

const unable = (subject: string, why: string, hint: string) =>
	new HoldfastError("snapshot-failed", why, { subject, hint });

/**
 * A user who may make volumes in a folder must not be able to hold services up: a snapshot takes 20 ms on a quiet disk and half a second on
 * a busy one, and systemd thaws a unit after 30 seconds. Volumes around declared folders are not counted: they are the administrator's.
 */
const MAX_WITHIN = 32;

const tooMany = (still: readonly (readonly [string, State])[]) =>
	new Error(
		`its folders contain too many volumes: more than ${MAX_WITHIN} are not caught while units of ${still.map(([name]) => name).join(", ")} stand still`,
	);

/** Only while its units are down is a copy whole. It is not what `atomic` promises. */
const mayBeCopied = ({ snapshot, stopOnBackup, consistency }: State) =>
	snapshot !== undefined && stopOnBackup.length > 0 && consistency !== "atomic";

/** Nobody has asked for a snapshot. */
const isByDefault = ({ snapshot }: State) => snapshot === undefined;

const standStill = ({ stopOnBackup, freezeOnBackup = [] }: State) =>
	stopOnBackup.length + freezeOnBackup.length > 0;

async function foldersOf(
	{ state: all }: Manifest,
	name: string,
	state: State,
	survey: Survey,
): Promise<{ folders: FolderSnapshot[]; left: string[] }> {
	const { folders, exclude } = state;
	if (process.getuid?.() !== 0) throw unable(name, "only root can take one", "run it as root");
	const others = Object.entries(all).flatMap(([other, { folders }]) => (other === name ? [] : folders));
	const result = new Map<string, FolderSnapshot>();
	const left = new Set<string>();
	const how = {
		mayCopy: survey.mayCopy && mayBeCopied(state),
		...(isByDefault(state) ? { mostPieces: MAX_WITHIN + 1 } : {}),
	};
	for (const folder of folders) {
		const real = resolvedOrSame(folder);
		const nested = others.find((other) => other !== folder && isAtOrBelow(resolvedOrSame(other), real));
		if (nested !== undefined)
			throw unable(
				folder,
				`${folder} contains ${nested}, which belongs to another state`,
				`declare both in one state, or move ${nested} out of ${folder}`,
			);
		const excluded = exclusionsOf(folder, { exclude });
		const isLeft = (path: string) => {
			if (survey.isOurs(path)) return true;
			if (isStoredOf(folder, excluded, folder + path.slice(real.length))) return false;
			left.add(path);
			return true;
		};
		for (const one of await folderSnapshots(folder, survey, isLeft, how)) result.set(one.path, one);
	}
	return { folders: [...result.values()], left: [...left] };
}

async function folderSnapshots(
	folder: string,
	survey: Survey,
	isLeft: (path: string) => boolean,
	how: { readonly mayCopy: boolean; readonly mostPieces?: number },
): Promise<FolderSnapshot[]> {
	const resolved = resolvePath(folder);
	const { path } = resolved;
	const { found } = resolved;
	if (!found)
		throw new HoldfastError("folder-not-found", `the folder ${folder} does not exist`, { subject: folder });
	if (!found.isDirectory() && !found.isFile()) throw new Error(`${folder} is neither a folder nor a file`);
	requireOwnPath(resolved);
	const { mounts } = survey;
	const signal = AbortSignal.timeout(600_000);
	const pieces = await piecesOf(path, { mounts, isLeft, signal, ...how });
	const [outermost] = pieces;
	if (outermost === undefined) return [];
	requireOwnPath(resolvePath(outermost.volume));
	for (const { kind, volume, fileSystem } of pieces) await kind.requireRoom?.(volume, fileSystem, signal);
	const device = (one: string) => mountAt(one, mounts)?.device;
	return pieces.map((piece) => {
		// Beside the outermost volume, where other users change less, and no snapshot is in the way of the next.
		const isBeside = device(piece.volume) === device(outermost.volume);
		const volume = volumeFor(piece, isBeside ? outermost.volume : piece.volume, survey);
		if (piece !== outermost) survey.within.add(volume.name);
		return { path: piece.path, from: `${volume.area}/${volume.name}${piece.below}`, volume };
	});
}

/** One volume has one snapshot, by whatever paths it is reached. */
function volumeFor(
	{ volume, kind, fileSystem }: Piece,
	beside: string,
	{ known, mounts, run }: Survey,
): FolderSnapshot["volume"] {
	const key = keyOf(kind, volume);
	const found = known.get(key);
	if (found !== undefined) return found;
	const name = createHash("sha256").update(volume).digest("hex").slice(0, 12);
	const place = areaFor(beside, mounts);
	if (kind.type === COPY && isAtOrBelow(place || "/", volume))
		throw new Error(`${volume} cannot be copied, since there is no place beside it on the same file system`);
	const area = `${place}/${PRIVATE}${run}-${name}`;
	const made = { name, type: kind.type, volume, area, fileSystem, mount: mountHolding(area) };
	known.set(key, made);
	return made;
}

/** The snapshot is put over this path in a namespace: nobody may lead the path somewhere else meanwhile. */
function requireOwnPath({ path, openAt }: Resolved): void {
	if (openAt !== undefined && openAt !== path)
		throw unable(
			path,
			`${openAt}, on the way to it, can be changed by other users`,
			"move the folder to where only root can change the path to it",
		);
}

/** A folder on the same file system that nobody else can change. */
function areaFor(volume: string, mounts: readonly Mount[]): string {
	const isMount = mounts.some(({ path }) => path === volume);
	const places = [...(isMount ? [] : [dirname(volume)]), volume];
	const safe = places.find((place) => resolvePath(place).openAt === undefined);
	if (safe === undefined)
		throw new Error(
			`other users can change ${volume}, and a snapshot needs a place beside it that they cannot`,
		);
	return safe === "/" ? "" : safe;
}
