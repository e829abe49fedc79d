// Which states can be caught in one instant: all of a state's folders lie on volumes of which a snapshot can be taken.
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { isAtOrBelow, type Mount, mountHolding, mountsOf } from "../host/mounts.ts";
import { PRIVATE } from "../host/private-area.ts";
import { programPath } from "../host/programs.ts";
import { type Resolved, resolvedOrSame, resolvePath } from "../host/trust.ts";
import type { Manifest, State } from "../manifest/schema.ts";
import { SNAPSHOTS } from "../snapshots/list.ts";
import { wordsOf } from "../values/system-error.ts";

/** A state's snapshots, or why there are none. */
export type StateSnapshots =
	| { readonly folders: readonly FolderSnapshot[]; readonly required: boolean }
	| { readonly why: string; readonly required: boolean };

export interface FolderSnapshot {
	/** Its real path. */
	readonly path: string;
	/** The same in the snapshot. */
	readonly from: string;
	readonly volume: {
		readonly name: string;
		readonly type: string;
		readonly volume: string;
		readonly area: string;
		/** The mount point of its file system. */
		readonly mount: string;
	};
}

/** By state; states that want no snapshot are not in it. Looks at the machine. `liveReader`: a provider that reads the live folders. */
export async function surveySnapshots(
	manifest: Manifest,
	states: readonly string[],
	run: string,
	liveReader?: string,
): Promise<ReadonlyMap<string, StateSnapshots>> {
	const found = new Map<string, StateSnapshots>();
	const mounts = mountsOf("self");
	for (const name of states) {
		const state = manifest.state[name];
		if (state?.snapshot === undefined || state.snapshot === "never" || state.folders.length === 0) continue;
		const required = state.snapshot === "require";
		if (required && liveReader !== undefined) {
			found.set(name, { required, why: `provider "${liveReader}" reads the live folders` });
			continue;
		}
		try {
			found.set(name, { required, folders: await foldersOf(manifest, name, state, run, mounts) });
		} catch (error) {
			found.set(name, { required, why: wordsOf(error) });
		}
	}
	return found;
}

async function foldersOf(
	{ state: all }: Manifest,
	name: string,
	{ folders }: State,
	run: string,
	mounts: readonly Mount[],
): Promise<FolderSnapshot[]> {
	if (process.getuid?.() !== 0) throw new Error("only root can take one");
	const others = Object.entries(all).flatMap(([other, { folders }]) => (other === name ? [] : folders));
	const result: FolderSnapshot[] = [];
	for (const folder of folders) {
		const real = resolvedOrSame(folder);
		const nested = others.find((other) => other !== folder && isAtOrBelow(resolvedOrSame(other), real));
		if (nested !== undefined) throw new Error(`${folder} contains ${nested}, which belongs to another state`);
		result.push(await folderSnapshot(folder, run, mounts));
	}
	return result;
}

async function folderSnapshot(
	folder: string,
	run: string,
	mounts: readonly Mount[],
): Promise<FolderSnapshot> {
	const resolved = resolvePath(folder);
	const { path } = resolved;
	if (!resolved.found?.isDirectory()) throw new Error(`${folder} is not a folder`);
	requireOwnPath(resolved);
	const mounted = mounts.find((mount) => mount.path !== path && isAtOrBelow(mount.path, path));
	if (mounted) throw new Error(`another file system is mounted in ${folder}, at ${mounted.path}`);
	const { kind, volume } = volumeOf(folder, path, mounts);
	const obstacle = await kind.obstacleIn(path, AbortSignal.timeout(600_000));
	if (obstacle !== undefined) throw new Error(`${folder}: ${obstacle}`);
	const { names, debianPackage } = kind.program;
	if (!names.some((program) => programPath(program)))
		throw new Error(`${names[0]} is not installed (Debian package: ${debianPackage})`);
	const name = createHash("sha256").update(volume).digest("hex").slice(0, 12);
	// A volume that is mounted twice is caught twice.
	const area = `${areaFor(volume, mounts)}/${PRIVATE}${run}-${name}`;
	const below = path.slice(volume === "/" ? 0 : volume.length);
	return {
		path,
		from: `${area}/${name}${below}`,
		volume: { name, type: kind.type, volume, area, mount: mountHolding(area) },
	};
}

function volumeOf(folder: string, path: string, mounts: readonly Mount[]) {
	const mount = mountAt(path, mounts)?.path ?? "/";
	for (const kind of SNAPSHOTS) {
		const volume = kind.volumeOf(path);
		// A file system, or a part of one, that is mounted in the volume is not in its snapshot.
		if (volume !== undefined && isAtOrBelow(volume, mount)) return { kind, volume };
	}
	throw new Error(
		`${folder} is on a file system of which no snapshot can be taken (${mountAt(path, mounts)?.type ?? "unknown"}, mounted at ${mount})`,
	);
}

/** The snapshot is put over this path in a namespace: nobody may lead the path somewhere else meanwhile. */
function requireOwnPath({ path, openAt }: Resolved): void {
	if (openAt !== undefined && openAt !== path)
		throw new Error(`${openAt}, on the way to it, can be changed by other users`);
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

/** The innermost mount, and of several at one place the last. */
function mountAt(path: string, mounts: readonly Mount[]): Mount | undefined {
	return mounts
		.filter((one) => isAtOrBelow(path, one.path))
		.reduce<Mount | undefined>(
			(inner, one) => (inner !== undefined && inner.path.length > one.path.length ? inner : one),
			undefined,
		);
}
