// What root is proposed beside the services: folders of data where the Filesystem Hierarchy Standard wants them.
import { type Dirent, readdirSync } from "node:fs";
import { join } from "node:path";
import type { ProposedFolders } from "../config/write.ts";
import { type Mount, mountAt, mountsOf } from "../host/mounts.ts";
import { counted } from "../values/counted.ts";
import { isWithin } from "../values/paths.ts";
import { MAX_STATES, stateNames } from "./own-folders.ts";

const PLACES = [
	{ at: "srv", prefix: "srv" },
	{ at: "var/www", prefix: "www" },
	{ at: "home", prefix: "home" },
] as const;
const PROGRAMS = "opt";
/** Made by the file system itself, or by programs for programs. */
const LEFT_OUT: ReadonlySet<string> = new Set(["lost+found"]);

export interface DataFolders extends ProposedFolders {
	/** What is there and is not proposed, one line each, with the reason. */
	readonly left: readonly string[];
}

/** `root`: where the file system begins. `covered`: folders that belong to a state already, or that hold archives. */
export function dataFolders(root: string, covered: readonly string[]): DataFolders {
	const isFree = (path: string) => !covered.some((one) => isWithin(one, path) || isWithin(path, one));
	const mounts = mountsOf("self");
	const found = PLACES.map(({ at, prefix }) => {
		const folder = join(root, at);
		if (isElsewhere(folder, mounts)) return { folders: [], left: [`${folder}: ${ELSEWHERE}`] };
		const all = entriesIn(folder);
		const entries = all.filter(({ name }) => isFree(join(folder, name)));
		const partly = all
			.map(({ name }) => join(folder, name))
			.filter((path) => covered.some((one) => one !== path && isWithin(one, path)));
		const some = entries.filter(({ name }) => !isElsewhere(join(folder, name), mounts));
		const kinds = foldersIn(folder, some).map((path) => ({ path, kind: kindOf(path) }));
		return {
			folders: kinds.flatMap(({ path, kind }) => (kind === undefined ? [{ prefix, path }] : [])),
			left: [
				...leftIn(folder, entries),
				...entries
					.filter((one) => !some.includes(one))
					.map(({ name }) => `${join(folder, name)}: ${ELSEWHERE}`),
				...kinds.flatMap(({ path, kind }) => (kind === undefined ? [] : [`${path}: ${kind}`])),
				...partly.map((path) => `${path}: a part of it is covered already; name the rest if you need it`),
			],
		};
	});
	const all = found.flatMap(({ folders }) => folders);
	const named = stateNames(all.map(({ prefix, path }) => ({ wanted: `${prefix}-${lastOf(path)}`, path })));
	const programs = foldersIn(join(root, PROGRAMS), entriesIn(join(root, PROGRAMS))).filter(isFree);
	const more = all.length - Math.min(named.length, MAX_STATES);
	return {
		states: named.slice(0, MAX_STATES),
		optional: {
			name: "programs",
			about: "Mostly programs, which can be installed again; some keep their data there too.",
			folders: programs,
		},
		left: [
			...found.flatMap(({ left }) => left),
			...(more > 0
				? [`${counted(more, "more folder")} of these: add those that you need under \`state\``]
				: []),
			...(programs.length > 0
				? [`${programs.join(", ")}: mostly programs; the config has them as a comment`]
				: []),
		],
	};
}

const ELSEWHERE = "on a network file system; back it up where it is stored";
const NETWORK = /^(nfs4?|cifs|smb3|9p|ceph|glusterfs|afs|autofs|fuse\.(sshfs|glusterfs|rclone|s3fs))$/;

/** A server that does not answer would keep us waiting. */
const isElsewhere = (path: string, mounts: readonly Mount[]) =>
	NETWORK.test(mountAt(path, mounts)?.type ?? "");

/** What is not backed up as a folder: in it, or in one of its folders. */
function kindOf(path: string): string | undefined {
	const within = entriesIn(path);
	const folders = within.filter((one) => one.isDirectory()).slice(0, MAX_LOOKED_INTO);
	for (const names of [within, ...folders.map(({ name }) => entriesIn(join(path, name)))])
		for (const { marks, kind } of KINDS)
			if (marks.every((mark) => names.some(({ name }) => name === mark))) return kind;
	return undefined;
}

const MAX_LOOKED_INTO = 50;
const KINDS = [
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
] as const;

function leftIn(folder: string, entries: readonly Dirent[]): string[] {
	const links = entries.filter((one) => one.isSymbolicLink()).map(({ name }) => join(folder, name));
	return [
		...(entries.some((one) => one.isFile())
			? [`files that lie directly in ${folder}: a state has folders; move them into one`]
			: []),
		...(links.length > 0 ? [`${links.join(", ")}: a link; name the folder that it leads to`] : []),
	];
}

const foldersIn = (folder: string, entries: readonly Dirent[]) =>
	entries
		.filter((one) => one.isDirectory() && !one.name.startsWith(".") && !LEFT_OUT.has(one.name))
		.map(({ name }) => join(folder, name))
		.filter((path) => entriesIn(path).length > 0);

function entriesIn(folder: string): Dirent[] {
	try {
		return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
	} catch {
		return [];
	}
}

const lastOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);
