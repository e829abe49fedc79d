// The metadata of an archive, in the form that every engine stores. Anybody who can write to a destination can write it, so it
// is parsed by a schema with limits. Invalid metadata makes only its own archive unusable.
import { posix } from "node:path";
import * as v from "valibot";
import { HoldfastError } from "../values/error.ts";
import * as f from "../values/fields.ts";
import { record } from "../values/record.ts";
import type { Archive, Metadata, Problem } from "./archive.ts";
import { shareEqualValues, TOO_MUCH } from "./share-values.ts";

/** Bytes of one archive's metadata, as JSON. */
export const MAX_METADATA_BYTES = 1024 * 1024;
/** The share of its engine's limit that a new archive may use: a reason or a hold may be added later. */
export const AT_FIRST = 3 / 4;
const MAX_STATES = 2_000;
/** Of one state. */
const MAX_FOLDERS = 10_000;
const MAX_DUMPS = 10_000;
const LONGEST_NAME = 255;
/** Levels of nested lists and maps. Without a limit, code that writes the JSON again runs out of stack. */
const DEEPEST = 32;
/** Characters of a reason. */
const LONGEST_REASON = 300;

const name = v.pipe(f.name, v.maxLength(LONGEST_NAME, "is too long for a name"));

const time = v.pipe(
	v.string(),
	v.isoTimestamp("is not an RFC 3339 time"),
	v.check((text) => !Number.isNaN(Date.parse(text)), "is not a time"),
);

/** Whether an archive can hold something under this path: absolute, normalised, and not "/". */
export function isStoredPath(path: string): boolean {
	return (
		path.startsWith("/") && !path.endsWith("/") && posix.normalize(path) === path && !path.includes("\0")
	);
}
export const storedPath = v.pipe(v.string(), v.check(isStoredPath, "is not an absolute, normalised path"));

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const facts = record(v.string(), v.unknown());

const folders = v.pipe(v.array(storedPath), v.maxLength(MAX_FOLDERS, `more than ${MAX_FOLDERS} folders`));

// Unknown keys are kept, so that setting a hold does not drop what a later version wrote.
const stateRecord = v.looseObject({
	outcome: v.picklist(["good", "failed"]),
	folders,
	stored: v.exactOptional(record(storedPath, storedPath)),
	dumps: v.exactOptional(
		v.pipe(
			v.array(
				v.looseObject({
					dump: facts,
					stored: storedPath,
					facts,
					accounts: v.exactOptional(storedPath),
				}),
			),
			v.maxLength(MAX_DUMPS, `more than ${MAX_DUMPS} dumps`),
		),
	),
	reason: v.exactOptional(v.string()),
	suspicious: v.exactOptional(v.string()),
	// A later version may know more words.
	consistency: v.exactOptional(v.string()),
	vanished: v.exactOptional(count),
	changed: v.exactOptional(count),
	bytes: v.exactOptional(count),
	mounts: v.exactOptional(record(storedPath, storedPath)),
});

export const metadataSchema = v.looseObject({
	version: v.literal(1),
	machine: name,
	run: v.pipe(v.string(), v.regex(/^[\w.:+-]{1,100}$/, "is not a run id")),
	created: time,
	manifest: storedPath,
	states: v.pipe(
		record(name, stateRecord),
		v.minEntries(1, "contains no state"),
		v.maxEntries(MAX_STATES, `more than ${MAX_STATES} states`),
	),
	without: v.exactOptional(
		v.pipe(record(name, folders), v.maxEntries(MAX_STATES, `more than ${MAX_STATES} states`)),
	),
	maker: v.exactOptional(v.looseObject({ holdfast: v.string(), user: v.string(), host: v.string() })),
	hold: v.exactOptional(v.looseObject({ reason: v.string(), since: time })),
});

/** The result of reading metadata: one of these, or none if the archive does not bear Holdfast's mark. */
export type Described = Pick<Archive, "metadata" | "newer" | "damaged">;

/** Parse an archive's metadata. Never throws. */
export function readMetadata(text: string): Described {
	const bytes = Buffer.byteLength(text);
	if (bytes > MAX_METADATA_BYTES) return tooLarge(bytes);
	try {
		return parseMetadata(JSON.parse(text), bytes);
	} catch {
		return { damaged: text === "" ? "its description is empty" : "its description is not JSON" };
	}
}

/** The same for JSON that is already parsed. `within`: bytes of the text that it is part of. Never throws. */
export function parseMetadata(value: unknown, within = 0): Described {
	if (typeof value !== "object" || value === null || Array.isArray(value))
		return { damaged: "its description is not a JSON object" };
	const { version, machine } = value as { version?: unknown; machine?: unknown };
	if (Number.isSafeInteger(version) && Number(version) > 1)
		return { newer: { version: Number(version), ...(v.is(name, machine) ? { machine } : {}) } };
	if (isDeeper(value, DEEPEST)) return { damaged: "its description is nested too deeply" };
	const bytes = within > MAX_METADATA_BYTES ? Buffer.byteLength(JSON.stringify(value)) : within;
	if (bytes > MAX_METADATA_BYTES) return tooLarge(bytes);
	const { success, output, issues } = v.safeParse(metadataSchema, value, { abortEarly: true });
	if (!success) return { damaged: `its description is not valid: ${faultOf(issues)}` };
	// Two levels: the states' records, and the values in each of them.
	const metadata = shareEqualValues(output, 2, bytes);
	return metadata === undefined ? { damaged: TOO_MUCH } : { metadata };
}

export function tooLarge(bytes?: number): Described {
	const size = bytes === undefined ? "" : `${Math.ceil(bytes / 1024)} KiB, `;
	return { damaged: `its description is too large: ${size}more than ${MAX_METADATA_BYTES / 1024} KiB` };
}

/** The machine that an archive names as its own, if it can be read. */
export const machineOf = ({ metadata, newer }: Archive) => metadata?.machine ?? newer?.machine;

/** A repository can hold archives of several machines. One that names no machine belongs to all of them. */
export function belongsTo(archive: Archive, machine: string): boolean {
	const whose = machineOf(archive);
	return whose === undefined || whose === machine;
}

/** Appended to a time that is in the future. */
export const wordsOfTime = "which is in the future: a clock is or was wrong, or the time was forged";

/** The damaged archives of a listing, as problems that a check reports. */
export function damageIn(archives: readonly Archive[]): Problem[] {
	return archives.flatMap(({ name, damaged }) =>
		damaged === undefined ? [] : [{ archive: name, message: damaged }],
	);
}

/** Where and why a value is invalid, in at most `LONGEST_REASON` characters. */
export function faultOf([issue]: readonly v.BaseIssue<unknown>[]): string {
	if (issue === undefined) return "";
	const path = (issue.path ?? []).map(({ key }) => String(key)).join(".");
	return `${path.slice(0, LONGEST_REASON / 2)}${path === "" ? "" : ": "}${issue.message}`.slice(
		0,
		LONGEST_REASON,
	);
}

/** Not recursive: there may be hundreds of thousands of levels. */
function isDeeper(value: object, most: number): boolean {
	let level: object[] = [value];
	for (let depth = 0; level.length > 0; depth++) {
		if (depth > most) return true;
		level = level.flatMap((one) =>
			Object.values(one).filter((item): item is object => typeof item === "object" && item !== null),
		);
	}
	return false;
}

/**
 * The text that an engine stores. Throws if it could not be read back, or is larger than this share of the limit. A new
 * archive uses `AT_FIRST`, before anything is written.
 */
export function metadataText(metadata: Metadata, share = 1): string {
	const text = JSON.stringify(metadata);
	requireRoom(Buffer.byteLength(text), MAX_METADATA_BYTES * share);
	const { damaged, newer } = readMetadata(text);
	if (damaged === undefined && newer === undefined) return text;
	throw new HoldfastError(
		"archive-damaged",
		`the archive could not be read back: ${damaged ?? "it was written by a newer version"}`,
		{
			hint: "this is a bug in Holdfast; nothing was written",
		},
	);
}

const WITHOUT_ROOM = new Error("the description is too large");

/** Whether the metadata was refused because it is too large. Nothing has been written then. */
export function isWithoutRoom(error: unknown): error is HoldfastError {
	return error instanceof HoldfastError && error.cause === WITHOUT_ROOM;
}

/** Throw if the metadata takes more bytes than can be stored. */
export function requireRoom(bytes: number, most: number): void {
	if (bytes <= most) return;
	throw new HoldfastError(
		"failed",
		`the archive's description is too large: ${Math.ceil(bytes / 1024)} KiB; the limit is ${Math.floor(most / 1024)} KiB`,
		{
			cause: WITHOUT_ROOM,
			hint: "it names each state, folder and database: declare a parent folder instead of many single ones, or fewer states on this machine",
		},
	);
}
