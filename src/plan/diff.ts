// What a restore would change: the entries of an archive against those that are live.
import { readlinkSync, type Stats } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { openDatabase } from "../databases/registry.ts";
import { enter, entryIn, type Folder, openFolder, split } from "../host/folder.ts";
import { PRIVATE } from "../host/private-area.ts";
import { resolvePath } from "../host/trust.ts";
import { dumpLabel, liveFiles } from "../manifest/dumps.ts";
import type { Manifest } from "../manifest/schema.ts";
import type { Entry, Work } from "../providers/provider.ts";
import { restoreFiles } from "../providers/read-files.ts";
import { openDestination } from "../providers/registry.ts";
import type { ListedArchive } from "./archives.ts";
import { heldDatabases, heldFolders, isWithin } from "./targets.ts";

export interface Difference {
	readonly state: string;
	/** As it is live. */
	readonly path: string;
	/** What a restore would do to it. */
	readonly change: "add" | "remove" | "change";
	/** For a change: what differs, of `type`, `size`, `time`, `mode`, `owner`, `link`. */
	readonly in?: readonly string[];
}

/** A table whose rows a restore would change in number. */
export interface RowDifference {
	readonly state: string;
	/** Such as `PostgreSQL database notes`. */
	readonly database: string;
	readonly table: string;
	/** Undefined when the table is not there. */
	readonly archived: number | undefined;
	readonly live: number | undefined;
}

/** A database that an archive holds and the config does not declare: it is not looked at. */
export interface UndeclaredDatabase {
	readonly state: string;
	readonly database: string;
}

/** Tables that do not hold as many rows in the archive as they do live. The dumps are extracted below `scratch`. */
export async function diffRows(
	manifest: Manifest,
	archive: ListedArchive,
	services: readonly string[],
	scratch: string,
	work: Work,
): Promise<{ rows: RowDifference[]; undeclared: UndeclaredDatabase[] }> {
	const destination = await openDestination(manifest, archive.provider, archive.destination);
	const differences: RowDifference[] = [];
	const { databases, undeclared } = heldDatabases(manifest, archive, services);
	for (const [state, held] of Object.entries(databases)) {
		for (const { dump, stored } of held) {
			const database = await openDatabase(dump, work.signal);
			using folder = openFolder(resolvePath(scratch).path);
			await restoreFiles(destination, archive.name, [stored], folder, work);
			const archived = await database.rowsOf(join(scratch, stored), work);
			const live = await database.rows(work);
			for (const table of new Set([...archived.keys(), ...live.keys()])) {
				const [was, is] = [archived.get(table), live.get(table)];
				if (was !== is)
					differences.push({ state, database: dumpLabel(dump), table, archived: was, live: is });
			}
		}
	}
	return {
		rows: differences,
		undeclared: Object.entries(undeclared).flatMap(([state, some]) =>
			some.map(({ label }) => ({ state, database: label })),
		),
	};
}

export async function diffArchive(
	manifest: Manifest,
	archive: ListedArchive,
	services: readonly string[],
	work: Work,
): Promise<Difference[]> {
	const destination = await openDestination(manifest, archive.provider, archive.destination);
	const differences: Difference[] = [];
	for (const state of services) {
		for (const { folder, stored } of heldFolders(manifest, archive, state)) {
			const held = new Map<string, Entry>();
			await destination.contents(
				archive.name,
				[stored],
				(entry) => held.set(entry.path.slice(stored.length), entry),
				work,
			);
			const live = new Map<string, Entry>();
			await walk(folder, live);
			const dumped = (manifest.state[state]?.dumps ?? []).flatMap(liveFiles);
			for (const below of live.keys())
				if (dumped.some((file) => isWithin(folder + below, file))) live.delete(below);
			for (const [below, entry] of held) {
				const now = live.get(below);
				const differs = now ? differing(entry, now) : [];
				if (!now) differences.push({ state, path: folder + below, change: "add" });
				else if (differs.length > 0)
					differences.push({ state, path: folder + below, change: "change", in: differs });
			}
			for (const below of live.keys())
				if (!held.has(below)) differences.push({ state, path: folder + below, change: "remove" });
		}
	}
	return differences.sort((a, b) => a.path.localeCompare(b.path));
}

function differing(held: Entry, live: Entry): string[] {
	if (held.type !== live.type) return ["type"];
	return [
		...(held.type === "-" && held.size !== undefined && held.size !== live.size ? ["size"] : []),
		// A folder's time changes with what is in it; that is told already.
		...(held.type === "-" && Math.abs(held.mtime - live.mtime) > 1 ? ["time"] : []),
		...(held.type !== "l" && held.mode !== live.mode ? ["mode"] : []),
		...(held.uid !== live.uid || held.gid !== live.gid ? ["owner"] : []),
		...(held.link !== live.link ? ["link"] : []),
	];
}

/** Sockets are left out: no engine stores one. The folder itself may be a symlink to where it really is. */
async function walk(folder: string, found: Map<string, Entry>): Promise<void> {
	const { path: top, found: present } = resolvePath(folder);
	if (present === undefined) return;
	const visit = async (parent: Folder, name: string, below: string): Promise<void> => {
		const stat = entryIn(parent, name);
		if (!stat || stat.isSocket()) return;
		found.set(below, entryOf(folder + below, stat, parent, name));
		if (!stat.isDirectory()) return;
		using inner = enter(parent, name);
		for (const child of await readdir(inner.self))
			if (!child.startsWith(PRIVATE)) await visit(inner, child, `${below}/${child}`);
	};
	const [above, name] = split(top);
	using parent = openFolder(above);
	await visit(parent, name, "");
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
		...(stat.isSymbolicLink() ? { link: readlinkSync(parent.at(name)) } : {}),
	};
}

function letterOf(stat: Stats): string {
	if (stat.isDirectory()) return "d";
	if (stat.isSymbolicLink()) return "l";
	if (stat.isFIFO()) return "p";
	if (stat.isCharacterDevice()) return "c";
	return stat.isBlockDevice() ? "b" : "-";
}
