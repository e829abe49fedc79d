// What an archive says of itself, in the one form that every engine keeps. Whoever can write to a destination can write
// it: it is parsed by a schema and bounded, and what does not fit costs that archive alone.
import { posix } from "node:path";
import * as v from "valibot";
import { HoldfastError } from "../values/error.ts";
import * as f from "../values/fields.ts";
import { record } from "../values/record.ts";
import { alike, TOO_MUCH } from "./alike.ts";
import type { Archive, Metadata, Problem } from "./archive.ts";

/** Bytes of one archive's metadata, as JSON. */
export const MOST_METADATA_BYTES = 1024 * 1024;
/** What a new archive may take of its engine's limit: a reason, or a hold, may be added later. */
export const AT_FIRST = 3 / 4;
const MOST_STATES = 2_000;
/** Of one state. */
const MOST_FOLDERS = 10_000;
const MOST_DUMPS = 10_000;
const LONGEST_NAME = 255;
/** Lists and maps within each other. Without a limit, whatever writes the JSON again runs out of stack. */
const DEEPEST = 32;
/** Characters of a reason. */
const LONGEST_REASON = 300;

const name = v.pipe(f.name, v.maxLength(LONGEST_NAME, "is too long for a name"));

const time = v.pipe(
	v.string(),
	v.isoTimestamp("is not an RFC 3339 time"),
	v.check((text) => !Number.isNaN(Date.parse(text)), "is not a time"),
);

/** Whether an archive can hold something under this path: absolute and normalised, and not all of the machine. */
export function isStoredPath(path: string): boolean {
	return (
		path.startsWith("/") && !path.endsWith("/") && posix.normalize(path) === path && !path.includes("\0")
	);
}
export const storedPath = v.pipe(v.string(), v.check(isStoredPath, "is not an absolute, normalised path"));

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const facts = record(v.string(), v.unknown());

const folders = v.pipe(v.array(storedPath), v.maxLength(MOST_FOLDERS, `more than ${MOST_FOLDERS} folders`));

// Keys that this version does not know stay, so that a hold does not drop what a later one wrote.
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
			v.maxLength(MOST_DUMPS, `more than ${MOST_DUMPS} dumps`),
		),
	),
	reason: v.exactOptional(v.string()),
	suspicious: v.exactOptional(v.string()),
	vanished: v.exactOptional(count),
	changed: v.exactOptional(count),
	bytes: v.exactOptional(count),
	mounts: v.exactOptional(record(storedPath, storedPath)),
});

const metadataSchema = v.looseObject({
	version: v.literal(1),
	machine: name,
	run: v.pipe(v.string(), v.regex(/^[\w.:+-]{1,100}$/, "is not an id of a run")),
	created: time,
	manifest: storedPath,
	states: v.pipe(
		record(name, stateRecord),
		v.minEntries(1, "holds no state"),
		v.maxEntries(MOST_STATES, `more than ${MOST_STATES} states`),
	),
	without: v.exactOptional(
		v.pipe(record(name, folders), v.maxEntries(MOST_STATES, `more than ${MOST_STATES} states`)),
	),
	maker: v.exactOptional(v.looseObject({ holdfast: v.string(), user: v.string(), host: v.string() })),
	hold: v.exactOptional(v.looseObject({ reason: v.string(), since: time })),
});

/** What can be made of it: an archive has one of these, or none where it does not bear our mark. */
export type Described = Pick<Archive, "metadata" | "newer" | "damaged">;

/** Read what an archive says of itself. Never throws. */
export function readMetadata(text: string): Described {
	const bytes = Buffer.byteLength(text);
	if (bytes > MOST_METADATA_BYTES) return tooLarge(bytes);
	try {
		return parseMetadata(JSON.parse(text), bytes);
	} catch {
		return { damaged: text === "" ? "its description is empty" : "its description is not JSON" };
	}
}

/** The same, of what was parsed already, as a part of a text of so many bytes. Never throws. */
export function parseMetadata(value: unknown, within = 0): Described {
	if (typeof value !== "object" || value === null || Array.isArray(value))
		return { damaged: "its description is not a map" };
	const { version, machine } = value as { version?: unknown; machine?: unknown };
	if (Number.isSafeInteger(version) && Number(version) > 1)
		return { newer: { version: Number(version), ...(v.is(name, machine) ? { machine } : {}) } };
	if (isDeeper(value, DEEPEST)) return { damaged: "its description is nested too deeply" };
	const bytes = within > MOST_METADATA_BYTES ? Buffer.byteLength(JSON.stringify(value)) : within;
	if (bytes > MOST_METADATA_BYTES) return tooLarge(bytes);
	const { success, output, issues } = v.safeParse(metadataSchema, value, { abortEarly: true });
	if (!success) return { damaged: `its description does not fit: ${faultOf(issues)}` };
	// States, their records, and what each of those holds.
	const metadata = alike(output, 2, bytes);
	return metadata === undefined ? { damaged: TOO_MUCH } : { metadata };
}

export function tooLarge(bytes?: number): Described {
	const size = bytes === undefined ? "" : `${Math.ceil(bytes / 1024)} KiB, `;
	return { damaged: `its description is too large: ${size}more than ${MOST_METADATA_BYTES / 1024} KiB` };
}

/** Whose an archive says that it is, if it can be told. */
export const machineOf = ({ metadata, newer }: Archive) => metadata?.machine ?? newer?.machine;

/** One repository can hold several machines. An archive that does not say whose it is belongs to whoever asks. */
export function belongsTo(archive: Archive, machine: string): boolean {
	const whose = machineOf(archive);
	return whose === undefined || whose === machine;
}

/** What is said behind a time that is yet to come. */
export const wordsOfTime =
	"which is yet to come: a clock was wrong when it was made, or is now, or somebody made it up";

/** The archives of a listing that are damaged, as a check tells them. */
export function damageIn(archives: readonly Archive[]): Problem[] {
	return archives.flatMap(({ name, damaged }) =>
		damaged === undefined ? [] : [{ archive: name, message: damaged }],
	);
}

/** Where a value does not fit, and why, in so many characters. */
export function faultOf([issue]: readonly v.BaseIssue<unknown>[]): string {
	if (issue === undefined) return "";
	const path = (issue.path ?? []).map(({ key }) => String(key)).join(".");
	return `${path.slice(0, LONGEST_REASON / 2)}${path === "" ? "" : ": "}${issue.message}`.slice(
		0,
		LONGEST_REASON,
	);
}

/** Nothing is called for each level: there may be hundreds of thousands. */
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
 * As an engine keeps it; refused where it could not be read back. `most`: bytes that the engine itself can keep.
 * A new archive asks with `AT_FIRST` of them, before anything is written.
 */
export function metadataText(metadata: Metadata, share = 1): string {
	const text = JSON.stringify(metadata);
	requireRoom(Buffer.byteLength(text), MOST_METADATA_BYTES * share);
	const { damaged, newer } = readMetadata(text);
	if (damaged === undefined && newer === undefined) return text;
	throw new HoldfastError(
		"archive-damaged",
		`the archive could not be read back: ${damaged ?? "it is of a newer version"}`,
		{
			hint: "this is a fault of Holdfast's: nothing was written",
		},
	);
}

const WITHOUT_ROOM = new Error("the description has no room");

/** Whether an engine refused a description that takes more than it can keep; it has written nothing then. */
export function isWithoutRoom(error: unknown): error is HoldfastError {
	return error instanceof HoldfastError && error.cause === WITHOUT_ROOM;
}

/** Refuse a description that takes more bytes than can be kept of it. */
export function requireRoom(bytes: number, most: number): void {
	if (bytes <= most) return;
	throw new HoldfastError(
		"failed",
		`the archive's description takes ${Math.ceil(bytes / 1024)} KiB, and ${Math.floor(most / 1024)} KiB is the most`,
		{
			cause: WITHOUT_ROOM,
			hint: "it names each state, folder and database: declare the folder above in place of many single ones, or fewer states on this machine",
		},
	);
}
