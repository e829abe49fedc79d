// What a restore replaces: the folders that an archive holds of a state, or the paths in them that a person names.
import { join, normalize } from "node:path";
import * as v from "valibot";
import { survey } from "../host/survey.ts";
import { type Dump, databaseOf, dumpSchema, isServerDump } from "../manifest/dumps.ts";
import { HoldfastError } from "../manifest/error.ts";
import { recordOf } from "../manifest/record.ts";
import type { Manifest } from "../manifest/schema.ts";
import type { ListedArchive } from "./archives.ts";
import type { HeldDatabase } from "./databases.ts";
import type { Target } from "./places.ts";

/** A state's folder, and the path under which the archive holds it. */
interface Held {
	readonly folder: string;
	readonly stored: string;
}

/** By state. The archive says which folders; one that says nothing is taken to hold those declared. */
export function heldFolders(manifest: Manifest, { metadata }: ListedArchive, service: string): Held[] {
	const record = metadata?.states[service];
	const folders = record?.folders ?? manifest.state[service]?.folders ?? [];
	return folders.map((folder) => ({ folder, stored: believable(record?.stored?.[folder] ?? folder) }));
}

/** The databases that an archive holds, by state, or of parts of it; their dumps are checked, since an archive is somebody's word. */
export function heldDatabases(
	{ metadata }: ListedArchive,
	services: readonly string[],
	paths: readonly string[] = [],
): Record<string, HeldDatabase[]> {
	return Object.fromEntries(
		services.map((service) => [
			service,
			(metadata?.states[service]?.dumps ?? [])
				.map(({ dump, stored, facts, accounts }) => ({
					dump: v.parse(dumpSchema, dump),
					stored: believable(stored),
					facts: facts as HeldDatabase["facts"],
					...(accounts === undefined ? {} : { accounts: believable(accounts) }),
				}))
				.filter(({ dump }) => paths.length === 0 || isPartOf(dump, paths)),
		]),
	);
}

/** Of parts of a state, the databases that are files in them; never those of a server. */
function isPartOf(dump: Dump, paths: readonly string[]): boolean {
	if (isServerDump(dump)) return false;
	const file = databaseOf(dump);
	if (paths.includes(file))
		throw new HoldfastError("usage", `${file} is a database`, {
			hint: "name the folder that it lies in, or restore the whole state with --service",
		});
	return paths.some((path) => isWithin(file, path));
}

/** A path that an archive tells of itself becomes part of paths here: one with ".." would lead out of our own folders. */
function believable(stored: string): string {
	if (stored.startsWith("/") && stored !== "/" && normalize(stored) === stored && !stored.includes("\0"))
		return stored;
	throw new HoldfastError(
		"failed",
		`the archive says that it holds ${JSON.stringify(stored)}, which is no path that a backup stores`,
		{
			hint: "somebody changed this archive, or it is damaged: nothing was touched",
		},
	);
}

/** The states that these paths belong to. */
export function ownersOf(manifest: Manifest, paths: readonly string[]): string[] {
	return Object.entries(manifest.state)
		.filter(([, { folders }]) => paths.some((path) => folders.some((folder) => isWithin(path, folder))))
		.map(([name]) => name);
}

export async function restoreTargets(
	manifest: Manifest,
	archive: ListedArchive,
	services: readonly string[],
	paths: readonly string[],
): Promise<Record<string, Target[]>> {
	const wanted = paths.map((path) => ({ path: checked(path), found: false }));
	const targets = recordOf<Target[]>();
	for (const service of services) {
		const held = heldFolders(manifest, archive, service);
		const chosen = wanted.length === 0 ? held : held.flatMap((one) => within(one, wanted));
		targets[service] = await Promise.all(
			chosen.map(async (one) => ({ ...one, survey: await survey(one.folder) })),
		);
	}
	const lost = wanted.find(({ found }) => !found);
	if (lost)
		throw new HoldfastError(
			"usage",
			`${lost.path} is in no folder that the archive holds of ${services.join(", ")}`,
			{
				details: services.flatMap((service) =>
					heldFolders(manifest, archive, service).map(({ folder }) => folder),
				),
				hint: "name a path in one of the folders above",
			},
		);
	return targets;
}

function checked(path: string): string {
	if (path.startsWith("/")) return normalize(path).replace(/(?<=.)\/$/, "");
	throw new HoldfastError("usage", `--path takes an absolute path, not ${JSON.stringify(path)}`);
}

function within({ folder, stored }: Held, wanted: { path: string; found: boolean }[]): Held[] {
	return wanted
		.filter(({ path }) => isWithin(path, folder))
		.map((one) => {
			one.found = true;
			return { folder: one.path, stored: join(stored, one.path.slice(folder.length)) };
		});
}

export function isWithin(path: string, folder: string): boolean {
	return path === folder || path.startsWith(`${folder}/`);
}
