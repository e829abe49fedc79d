// Snapshots as restic lists them, and the tags that mark them; archives.ts groups them into archives.
//   holdfast=NAME          the snapshot of the folders; written last, so that only complete archives are listed
//   holdfast-about=…       on that snapshot, the archive's metadata
//   holdfast-part=NAME     a stream of that archive
import { deflateRawSync, inflateRawSync } from "node:zlib";
import * as v from "valibot";
import { listReader } from "../../host/json-list.ts";
import type { Metadata } from "../archive.ts";
import type { Work } from "../destination.ts";
import {
	type Described,
	faultOf,
	MAX_METADATA_BYTES,
	metadataText,
	readMetadata,
	requireRoom,
	tooLarge,
} from "../metadata.ts";
import { notUnderstood, understoodOr, when } from "../output.ts";
import { restic } from "./run.ts";
import type { ResticDestination } from "./schema.ts";

export const ARCHIVE = "holdfast=";
export const ABOUT = "holdfast-about=";
export const PART = "holdfast-part=";
/** Bytes of one argument of a program, including its NUL: MAX_ARG_STRLEN of execve(2). */
const LONGEST_ARGUMENT = 128 * 1024 - 1;

const ids = {
	id: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
	short_id: v.pipe(v.string(), v.regex(/^[0-9a-f]{4,64}$/)),
};
const texts = v.nullish(v.array(v.string()), []);
const snapshotSchema = v.object({
	...ids,
	time: when,
	tree: v.optional(v.string(), ""),
	paths: texts,
	tags: texts,
});
export interface Snapshot extends v.InferOutput<typeof snapshotSchema> {
	/** Why restic's entry cannot be used: everything but its ids is empty then. */
	readonly fault?: string;
}

export const tagOf = ({ tags }: Snapshot, start: string) =>
	tags.find((tag) => tag.startsWith(start))?.slice(start.length);

/** A tag cannot contain a comma, and people see tags: keep it short, with plain letters. `share` as for `metadataText`. */
export function aboutTag(metadata: Metadata, share = 1): string {
	const tag = ABOUT + deflateRawSync(metadataText(metadata, share)).toString("base64url");
	requireRoom(`--set=${tag}`.length, LONGEST_ARGUMENT * share);
	return tag;
}

export function readAbout(snapshot: Snapshot): Described {
	const text = tagOf(snapshot, ABOUT);
	if (text === undefined) return { damaged: "its description is missing" };
	if (text === "") return tooLarge();
	try {
		const bytes = inflateRawSync(Buffer.from(text, "base64url"), { maxOutputLength: MAX_METADATA_BYTES });
		return readMetadata(bytes.toString("utf8"));
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") return tooLarge();
		return { damaged: "its description cannot be decompressed" };
	}
}

export async function snapshots(
	destination: ResticDestination,
	work: Work,
	tags: readonly string[] = [],
): Promise<Snapshot[]> {
	// All snapshots are in one line of JSON. A retry starts from an empty one.
	let found: Snapshot[] = [];
	let list: ReturnType<typeof listReader> | undefined;
	const reader = () => {
		found = [];
		list = listReader(
			(text) => found.push(snapshotOf(text)),
			(tail) => found.push(tooLongOne(tail)),
		);
		return list;
	};
	const words = ["snapshots", "--json", ...tags.map((tag) => `--tag=${tag}`)];
	const { stderr } = await restic(destination, words, work, { noLock: true, reader });
	// No output must not count as an empty list.
	if (!list?.hasList()) throw notUnderstood("restic snapshots", "it contains no list of snapshots");
	// restic skips snapshots that it cannot read, and reports them.
	const unread = stderr.flatMap((line): Snapshot[] => {
		const [, short_id, why] = UNREAD.exec(line) ?? [];
		return short_id === undefined
			? []
			: [{ id: "", short_id, ...EMPTY, fault: `restic cannot read it: ${(why ?? "").slice(0, 200)}` }];
	});
	return [...found, ...(tags.length === 0 ? unread : [])];
}

function snapshotOf(text: string): Snapshot {
	const known = understoodOr(v.object(ids), text);
	if (known === undefined) throw notUnderstood("restic snapshots", "a snapshot has no id");
	const { success, output, issues } = v.safeParse(snapshotSchema, JSON.parse(text), { abortEarly: true });
	return success
		? { ...output, tags: ownTags(output.tags) }
		: { ...known, ...EMPTY, fault: `restic's entry for it is not valid: ${faultOf(issues)}` };
}

/** Our tags among all tags; those that are too long to be ours are not kept in memory. */
const ownTags = (tags: readonly string[]) =>
	tags
		.filter((tag) => [ARCHIVE, ABOUT, PART].some((start) => tag.startsWith(start)))
		.map((tag) => (tag.length > LONGEST_ARGUMENT && tag.startsWith(ABOUT) ? ABOUT : tag));

/** restic writes the ids last, after anything that others may have written. */
function tooLongOne(tail: string): Snapshot {
	const [, id = "", short_id = ""] = /"id":"([0-9a-f]{64})","short_id":"([0-9a-f]+)"\}$/.exec(tail) ?? [];
	if (id === "") throw notUnderstood("restic snapshots", "a snapshot has no id at its end");
	return { id, short_id, ...EMPTY, fault: "restic's entry for it is too long" };
}

const UNREAD = /^could not load snapshot ([0-9a-f]{4,64}): (.*)$/;
const EMPTY = { time: new Date(0).toISOString(), tree: "", paths: [], tags: [] };

export async function forget(
	destination: ResticDestination,
	some: readonly Snapshot[],
	work: Work,
): Promise<void> {
	if (some.length > 0) await restic(destination, ["forget", "--", ...some.map(({ id }) => id)], work);
}
