// restic 0.14 and later. snapshots.ts explains what an archive is.

import { closeSync, fchmodSync } from "node:fs";
import * as v from "valibot";
import { findBelow, openFileBelow } from "../../host/folder.ts";
import { inConfig } from "../../host/places.ts";
import type { Archive, Entry, Metadata, Problem } from "../archive.ts";
import { oldestFirst } from "../archive-time.ts";
import type { Destination, Work } from "../destination.ts";
import type { Inside, Into } from "../into.ts";
import { damageIn } from "../metadata.ts";
import { whileMounted } from "../mount.ts";
import { heldAmong, notHeld } from "../not-held.ts";
import { count, understood } from "../output.ts";
import { repositoryToClose, requireNoLinks } from "../repository.ts";
import { archivesIn, snapshotsOf } from "./archives.ts";
import { listSnapshot } from "./contents.ts";
import { create, discardPartial } from "./create.ts";
import { ResticFault } from "./faults.ts";
import { environment, restic } from "./run.ts";
import type { ResticDestination, ResticOptions } from "./schema.ts";
import { ARCHIVE, aboutTag, forget, PART, type Snapshot, snapshots, tagOf } from "./snapshots.ts";

/** Parts without an archive were left by a killed create; younger ones may belong to one that is still running. */
const ORPHAN_MS = 7 * 86_400_000;

const statsSchema = v.object({ total_size: count, total_file_count: count });

export function resticDestinations(options: ResticOptions): Destination[] {
	return Object.entries(options.destinations).map(([name, destination]) => ({
		name,
		location: destination.repo,
		needs: destination.repo.startsWith("rclone:") ? [inConfig("rclone")] : [],
		takesStreams: true,
		detectsDamage: true,
		create: (request, mayInit, work) => create(destination, options, request, mayInit, work),
		writeMetadata: (archive, metadata, work) => writeMetadata(destination, archive, metadata, work),
		list: (work) => list(destination, work),
		restore: (archive, paths, into, work) => restore(destination, archive, paths, into, work),
		sizeOf: (archive, paths, work) => sizeOf(destination, archive, paths, work),
		contents: async (archive, paths, tell, work) => {
			const held = heldAmong(paths, archive);
			const hear = (entry: Entry) => {
				held.found(entry);
				tell(entry);
			};
			await contents(destination, archive, paths, hear, work);
			held.requireAll();
		},
		toldAs: (name) => name.toWellFormed(),
		details: async (archive, work) => {
			const { main, parts } = await snapshotsOf(destination, archive, work);
			const { stdout } = await restic(
				destination,
				["stats", "--json", "--", main.id, ...parts.map(({ id }) => id)],
				work,
				{
					noLock: true,
				},
			);
			const { total_size, total_file_count } = understood(statsSchema, stdout, "restic stats");
			return { bytes: total_size, files: total_file_count };
		},
		check: (full, work) => check(destination, full, work),
		remove: (archives, work) => remove(destination, archives, work),
		mount: (archive, at, mounted, work) => mount(destination, archive, at, mounted, work),
		async requireSecrets() {
			await environment(destination);
		},
		discardPartial: (archive, work) => discardPartial(destination, archive, work),
	}));
}

async function writeMetadata(
	destination: ResticDestination,
	archive: string,
	metadata: Metadata,
	work: Work,
): Promise<void> {
	const { main } = await snapshotsOf(destination, archive, work);
	await restic(
		destination,
		["tag", `--set=${ARCHIVE}${archive}`, `--set=${aboutTag(metadata)}`, "--", main.id],
		work,
	);
}

async function list(destination: ResticDestination, work: Work): Promise<Archive[]> {
	return oldestFirst(archivesIn(await snapshots(destination, work)).map(({ archive }) => archive));
}

/** A path as an `--include` pattern that matches only itself. */
const literally = (path: string) => path.replace(/[\\*?[\]]/g, "\\$&");

async function restore(
	destination: ResticDestination,
	archive: string,
	paths: readonly string[],
	into: Into,
	work: Work,
): Promise<void> {
	const { main, parts } = await snapshotsOf(destination, archive, work);
	await using inside = await into.enter(repositoryToClose(destination.repo));
	const partOf = (path: string) => parts.find((part) => part.paths.includes(path));
	const folders = paths.filter((path) => partOf(path) === undefined);
	// Inside one tree nothing is below a link. Without root, an enclosure does not show the owners of others' files.
	const plain = process.getuid?.() === 0 ? inside : { path: into.folder.path, enclosure: undefined };
	if (folders.length > 0) await extract(destination, main, folders, plain, work);
	for (const path of paths) {
		const part = partOf(path);
		if (part) await extract(destination, part, [path], inside, work);
		// restic reports success even if nothing in the snapshot matched.
		if (!findBelow(into.folder, path)) throw notHeld(path, archive);
		if (!part) continue;
		// restic stores no mode for its standard input.
		const fd = openFileBelow(into.folder, path);
		fchmodSync(fd, 0o600);
		closeSync(fd);
	}
}

async function extract(
	destination: ResticDestination,
	{ id }: Snapshot,
	paths: readonly string[],
	{ path: target, enclosure }: Pick<Inside, "path" | "enclosure">,
	work: Work,
): Promise<void> {
	const words = [
		"restore",
		`--target=${target}`,
		...paths.map((path) => `--include=${literally(path)}`),
		"--",
		id,
	];
	await restic(destination, words, work, { reads: true, enclosure });
}

async function contents(
	destination: ResticDestination,
	archive: string,
	paths: readonly string[],
	tell: (entry: Entry) => void,
	work: Work,
	links = true,
): Promise<void> {
	const { main, parts } = await snapshotsOf(destination, archive, work);
	for (const { id } of [main, ...parts.filter((part) => part.paths.some((path) => paths.includes(path)))])
		await listSnapshot(destination, id, paths, tell, work, links);
}

async function sizeOf(
	destination: ResticDestination,
	archive: string,
	paths: readonly string[],
	work: Work,
): Promise<number> {
	let bytes = 0;
	await contents(
		destination,
		archive,
		paths,
		({ size = 0 }) => {
			bytes += size;
		},
		work,
		false,
	);
	return bytes;
}

async function check(destination: ResticDestination, full: boolean, work: Work): Promise<Problem[]> {
	try {
		await restic(destination, ["check", ...(full ? ["--read-data"] : [])], work);
		return damageIn(await list(destination, work));
	} catch (error) {
		if (!(error instanceof ResticFault) || error.code !== "repository-damaged") throw error;
		return error.details.filter((line) => line.trim() !== "").map((message) => ({ message }));
	}
}

/** The archives with these names, and what creates that were killed long ago have left. */
async function remove(
	destination: ResticDestination,
	archives: readonly string[],
	work: Work,
): Promise<void> {
	const all = await snapshots(destination, work);
	const going = new Set(archives);
	const whole = new Set(all.map((one) => tagOf(one, ARCHIVE)));
	const main = archivesIn(all)
		.filter(({ archive }) => archive.metadata !== undefined && going.has(archive.name))
		.flatMap((one) => one.snapshots);
	const parts = all.filter((one) => {
		const archive = tagOf(one, PART);
		if (archive === undefined || tagOf(one, ARCHIVE) !== undefined) return false;
		return going.has(archive) || (!whole.has(archive) && Date.now() - Date.parse(one.time) > ORPHAN_MS);
	});
	// The folders' snapshot first: without it the archive is not listed, so it is never listed without its streams.
	for (const some of [main, parts]) await forget(destination, some, work);
	await restic(destination, ["prune"], work);
}

async function mount(
	destination: ResticDestination,
	archive: string,
	at: string,
	mounted: (where: string) => void,
	work: Work,
): Promise<void> {
	const { main } = await snapshotsOf(destination, archive, work);
	const where = `${at}/ids/${main.short_id}`;
	requireNoLinks(destination.repo);
	await whileMounted(
		at,
		() => mounted(where),
		work,
		(signal) =>
			restic(
				destination,
				["mount", `--tag=${ARCHIVE}${archive}`, `--tag=${PART}${archive}`, "--", at],
				{ ...work, signal },
				{ mounts: true },
			),
	);
}
