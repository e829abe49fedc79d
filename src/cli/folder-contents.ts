// What lies in a folder, by the names in it: the data of servers and archives are not backed up as folders.
import { type Dirent, readdirSync } from "node:fs";
import { join } from "node:path";
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
	const kind = kindOf(own);
	if (kind !== undefined) return { kind, without: [] };
	const folders = own.filter((one) => one.isDirectory());
	const found = folders.slice(0, MAX_LOOKED_INTO).flatMap(({ name }) => {
		const kind = kindOf(entriesIn(join(path, name)));
		return kind === undefined ? [] : [{ path: join(path, name), kind }];
	});
	const known = archives
		.filter((one) => isWithin(one, path) && !found.some((part) => isWithin(one, part.path)))
		.map((one) => ({ path: one, kind: ARCHIVES }));
	const without = [...found, ...known];
	const unnamable = without.find((part) => patternFault(patternOf(part.path)) !== undefined);
	const [only] = found.length === own.length ? found : [];
	const whole = unnamable ?? only;
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
/** An archive is named after its machine and run: see run/run-id.ts. */
const ARCHIVE = /-\d{4}-\d{2}-\d{2}T\d{6}Z-[0-9a-z]{4}$/;

const KINDS: readonly { readonly marks: readonly (string | RegExp)[]; readonly kind: string }[] = [
	{
		marks: ["PG_VERSION", "global"],
		kind: "the data of a PostgreSQL server; declare its databases as dumps",
	},
	{
		marks: ["ibdata1", "mysql"],
		kind: "the data of a MariaDB or MySQL server; declare its databases as dumps",
	},
	{
		marks: ["config", "data", "README"],
		kind: "holds a repository of borg: backups of backups are not proposed",
	},
	{
		marks: ["config", "data", "keys", "snapshots"],
		kind: "holds a repository of restic: backups of backups are not proposed",
	},
	{ marks: ["snapshot.0"], kind: "holds snapshots of localbackup: backups of backups are not proposed" },
	{ marks: [ARCHIVE], kind: ARCHIVES },
];

const kindOf = (entries: readonly Dirent[]) =>
	KINDS.find(({ marks }) =>
		marks.every((mark) =>
			entries.some(({ name }) => (typeof mark === "string" ? name === mark : mark.test(name))),
		),
	)?.kind;
