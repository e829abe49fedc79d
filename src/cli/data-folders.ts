// What root is proposed beside the services: folders of data where the Filesystem Hierarchy Standard wants them.
import type { Dirent } from "node:fs";
import { join } from "node:path";
import type { ProposedFolders } from "../config/write.ts";
import { type Mount, mountAt, mountsOf } from "../host/mounts.ts";
import { counted } from "../values/counted.ts";
import { isWithin } from "../values/paths.ts";
import { contentsOf, entriesIn, wholeOf } from "./folder-contents.ts";
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

/** `root`: where the file system begins. `covered`: folders that belong to a state already. `archives`: that hold archives. */
export function dataFolders(
	root: string,
	{ covered, archives }: { readonly covered: readonly string[]; readonly archives: readonly string[] },
): DataFolders {
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
		const kinds = foldersIn(folder, some).map((path) => ({ path, ...contentsOf(path, archives) }));
		return {
			folders: kinds.flatMap(({ path, kind, without }) =>
				kind === undefined ? [{ prefix, path, exclude: without.map((part) => part.path) }] : [],
			),
			left: [
				...leftIn(folder, entries),
				...entries
					.filter((one) => !some.includes(one))
					.map(({ name }) => `${join(folder, name)}: ${ELSEWHERE}`),
				...kinds
					.flatMap(({ path, kind, without }) => (kind === undefined ? without : [{ path, kind }]))
					.map(({ path, kind }) => `${path}: ${kind}`),
				...partly.map((path) => `${path}: a part of it is covered already; name the rest if you need it`),
			],
		};
	});
	const all = found.flatMap(({ folders }) => folders);
	const named = stateNames(
		all.map(({ prefix, ...one }) => ({ ...one, wanted: `${prefix}-${lastOf(one.path)}` })),
	);
	const { folders: programs, parts } = wholeOf(
		foldersIn(join(root, PROGRAMS), entriesIn(join(root, PROGRAMS))).filter(isFree),
		archives,
	);
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
			...parts.map(({ path, kind }) => `${path}: ${kind}`),
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

const lastOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);
