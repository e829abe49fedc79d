// Archives: list and `archives …`.
import * as v from "valibot";
import type { Archive, Details, Entry, Metadata } from "../../engines/archive.ts";
import { metadataSchema } from "../../engines/metadata.ts";
import type { ListedArchive, Listing } from "../../plan/archives.ts";
import type { Listed } from "../../report/result.ts";
import type { FailedUpkeep } from "../../run/journal-rows.ts";
import { errorReportSchema } from "../../values/error-report.ts";
import {
	about,
	count,
	like,
	maybe,
	number,
	type Output,
	type OutputCase,
	text,
	texts,
	time,
} from "./output.ts";

const metadata: v.GenericSchema<Metadata> = metadataSchema;

const archive = {
	name: text,
	created: v.exactOptional(about("RFC 3339, from the engine, or else from the metadata", v.string())),
	metadata: v.exactOptional(about("absent if the archive was not made by Holdfast", metadata)),
	newer: v.exactOptional(
		about(
			"a newer version made it, with metadata of this version",
			v.object({ version: count, machine: maybe }),
		),
	),
	damaged: v.exactOptional(about("why it cannot be used although it bears Holdfast's mark", v.string())),
	recorded: v.exactOptional(about("this machine has a record of it", v.literal(true))),
	bytes: v.exactOptional(about("bytes of the files, before compression", v.number())),
	storedBytes: v.exactOptional(about("bytes that it added to the destination", v.number())),
};
export const anyArchive = like<Archive>()(v.object(archive));

const listed = {
	...archive,
	id: about("what restore and `archives` take: DESTINATION::LOCATION::NAME", v.string()),
	machine: text,
	provider: text,
	destination: text,
	foreign: v.exactOptional(
		about("not made by Holdfast, among archives that otherwise have metadata", v.literal(true)),
	),
	ahead: v.exactOptional(about("it is dated in the future", v.literal(true))),
};
export const listedArchive = like<ListedArchive>()(v.object(listed));

const failure = {
	provider: text,
	destination: text,
	error: errorReportSchema,
	absent: v.exactOptional(
		about("the destination is optional, such as a disk that may be unplugged", v.literal(true)),
	),
};
const lost = like<Listing["lost"][number]>()(
	v.object({
		id: text,
		name: text,
		created: time,
		states: about("the states whose newest good archive it was", texts),
		unmounted: v.exactOptional(about("where the destination's disk was mounted", v.string())),
	}),
);
const upkeep = {
	operation: text,
	destination: about("provider/destination", v.string()),
	run: text,
	time,
	message: text,
};

export const ARCHIVES: Output = {
	title: "Archives of a machine",
	form: "document",
	schema: like<Listed>()(
		v.object({
			archives: v.array(listedArchive),
			problems: about("a line for each archive that cannot be used or examined", texts),
			failures: about(
				"destinations that could not be listed",
				v.array(like<Listing["failures"][number]>()(v.object(failure))),
			),
			lost: about("archives that this machine made and that are missing", v.array(lost)),
			others: about("other machines with archives in the same destinations", texts),
			upkeep: about(
				"checks and prunes that failed and have not succeeded since",
				v.array(like<FailedUpkeep>()(v.object(upkeep))),
			),
		}),
	),
};

export const ARCHIVES_OF_SEVERAL: Output = {
	title: "Archives of several machines",
	form: "document",
	schema: v.object({
		archives: v.array(listedArchive),
		problems: v.array(v.object({ machine: text, line: text })),
		failures: v.array(v.object({ ...failure, machine: text })),
		upkeep: v.array(v.object({ ...upkeep, machine: text })),
	}),
};

const details = {
	files: number,
	seconds: v.exactOptional(about("how long creating it took", v.number())),
};
export const ARCHIVE: Output = {
	title: "One archive",
	form: "document",
	schema: like<ListedArchive & Details>()(v.object({ ...listed, ...details })),
};

export const ENTRIES: Output = {
	title: "Files in an archive",
	form: "lines",
	schema: like<Entry>()(
		v.object({
			path: about("absolute, as stored", v.string()),
			type: about(
				"the first letter of `ls -l`",
				v.picklist(["-", "d", "l", "p", "c", "b", "s"]) as v.GenericSchema<string>,
			),
			mode: about("permission bits, with setuid, setgid and sticky", v.number()),
			uid: count,
			gid: count,
			size: v.optional(about("bytes; absent for a further hard link", v.number())),
			mtime: about("milliseconds since 1970", v.number()),
			link: v.exactOptional(about("the target of a symlink", v.string())),
		}),
	),
};

export const MOUNTED: Output = {
	title: "Mounted archive",
	form: "lines",
	schema: v.object({
		archive: text,
		mounted: about("where its files are, until the command ends", v.string()),
	}),
};

export const HOLDS: Output = {
	title: "Holds",
	form: "document",
	schema: v.object({
		archives: v.array(
			v.object({
				id: text,
				hold: metadataSchema.entries.hold,
				error: v.exactOptional(errorReportSchema),
			}),
		),
		failures: about("destinations that could not be asked", v.array(v.object(failure))),
	}),
};

export const EXTRACTED: Output = {
	title: "Extracted file",
	form: "document",
	schema: v.object({ file: about("where it is now", v.string()), warnings: texts }),
};

export const CLAN_NAMES: Output = {
	title: "Archives for Clan",
	form: "document",
	schema: v.array(v.object({ name: text })),
};

export const LISTED: readonly OutputCase[] = [
	{ output: ARCHIVES },
	{ when: "several machines", output: ARCHIVES_OF_SEVERAL },
];
