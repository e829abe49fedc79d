// What root is proposed beside the services: folders of data where the Filesystem Hierarchy Standard wants them.
import { type Dirent, readdirSync } from "node:fs";
import { join } from "node:path";
import type { ProposedFolders } from "../config/write.ts";
import { isWithin } from "../values/paths.ts";
import { MOST_STATES, stateNames } from "./own-folders.ts";

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
	const found = PLACES.map(({ at, prefix }) => {
		const folder = join(root, at);
		const entries = entriesIn(folder).filter(({ name }) => isFree(join(folder, name)));
		const folders = foldersIn(folder, entries).map((path) => ({ prefix, path }));
		return { folders, left: leftIn(folder, entries) };
	});
	const all = found.flatMap(({ folders }) => folders);
	const named = stateNames(all.map(({ prefix, path }) => ({ wanted: `${prefix}-${lastOf(path)}`, path })));
	const programs = foldersIn(join(root, PROGRAMS), entriesIn(join(root, PROGRAMS))).filter(isFree);
	const more = all.length - Math.min(named.length, MOST_STATES);
	return {
		states: named.slice(0, MOST_STATES),
		optional: {
			name: "programs",
			about: "Mostly programs, which can be installed again; some keep their data there too.",
			folders: programs,
		},
		left: [
			...found.flatMap(({ left }) => left),
			...(more > 0 ? [`${more} more folders of these: add those that you need under \`state\``] : []),
			...(programs.length > 0
				? [`${programs.join(", ")}: mostly programs; the config has them as a comment`]
				: []),
		],
	};
}

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
