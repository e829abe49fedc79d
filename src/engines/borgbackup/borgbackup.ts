// BorgBackup 1.2 and later. An archive's metadata is in its comment, so that listing does not open archives.

import * as v from "valibot";
import { findBelow } from "../../host/folder.ts";
import { inConfig } from "../../host/places.ts";
import { readSecret } from "../../host/secret.ts";
import { clip } from "../../values/clip.ts";
import { HoldfastError } from "../../values/error.ts";
import { MAX_TEXT } from "../../values/error-bounds.ts";
import type { Details, Problem } from "../archive.ts";
import type { Destination, Keys, Work } from "../destination.ts";
import type { Into } from "../into.ts";
import { damageIn } from "../metadata.ts";
import { whileMounted } from "../mount.ts";
import { notHeld } from "../not-held.ts";
import { count } from "../output.ts";
import { repositoryToClose, requireNoLinks } from "../repository.ts";
import { outermost } from "../roots.ts";
import { archiveName, borg, borgJson } from "./borg.ts";
import { commentArgument } from "./comments.ts";
import { contents, sizeOf } from "./contents.ts";
import { create } from "./create.ts";
import { list } from "./list.ts";
import type { BorgDestination, BorgOptions } from "./schema.ts";

export function borgDestinations(options: BorgOptions): Destination[] {
	return Object.entries(options.destinations).map(([name, destination]) => ({
		name,
		location: destination.repo,
		needs: destination.keyFile === undefined ? [inConfig("borg")] : [],
		takesStreams: true,
		tellsPassed: true,
		detectsDamage: true,
		create: (request, mayInit, work) =>
			create(destination, options.compression ?? "auto,zstd", request, mayInit, work),
		writeMetadata: async (archive, metadata, work) => {
			await borg(
				destination,
				"recreate",
				["--comment", commentArgument(metadata), archiveName(destination, archive)],
				work,
			);
		},
		async requireSecrets() {
			await readSecret(destination);
		},
		list: (work) => list(destination, work),
		restore: (archive, paths, into, work) => restore(destination, archive, paths, into, work),
		sizeOf: (archive, paths, work) => sizeOf(destination, archive, paths, work),
		contents: (archive, paths, tell, work) => contents(destination, archive, paths, tell, work),
		toldAs: (name) => name.replace(/\p{Surrogate}/gu, "?"),
		details: (archive, work) => details(destination, archive, work),
		check: (full, work) => check(destination, full, work),
		remove: (archives, work) => remove(destination, archives, work),
		mount: (archive, at, mounted, work) => mount(destination, archive, at, mounted, work),
		keys: (work) => keys(destination, work),
		// No `discardPartial`: borg's transactions drop what a killed create wrote, and its lock expires with its process on this host.
	}));
}

async function details(destination: BorgDestination, archive: string, work: Work): Promise<Details> {
	const words = ["--json", archiveName(destination, archive)];
	const { archives } = await borgJson(destination, "info", words, infoSchema, work);
	const [info] = archives;
	if (!info) return {};
	return {
		bytes: info.stats.original_size,
		storedBytes: info.stats.deduplicated_size,
		files: info.stats.nfiles,
		seconds: info.duration,
	};
}

const infoSchema = v.object({
	archives: v.array(
		v.object({
			duration: v.number(),
			stats: v.object({ original_size: count, deduplicated_size: v.number(), nfiles: count }),
		}),
	),
});

/** How many findings of a check are kept. */
const MAX_PROBLEMS = 200;

/** Without `--verify-data` borg verifies the checksum of each segment, and that every chunk of every archive exists. */
async function check(destination: BorgDestination, full: boolean, work: Work): Promise<Problem[]> {
	const problems: Problem[] = [];
	const end = await borg(destination, "check", [...(full ? ["--verify-data"] : []), destination.repo], work, {
		onMessage: ({ type, levelname, message }) => {
			if (type === "log_message" && (levelname === "ERROR" || levelname === "WARNING") && message)
				if (problems.length < MAX_PROBLEMS) problems.push({ message: clip(message, MAX_TEXT) });
		},
	});
	if (end.code !== 0 && problems.length === 0) problems.push({ message: "borg check found errors" });
	return [...(end.code === 0 ? [] : problems), ...damageIn(await list(destination, work))];
}

/** In an append-only repository this takes effect when its owner compacts it. */
async function remove(destination: BorgDestination, archives: readonly string[], work: Work): Promise<void> {
	const there = new Set((await list(destination, work)).map(({ name }) => name));
	const names = archives.filter((name) => there.has(name));
	for (const name of names) archiveName(destination, name);
	if (names.length > 0) await borg(destination, "delete", [destination.repo, ...names], work);
	await borg(destination, "compact", [destination.repo], work);
}

const keySchema = v.object({ encryption: v.object({ mode: v.string() }) });

/** With this and the passphrase the repository can be read if the other copy is lost: `borg key import --paper`. */
async function keys(destination: BorgDestination, work: Work): Promise<Keys | undefined> {
	const words = ["--json", destination.repo];
	const { encryption } = await borgJson(destination, "info", words, keySchema, work);
	if (encryption.mode === "none") return undefined;
	const { stdout } = await borg(destination, "key", ["export", "--paper", destination.repo], work);
	return { text: stdout, isApart: encryption.mode.startsWith("keyfile") };
}

async function mount(
	destination: BorgDestination,
	archive: string,
	at: string,
	mounted: (where: string) => void,
	work: Work,
): Promise<void> {
	requireNoLinks(destination.repo);
	await whileMounted(
		at,
		() => mounted(at),
		work,
		(signal) =>
			borg(
				destination,
				"mount",
				["--foreground", archiveName(destination, archive), at],
				{ ...work, signal },
				{ mounts: true },
			),
	);
}

async function restore(
	destination: BorgDestination,
	archive: string,
	paths: readonly string[],
	into: Into,
	work: Work,
): Promise<void> {
	// For a path inside another one borg reports that it never matched.
	const faults: string[] = [];
	await using inside = await into.enter(repositoryToClose(destination.repo));
	const end = await borg(
		destination,
		"extract",
		[
			// Progress makes borg read the archive's whole list twice.
			...(work.watched ? ["--progress"] : []),
			"--sparse",
			"--",
			archiveName(destination, archive),
			...outermost(paths).map((path) => path.slice(1)),
		],
		work,
		{
			cwd: inside.path,
			enclosure: inside.enclosure,
			reads: true,
			onMessage: (message) => {
				if (message.type === "progress_percent" && message.total)
					work.progress({ bytes: message.current ?? 0, totalBytes: message.total });
				if (message.type === "log_message" && message.levelname === "WARNING" && message.message)
					faults.push(message.message);
			},
		},
	);
	const missing = paths.find((path) => faults.includes(`Include pattern '${path.slice(1)}' never matched.`));
	if (end.code === 1 && missing !== undefined) throw notHeld(missing, archive);
	if (end.code === 1)
		throw new HoldfastError(
			"archive-damaged",
			`borg could not restore all of ${paths.join(", ")} from ${archive}`,
			{
				details: faults.slice(0, 20),
			},
		);
	const asked = outermost(paths);
	for (const path of paths)
		if (!asked.includes(path) && !findBelow(into.folder, path)) throw notHeld(path, archive);
}
