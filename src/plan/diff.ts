// What a restore would change: an archive's entries compared with the live ones.
import type { Stats } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { RowCounts } from "../databases/database.ts";
import { dumpLabel, liveFiles, openDatabase } from "../databases/dump.ts";
import type { Entry } from "../engines/archive.ts";
import type { Work } from "../engines/destination.ts";
import { requireAble } from "../engines/destination.ts";
import { restoreFiles } from "../engines/read-files.ts";
import { openDestination } from "../engines/registry.ts";
import { closing, enter, entryIn, type Folder, linkIn, namesIn, openFolder, split } from "../host/folder.ts";
import { mountPoints } from "../host/mounts.ts";
import { isLeftInPlace, isPrivate, LOST_AND_FOUND } from "../host/private-area.ts";
import { openSpool, packed, type Spool } from "../host/spool.ts";
import { survey } from "../host/survey.ts";
import { resolvePath, resolveReplaced } from "../host/trust.ts";
import type { Manifest } from "../manifest/schema.ts";
import { reportOf } from "../values/error.ts";
import type { ErrorReport } from "../values/error-bounds.ts";
import { above, isWithin, LONGEST_PATH } from "../values/paths.ts";
import type { ListedArchive } from "./archives.ts";
import { othersOf } from "./places.ts";
import { heldDatabases, heldFolders } from "./targets.ts";

export interface Difference {
	readonly state: string;
	/** The live entry. */
	readonly path: string;
	/** What a restore would do to it. */
	readonly change: "add" | "remove" | "change";
	/** For a change: what differs, out of `type`, `size`, `time`, `mode`, `owner`, `link`. */
	readonly in?: readonly string[];
}

/** A table whose number of rows a restore would change. */
export interface RowDifference {
	readonly state: string;
	/** Such as `PostgreSQL database notes`. */
	readonly database: string;
	readonly table: string;
	/** Undefined if the table does not exist. */
	readonly archived: number | undefined;
	readonly live: number | undefined;
}

/** A database that an archive holds and the config does not declare: it is not compared. */
export interface UndeclaredDatabase {
	readonly state: string;
	readonly database: string;
}

/** A database whose rows could not be counted on one side: it is damaged or missing, or its server is down. */
export interface UncountedDatabase {
	readonly state: string;
	readonly database: string;
	readonly where: "live" | "archive";
	readonly why: ErrorReport;
}

export interface RowDifferences {
	readonly rows: readonly RowDifference[];
	readonly undeclared: readonly UndeclaredDatabase[];
	readonly uncounted: readonly UncountedDatabase[];
}

/** Tables whose number of rows differs between the archive and the live database. The dumps are extracted below `scratch`. */
export async function diffRows(
	manifest: Manifest,
	archive: ListedArchive,
	services: readonly string[],
	scratch: string,
	work: Work,
): Promise<RowDifferences> {
	const destination = await openDestination(manifest, archive.provider, archive.destination);
	const differences: RowDifference[] = [];
	const uncounted: UncountedDatabase[] = [];
	const { databases, undeclared } = heldDatabases(manifest, archive, services);
	for (const [state, held] of Object.entries(databases)) {
		for (const { dump, stored } of held) {
			const database = await openDatabase(dump, work.signal);
			using folder = openFolder(resolvePath(scratch).path);
			await restoreFiles(destination, archive.name, [stored], folder, work);
			const label = dumpLabel(dump);
			const count = async (where: UncountedDatabase["where"], ask: () => Promise<RowCounts>) => {
				try {
					return await ask();
				} catch (error) {
					work.signal.throwIfAborted();
					uncounted.push({ state, database: label, where, why: reportOf(error) });
					return undefined;
				}
			};
			const archived = await count("archive", () => database.rowsOf(join(scratch, stored), work));
			const live = await count("live", () => database.rows(work));
			if (archived === undefined || live === undefined) continue;
			for (const table of new Set([...archived.keys(), ...live.keys()])) {
				const [was, is] = [archived.get(table), live.get(table)];
				if (was !== is) differences.push({ state, database: label, table, archived: was, live: is });
			}
		}
	}
	return {
		rows: differences,
		uncounted,
		undeclared: Object.entries(undeclared).flatMap(([state, some]) =>
			some.map(({ label }) => ({ state, database: label })),
		),
	};
}

/**
 * Report what a restore would change, folder by folder, sorted by path. Both sides are sorted on disk and merged: there
 * may be millions of files.
 */
export async function diffArchive(
	manifest: Manifest,
	archive: ListedArchive,
	services: readonly string[],
	tell: (difference: Difference) => void,
	work: Work,
): Promise<void> {
	const destination = await openDestination(manifest, archive.provider, archive.destination);
	requireAble(destination, "contents");
	const { toldAs } = destination;
	const folders = services.flatMap((state) =>
		heldFolders(manifest, archive, state).map((held) => ({ state, ...held })),
	);
	for (const { state, folder, stored } of folders.sort((a, b) => (a.folder < b.folder ? -1 : 1))) {
		// A restore of this state does not touch other states' folders, whatever an archive holds there.
		const theirs = othersOf(manifest, state, archive.metadata).map((other) => other.folder);
		const within = theirs.filter((other) => other !== folder && isWithin(other, folder));
		const others = new Set([...within, ...(await whatStays(folder))]);
		using held = await openSpool();
		await destination.contents(
			archive.name,
			[stored],
			(entry) => {
				const below = entry.path.slice(stored.length);
				if (below.length > LONGEST_PATH) return;
				if (!isAmong(folder + below, others)) held.add(recordOf(below, entry));
			},
			work,
		);
		using live = await openSpool();
		const leftOut = new Set([...others, ...(manifest.state[state]?.dumps ?? []).flatMap(liveFiles)]);
		await walk(folder, work.signal, (below, entry) => {
			if (!isAmong(folder + below, leftOut)) live.add(recordOf(below, entry, toldAs));
		});
		using archived = await held.sorted(work.signal);
		using now = await live.sorted(work.signal);
		const breathe = breathing(work.signal);
		for (const [below, was, is] of together(archived, now)) {
			await breathe();
			const path = folder + below;
			if (is === undefined) tell({ state, path, change: "add" });
			else if (was === undefined) tell({ state, path, change: "remove" });
			else {
				const differs = differing(was, is);
				if (differs.length > 0) tell({ state, path, change: "change", in: differs });
			}
		}
	}
}

/** Whether the path is one of these, or lies within one. */
function isAmong(path: string, folders: ReadonlySet<string>): boolean {
	if (folders.size === 0) return false;
	if (folders.has(path)) return true;
	for (const folder of above(path)) if (folders.has(folder)) return true;
	return false;
}

/** The lost+found folder of a mount point exists before and after a restore. */
async function whatStays(folder: string): Promise<string[]> {
	const { target, mode, present } = survey(resolveReplaced(folder), await mountPoints());
	if (mode !== "entries" || !present) return [];
	return closing(openFolder(target), (home) =>
		isLeftInPlace(home, LOST_AND_FOUND) ? [`${folder}/${LOST_AND_FOUND}`] : [],
	);
}

/** The compared attributes of an entry. */
type Compared = Pick<Entry, "type" | "mode" | "uid" | "gid" | "size" | "mtime" | "link">;

/** The path, encoded so that a folder sorts before its contents; then, after a tab, the rest. */
function recordOf(
	below: string,
	{ type, mode, uid, gid, size, mtime, link }: Entry,
	toldAs = (name: string) => name,
): string {
	const rest = { type, mode, uid, gid, size, mtime, link: link === undefined ? undefined : toldAs(link) };
	return `${packed(toldAs(below)).slice(1, -1)}\t${packed(rest)}`;
}

/** The entries of both sides by path; an entry that only one side has is undefined on the other. */
function* together(
	archived: Spool,
	live: Spool,
): Generator<[below: string, was: Compared | undefined, is: Compared | undefined]> {
	const [held, now] = [archived.records(), live.records()];
	let [was, is] = [keyed(held.next()), keyed(now.next())];
	while (was !== undefined || is !== undefined) {
		const order = was === undefined ? 1 : is === undefined ? -1 : compare(was.key, is.key);
		const below = JSON.parse(`"${(order <= 0 ? was : is)?.key}"`) as string;
		yield [below, order <= 0 ? compared(was) : undefined, order >= 0 ? compared(is) : undefined];
		if (order <= 0) was = keyed(held.next());
		if (order >= 0) is = keyed(now.next());
	}
}

interface Keyed {
	readonly key: string;
	readonly rest: string;
}

function keyed({ value, done }: IteratorResult<string, undefined>): Keyed | undefined {
	if (done || value === undefined) return undefined;
	const at = value.indexOf("\t");
	return { key: value.slice(0, at), rest: value.slice(at + 1) };
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const compared = (one: Keyed | undefined) => one && (JSON.parse(one.rest) as Compared);

function differing(held: Compared, live: Compared): string[] {
	if (held.type !== live.type) return ["type"];
	return [
		...(held.type === "-" && held.size !== undefined && held.size !== live.size ? ["size"] : []),
		// A folder's time changes with its contents, which are reported separately.
		...(held.type === "-" && Math.abs(held.mtime - live.mtime) > 1 ? ["time"] : []),
		...(held.type !== "l" && held.mode !== live.mode ? ["mode"] : []),
		...(held.uid !== live.uid || held.gid !== live.gid ? ["owner"] : []),
		...(held.link !== live.link ? ["link"] : []),
	];
}

/** Sockets are left out: no engine stores them. The folder itself may be a link to its real path. */
async function walk(
	folder: string,
	signal: AbortSignal,
	tell: (below: string, entry: Entry) => void,
): Promise<void> {
	const { path: top, found: present } = resolveReplaced(folder);
	if (present === undefined) return;
	const breathe = breathing(signal);
	const visit = async (parent: Folder, name: string, below: string): Promise<void> => {
		await breathe();
		const stat = entryIn(parent, name);
		if (!stat || stat.isSocket()) return;
		tell(below, entryOf(folder + below, stat, parent, name));
		// Anything deeper has a path that no restore could create; a service may nest folders without end.
		if (!stat.isDirectory() || below.length > LONGEST_PATH) return;
		using inner = enter(parent, name);
		for (const child of namesIn(inner))
			if (!isPrivate(inner, child)) await visit(inner, child, `${below}/${child}`);
	};
	const [above, name] = split(top);
	using parent = openFolder(above);
	await visit(parent, name, "");
}

/** Signals are handled, and a stop is noticed, after every so many entries. */
const BREATHS = 500;

function breathing(signal: AbortSignal): () => Promise<void> {
	let count = 0;
	return async () => {
		if (++count % BREATHS === 0) await setImmediate();
		signal.throwIfAborted();
	};
}

function entryOf(path: string, stat: Stats, parent: Folder, name: string): Entry {
	return {
		path,
		type: letterOf(stat),
		mode: stat.mode & 0o7777,
		uid: stat.uid,
		gid: stat.gid,
		size: stat.size,
		mtime: stat.mtimeMs,
		...(stat.isSymbolicLink() ? { link: linkIn(parent, name) } : {}),
	};
}

function letterOf(stat: Stats): string {
	if (stat.isDirectory()) return "d";
	if (stat.isSymbolicLink()) return "l";
	if (stat.isFIFO()) return "p";
	if (stat.isCharacterDevice()) return "c";
	return stat.isBlockDevice() ? "b" : "-";
}
