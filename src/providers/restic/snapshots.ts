// Snapshots, and the tags that make archives of them. An archive is one snapshot of the folders, and one more for each
// stream (restic reads one from its standard input, for a snapshot of its own):
//   holdfast=NAME          the snapshot of the folders; written last, so that an archive is listed when it is whole
//   holdfast-about=…       on that snapshot, what the archive says of itself
//   holdfast-part=NAME     a stream of that archive
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { listReader } from "../../host/json-list.ts";
import { HoldfastError } from "../../manifest/error.ts";
import { requireArchiveName } from "../archive-name.ts";
import type { Metadata, Work } from "../provider.ts";
import { type ResticDestination, restic } from "./run.ts";

export const ARCHIVE = "holdfast=";
export const ABOUT = "holdfast-about=";
export const PART = "holdfast-part=";

export interface Snapshot {
	readonly id: string;
	readonly short_id: string;
	readonly time: string;
	readonly hostname: string;
	readonly paths: readonly string[];
	readonly tags?: readonly string[] | null;
}

export const tagOf = ({ tags }: Snapshot, start: string) =>
	tags?.find((tag) => tag.startsWith(start))?.slice(start.length);

/** A tag cannot hold a comma, and people look at tags: short, and of letters only. */
export function aboutTag(metadata: Metadata): string {
	return ABOUT + deflateRawSync(JSON.stringify(metadata)).toString("base64url");
}

export function readAbout(snapshot: Snapshot): Metadata | undefined {
	const text = tagOf(snapshot, ABOUT);
	if (text === undefined) return undefined;
	try {
		return JSON.parse(inflateRawSync(Buffer.from(text, "base64url")).toString("utf8")) as Metadata;
	} catch {
		return undefined;
	}
}

export async function snapshots(
	destination: ResticDestination,
	work: Work,
	tags: readonly string[] = [],
): Promise<Snapshot[]> {
	// One line of JSON, however many there are. A second try begins with nothing.
	let found: Snapshot[] = [];
	const reader = () => {
		found = [];
		return listReader((text) => found.push(JSON.parse(text) as Snapshot));
	};
	await restic(destination, ["snapshots", "--json", ...tags.map((tag) => `--tag=${tag}`)], work, {
		noLock: true,
		reader,
	});
	return found;
}

export async function snapshotsOf(destination: ResticDestination, archive: string, work: Work) {
	requireArchiveName(archive);
	const all = await snapshots(destination, work, [ARCHIVE + archive, PART + archive]);
	// Made by something else: it has the name that restic shows.
	const main =
		all.find((one) => tagOf(one, ARCHIVE) === archive) ??
		(await snapshots(destination, work)).find(({ short_id }) => short_id === archive);
	if (!main)
		throw new HoldfastError("failed", `there is no archive ${archive} in ${destination.repo}`, {
			hint: "see them with: holdfast list",
		});
	return { main, parts: all.filter((one) => tagOf(one, PART) === archive) };
}

export async function forget(
	destination: ResticDestination,
	some: readonly Snapshot[],
	work: Work,
): Promise<void> {
	if (some.length > 0) await restic(destination, ["forget", "--", ...some.map(({ id }) => id)], work);
}
