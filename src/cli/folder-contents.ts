// What lies in a folder, by the names in it: the data of servers and archives are not backed up as folders.
import { type Dirent, readdirSync } from "node:fs";
import { join } from "node:path";
import { readText } from "../host/read-file.ts";
import { isWithin } from "../values/paths.ts";
import { patternFault, patternOf } from "../values/patterns.ts";

export interface Part {
	readonly path: string;
	/** What is in it, in words, and why it is not proposed. */
	readonly kind: string;
}

export interface Contents {
	/** Undefined if the folder can be proposed. */
	readonly kind?: string;
	/** Folders below it that are left out if it is proposed. */
	readonly without: readonly Part[];
}

/** `archives`: folders that are known to hold archives. Of a folder's own folders, only the first are looked into. */
export function contentsOf(path: string, archives: readonly string[]): Contents {
	if (archives.some((one) => isWithin(path, one))) return { kind: ARCHIVES, without: [] };
	const own = entriesIn(path);
	const { kind, without: ours } = lookInto(path, own);
	if (kind !== undefined) return { kind, without: [] };
	const folders = own
		.filter((one) => one.isDirectory())
		.map(({ name }) => join(path, name))
		.filter((folder) => !archives.includes(folder) && !ours.some((part) => part.path === folder));
	const found = [
		...ours,
		...folders.slice(0, MAX_LOOKED_INTO).flatMap((folder) => {
			const { kind, without } = lookInto(folder, entriesIn(folder));
			return kind === undefined ? without : [{ path: folder, kind }];
		}),
	];
	const known = archives
		.filter((one) => isWithin(one, path) && !found.some((part) => isWithin(one, part.path)))
		.map((one) => ({ path: one, kind: ARCHIVES }));
	const without = [...found, ...known];
	const unnamable = without.find((part) => patternFault(patternOf(part.path)) !== undefined);
	const isAll = own.every(({ name }) => without.some((part) => part.path === join(path, name)));
	const whole = unnamable ?? (isAll ? without[0] : undefined);
	return whole === undefined ? { without } : { kind: whole.kind, without: [] };
}

/** Those in which nothing is to be left out, for a proposal that excludes nothing; and what is in the others. */
export function wholeOf(paths: readonly string[], archives: readonly string[]) {
	const all = paths.map((path) => ({ path, ...contentsOf(path, archives) }));
	const parts = all.flatMap(({ path, kind, without }) => (kind === undefined ? without : [{ path, kind }]));
	return {
		folders: all.filter((one) => !parts.some(({ path }) => isWithin(path, one.path))).map(({ path }) => path),
		parts,
	};
}

/** In their alphabetical order; none if it cannot be read. */
export function entriesIn(folder: string): Dirent[] {
	try {
		return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
	} catch {
		return [];
	}
}

const MAX_LOOKED_INTO = 50;
const ARCHIVES = "holds archives of Holdfast: backups of backups are not proposed";

interface Kind {
	readonly kind: string;
	readonly files: readonly string[];
	readonly folders: readonly string[];
	/** How its file `config` begins. */
	readonly config?: string;
}

/** Applications' own folders have some of these names too. In doubt a folder is proposed: a needless backup does no harm. */
const KINDS: readonly Kind[] = [
	{
		kind: "the data of a PostgreSQL server; declare its databases as dumps",
		...{ files: ["PG_VERSION"], folders: ["global"] },
	},
	{
		kind: "the data of a MariaDB or MySQL server; declare its databases as dumps",
		...{ files: ["ibdata1"], folders: ["mysql"] },
	},
	{
		kind: "holds a repository of borg: backups of backups are not proposed",
		...{ files: ["config", "README"], folders: ["data"], config: "[repository]" },
	},
	{
		kind: "holds a repository of restic: backups of backups are not proposed",
		...{ files: ["config"], folders: ["data", "keys", "snapshots"] },
	},
];

/** Folders that an engine made: each is one archive, and what lies beside it may be anything. */
const MADE: readonly { readonly kind: string; readonly name: RegExp; readonly files: readonly string[] }[] = [
	// An archive is named after its machine and run: see run/run-id.ts.
	{
		kind: ARCHIVES,
		name: /-\d{4}-\d{2}-\d{2}T\d{6}Z-[0-9a-z]{4}$/,
		files: ["index.json", "data.tar.zst"],
	},
	{
		kind: "holds snapshots of localbackup: backups of backups are not proposed",
		name: /^snapshot\.\d+$/,
		files: ["holdfast.json"],
	},
];

/** What the engines and a file system keep beside archives. */
const BESIDE = /^(\.partial-.*|\.sync|snapshot\.\d+|lost\+found)$/;

/** What a folder is as a whole, or which of its own folders are archives. */
function lookInto(path: string, entries: readonly Dirent[]): Contents {
	const has = (names: readonly string[], is: "isFile" | "isDirectory") =>
		names.every((name) => entries.some((entry) => entry.name === name && entry[is]()));
	const known = KINDS.find(
		({ files, folders, config }) =>
			has(files, "isFile") &&
			has(folders, "isDirectory") &&
			(config === undefined || beginsWith(join(path, "config"), config)),
	);
	if (known !== undefined) return { kind: known.kind, without: [] };
	const without = entries
		.filter((entry) => entry.isDirectory())
		.flatMap(({ name }) => {
			const folder = join(path, name);
			const made = MADE.find((one) => one.name.test(name) && hasFile(folder, one.files));
			return made === undefined ? [] : [{ path: folder, kind: made.kind }];
		});
	const [first] = without;
	const isAll = entries.every(
		({ name }) => BESIDE.test(name) || without.some((part) => part.path === join(path, name)),
	);
	return first !== undefined && isAll ? { kind: first.kind, without: [] } : { without };
}

const hasFile = (folder: string, names: readonly string[]) =>
	entriesIn(folder).some((entry) => entry.isFile() && names.includes(entry.name));

const MAX_CONFIG_BYTES = 64 * 1024;

function beginsWith(file: string, start: string): boolean {
	try {
		return readText(file, { most: MAX_CONFIG_BYTES, noLink: true }).startsWith(start);
	} catch {
		return false;
	}
}
