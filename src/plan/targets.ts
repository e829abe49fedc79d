// What a restore replaces: the folders of a state in an archive, or the paths within them that the user names.
import { dirname, join, normalize } from "node:path";
import * as v from "valibot";
import {
	asDeclared,
	type Dump,
	databaseOf,
	differenceOf,
	dumpLabel,
	dumpSchema,
	isFileDump,
} from "../databases/dump.ts";
import { mountPoints } from "../host/mounts.ts";
import { survey } from "../host/survey.ts";
import { type Resolved, resolvePath, resolveReplaced, resolveUnlinked } from "../host/trust.ts";
import type { Manifest } from "../manifest/schema.ts";
import type { KnownArchive } from "../steps/records.ts";
import { HoldfastError } from "../values/error.ts";
import { isWithin, ownerOf } from "../values/paths.ts";
import { recordOf } from "../values/record.ts";
import type { ListedArchive } from "./archives.ts";
import type { HeldDatabase } from "./databases.ts";
import type { Target } from "./places.ts";

/** A state's folder, or a path in it, and its path in the archive. */
interface Held {
	readonly folder: string;
	readonly stored: string;
	/** For a path in a folder: the state's folder. */
	readonly within?: string;
}

/** By state. The archive says which folders it holds; one without metadata is assumed to hold the declared ones. */
export function heldFolders(manifest: Manifest, { metadata }: ListedArchive, service: string): Held[] {
	const record = metadata?.states[service];
	const folders = (metadata === undefined ? manifest.state[service]?.folders : record?.folders) ?? [];
	return folders.map((folder) => ({ folder, stored: believable(record?.stored?.[folder] ?? folder) }));
}

/** What an archive holds of the databases of states. */
export interface HeldDatabases {
	/** As this machine's config declares them: an archive never decides which server is asked, and as which user. */
	readonly databases: Readonly<Record<string, readonly HeldDatabase[]>>;
	/** The databases that the config does not declare: as text, with the paths of their dumps in the archive. */
	readonly undeclared: Readonly<
		Record<string, readonly { readonly label: string; readonly stored: string }[]>
	>;
}

/** For entire states, or for parts of them. `known`: archives of the same name in this machine's journal. */
export function heldDatabases(
	manifest: Manifest,
	{ id, metadata }: ListedArchive,
	services: readonly string[],
	paths: readonly string[] = [],
	known: readonly KnownArchive[] = [],
): HeldDatabases {
	const databases = recordOf<HeldDatabase[]>();
	const undeclared = recordOf<{ label: string; stored: string }[]>();
	for (const service of services) {
		const declared = manifest.state[service]?.dumps ?? [];
		for (const { dump: said, stored, facts, accounts } of metadata?.states[service]?.dumps ?? []) {
			const parsed = v.safeParse(dumpSchema, said);
			const dump = parsed.success ? asDeclared(declared, parsed.output) : undefined;
			if (paths.length > 0 && parsed.success && !isPartOf(parsed.output, paths)) continue;
			if (dump === undefined) {
				const label = parsed.success ? dumpLabel(parsed.output) : "database of an unknown kind";
				undeclared[service] = [...(undeclared[service] ?? []), { label, stored: believable(stored) }];
			} else
				databases[service] = [
					...(databases[service] ?? []),
					{
						...{ dump, stored: believable(stored), facts: facts as HeldDatabase["facts"] },
						...(accounts === undefined ? {} : { accounts: believable(accounts) }),
						...(parsed.success ? { remark: differenceOf(dump, parsed.output) } : {}),
						...writtenHere(known, id, service, stored, accounts),
					},
				];
		}
	}
	return { databases, undeclared };
}

/** What the journal has recorded about a dump. */
function writtenHere(
	known: readonly KnownArchive[],
	id: string,
	service: string,
	stored: string,
	accounts: string | undefined,
): Pick<HeldDatabase, "known"> {
	const all = (path: string | undefined) =>
		known.flatMap(({ digests }) =>
			path !== undefined && digests[path] !== undefined ? [digests[path]] : [],
		);
	const facts = known
		.flatMap(({ metadata }) => metadata.states[service]?.dumps ?? [])
		.find((one) => one.stored === stored)?.facts;
	if (facts === undefined) return {};
	return {
		known: {
			dump: all(stored),
			accounts: all(accounts),
			facts: facts as HeldDatabase["facts"],
			here: known.some((one) => one.id === id && one.digests[stored] !== undefined),
		},
	};
}

/** For parts of a state: the databases that are files in them; never those of a server, and no stores. */
function isPartOf(dump: Dump, paths: readonly string[]): boolean {
	if (!isFileDump(dump)) return false;
	const file = databaseOf(dump);
	if (paths.includes(file))
		throw new HoldfastError("usage", `${file} is a database`, {
			hint: "name the folder that contains it, or restore the entire state with --service",
		});
	return paths.some((path) => isWithin(file, path));
}

/** A path from an archive's metadata becomes part of paths here: with ".." it would lead out of the private folders. */
function believable(stored: string): string {
	if (stored.startsWith("/") && stored !== "/" && normalize(stored) === stored && !stored.includes("\0"))
		return stored;
	throw new HoldfastError(
		"archive-damaged",
		`the archive claims to contain ${JSON.stringify(stored)}, which no backup stores`,
		{
			hint: "this archive is damaged or was modified; nothing was changed",
		},
	);
}

/** The states that these paths belong to; each path belongs to one. */
export function ownersOf(manifest: Manifest, paths: readonly string[]): string[] {
	const all = Object.entries(manifest.state).flatMap(([state, { folders }]) =>
		folders.map((folder) => ({ state, folder })),
	);
	return [...new Set(paths.flatMap((path) => ownerOf(path, all)?.state ?? []))];
}

/** What to restore of each state, by name: entire folders, or the named paths in them. */
export function chosenOf(
	manifest: Manifest,
	archive: ListedArchive,
	services: readonly string[],
	paths: readonly string[],
): Record<string, Held[]> {
	const all = services.flatMap((service) =>
		heldFolders(manifest, archive, service).map((held) => ({ service, ...held })),
	);
	const wanted = outermost(paths.map(checked));
	const parts = wanted.map((path) => ({ path, within: ownerOf(path, all) }));
	const lost = parts.find(({ within }) => within === undefined);
	if (lost) throw notHeld(lost.path, manifest, archive, services);
	const chosen = recordOf<Held[]>(services.map((service) => [service, []]));
	for (const { service, ...held } of wanted.length > 0 ? [] : all) chosen[service]?.push(held);
	for (const { path, within } of parts) if (within) chosen[within.service]?.push(partOf(path, within));
	return chosen;
}

function notHeld(
	path: string,
	manifest: Manifest,
	archive: ListedArchive,
	services: readonly string[],
): HoldfastError {
	const foldersOf = (service: string) => heldFolders(manifest, archive, service).map(({ folder }) => folder);
	const others = Object.keys(archive.metadata?.states ?? {}).filter((state) => !services.includes(state));
	const holder = others.find((state) => foldersOf(state).some((folder) => isWithin(path, folder)));
	return new HoldfastError(
		"path-not-in-archive",
		`${path} is not in any folder of ${services.join(", ")} in the archive`,
		{
			subject: path,
			details: services.flatMap(foldersOf),
			hint:
				holder === undefined
					? "name a path in one of the folders above"
					: `in this archive it belongs to ${holder}: holdfast restore --into FOLDER --service ${holder} --path ${path} …`,
		},
	);
}

/** The most undeclared folders that are examined one by one, before a restore of them is refused. */
const MAX_UNDECLARED = 20;

/** What the restore replaces here. */
export async function targetsOf(
	manifest: Manifest,
	chosen: Readonly<Record<string, readonly Held[]>>,
): Promise<Record<string, Target[]>> {
	const targets = recordOf<Target[]>();
	const mounts = await mountPoints();
	for (const [service, some] of Object.entries(chosen)) {
		requireMostlyDeclared(manifest, service, some);
		targets[service] = some.map((one) => ({ ...one, survey: survey(replacedBy(one), mounts) }));
	}
	return targets;
}

/** An archive may name thousands of folders; finding out how to replace them is not free. */
function requireMostlyDeclared({ state }: Manifest, service: string, held: readonly Held[]): void {
	const own = state[service]?.folders ?? [];
	const others = held.filter(({ folder }) => !own.some((one) => isWithin(folder, one)));
	if (others.length <= MAX_UNDECLARED) return;
	throw new HoldfastError(
		"archive-mismatch",
		`the archive contains ${others.length} folders of ${service} that the config does not declare`,
		{
			subject: service,
			details: others.slice(0, 3).map(({ folder }) => folder),
			hint: `nothing was changed. To inspect them: holdfast restore --into FOLDER --service ${service}. If they belong to ${service}, add them to its folders`,
		},
	);
}

function checked(path: string): string {
	if (path.startsWith("/")) return normalize(path).replace(/(?<=.)\/$/, "");
	throw new HoldfastError("usage", `--path takes an absolute path, not ${JSON.stringify(path)}`);
}

/** Without paths that lie within another of them. */
function outermost(paths: readonly string[]): string[] {
	const unique = [...new Set(paths)];
	return unique.filter((path) => !unique.some((other) => other !== path && isWithin(path, other)));
}

function partOf(path: string, { folder, stored }: Held): Held {
	if (path === folder) return { folder, stored };
	return { folder: path, stored: join(stored, path.slice(folder.length)), within: folder };
}

/** A state's folder may be behind a link. Paths within it may not: a link there is itself restored. */
function replacedBy({ folder: path, within }: Held): Resolved {
	if (within === undefined) return resolveReplaced(path);
	const home = resolvePath(within).path;
	const find = (one: string) => resolveUnlinked(join(home, one.slice(within.length)));
	const entry = find(path);
	if (entry.found !== undefined || resolveUnlinked(dirname(entry.path)).found !== undefined) return entry;
	let lost = dirname(path);
	while (lost !== within && find(dirname(lost)).found === undefined) lost = dirname(lost);
	throw new HoldfastError("usage", `the folder that contained ${path} no longer exists`, {
		hint: `restore all of that folder: --path ${lost}`,
	});
}
