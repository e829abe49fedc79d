// Formats one archive, its entries, and what prune would do.

import type { Details, Entry, StateRecord } from "../../engines/archive.ts";
import { destinationsIn, engineOf } from "../../engines/list.ts";
import { unitLabel } from "../../host/systemd.ts";
import type { Adopted } from "../../plan/adopt.ts";
import type { ListedArchive } from "../../plan/archives.ts";
import type { PruneDecisions } from "../../plan/upkeep.ts";
import { CONSISTENCIES, consistencyOf } from "../../values/consistency.ts";
import { counted } from "../../values/counted.ts";
import { localTime } from "../../values/local-time.ts";
import { ownValue } from "../../values/record.ts";
import { table } from "./table.ts";
import { wordsOf } from "./tables.ts";
import { duration, size } from "./units.ts";

export function archiveText(archive: ListedArchive, details: Details): string[] {
	const { metadata, created, damaged, newer, foreign } = archive;
	const { bytes = archive.bytes, storedBytes = archive.storedBytes, files, seconds } = details;
	const maker = metadata?.maker;
	const facts: [string, string | undefined][] = [
		["archive", archive.id],
		["created", created === undefined ? undefined : localTime(created)],
		["by", maker && `${maker.user}@${maker.host} with Holdfast ${maker.holdfast}`],
		["damaged", damaged],
		["by", newer && `a newer version of Holdfast (metadata version ${newer.version})`],
		["by", foreign && "a program other than Holdfast"],
		["machine", archive.machine],
		["run", metadata?.run],
		[
			"size",
			bytes === undefined
				? undefined
				: `${size(bytes)}${files === undefined ? "" : ` in ${counted(files, "file")}`}`,
		],
		["stored", storedBytes === undefined ? undefined : size(storedBytes)],
		["took", seconds === undefined ? undefined : duration(seconds)],
		["hold", metadata?.hold && `${metadata.hold.reason}, since ${localTime(metadata.hold.since)}`],
	];
	const states = Object.entries(metadata?.states ?? {}).flatMap(([name, record]) => {
		const { outcome, folders, dumps = [], reason } = record;
		return [
			[
				name,
				[outcome, ...wordsOf(record).filter((word) => word !== outcome)].join(", "),
				reason ?? folders.join(", "),
			],
			...notesOn(record).map((note) => ["", "", note]),
			...(reason === undefined ? dumps.map(({ dump }) => ["", "", nameOf(dump)]) : []),
		];
	});
	return [
		...facts.flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(8)} ${value}`])),
		...(states.length === 0 ? [] : ["", ...table([["STATE", "OUTCOME", "CONTENT"], ...states])]),
	];
}

function notesOn(record: StateRecord): string[] {
	const { suspicious, vanished, changed } = record;
	const consistency = consistencyOf(record);
	const meaning = consistency && ownValue(CONSISTENCIES, consistency);
	return [
		...(meaning === undefined || changed !== undefined ? [] : [`${consistency}: ${meaning}`]),
		...(suspicious === undefined ? [] : [`in doubt: ${suspicious}`]),
		...(vanished === undefined
			? []
			: [
					`${counted(vanished, "file")} vanished before being read, and ${vanished === 1 ? "is" : "are"} not in it`,
				]),
		...(changed === undefined ? [] : [`fuzzy: ${counted(changed, "file")} changed while being read`]),
	];
}

/** The archives of a machine in a destination. */
export function adoptedText({
	machine,
	archives,
	newest,
	manifest,
	commands,
	passedOver,
	dropped,
	provider,
	destination,
}: Adopted): string[] {
	const elsewhere = Object.entries(manifest.providers).flatMap(([name, options]) =>
		Object.entries(destinationsIn(options))
			.filter(([one]) => name !== provider || one !== destination)
			.map(([one, { [engineOf(options).address ?? ""]: address, ...more }]) => [
				`${name}/${one}`,
				`${address ?? ""}${optionsIn(more)}`,
			]),
	);
	const states = Object.entries(newest.metadata?.states ?? {});
	return [
		`${counted(archives.length, "archive")} of ${machine}; the newest is ${newest.name}, of ${localTime(newest.created ?? "")}`,
		...passedOver.map((line) => `! passed over: ${line}`),
		...dropped.map((line) => `! removed from its config: exclude of ${line}`),
		...table([
			["STATE", "OUTCOME", "CONTENT"],
			...states.map(([name, { outcome, folders, reason }]) => [name, outcome, reason ?? folders.join(", ")]),
		]),
		"",
		"What a restore with its config touches:",
		"",
		...table([
			["STATE", "FOLDERS", "DATABASES", "UNITS"],
			...Object.entries(manifest.state).map(([name, { folders, dumps, stopOnRestore }]) => [
				name,
				folders.join(", "),
				dumps.map(nameInFull).join(", "),
				stopOnRestore.map(unitLabel).join(", "),
			]),
		]),
		...(elsewhere.length === 0
			? []
			: ["", "Where a backup with its config goes as well:", "", ...table(elsewhere)]),
		...(commands.length === 0
			? []
			: [
					"",
					"Commands in this config. Anyone with write access to this destination could have added them: read each one.",
					"",
					...commands.map(
						({ path, text, as }) => `  ${path.join(".")}${as === undefined ? "" : `, as ${as}`}: ${text}`,
					),
				]),
	];
}

/** A dump has one key, with the database or file as its value, such as `postgresql: app`. */
function nameOf(dump: object): string {
	const [[kind, what] = ["", ""]] = Object.entries(dump);
	return `${kind}: ${typeof what === "string" ? what : "all of it"}`;
}

/** As `nameOf`, with how the server is reached: an archive may name any file as a password. */
function nameInFull(dump: object): string {
	return nameOf(dump) + optionsIn(Object.fromEntries(Object.entries(dump).slice(1)));
}

function optionsIn(options: object): string {
	const said = Object.entries(options).flatMap(([name, value]) =>
		typeof value === "object" ? [] : [`${name} ${value}`],
	);
	return said.length === 0 ? "" : ` (${said.join(", ")})`;
}

/** As in `ls -l`. */
export function entryLine({ type, mode, uid, gid, size: bytes, mtime, path, link }: Entry): string {
	const letters = [...mode.toString(8).padStart(4, "0").slice(-3)]
		.map((digit) =>
			["r", "w", "x"].map((letter, index) => (Number(digit) & (4 >> index) ? letter : "-")).join(""),
		)
		.join("");
	return [
		type + letters,
		`${uid}:${gid}`.padStart(11),
		(bytes === undefined ? "-" : String(bytes)).padStart(12),
		localTime(new Date(mtime).toISOString()),
		path + (link === undefined ? "" : ` -> ${link}`),
	].join("  ");
}

export function pruneTable(decided: readonly PruneDecisions[]): string[] {
	return decided.flatMap(({ provider, destination, decisions }, index) => [
		...(index > 0 ? [""] : []),
		`${provider}/${destination}`,
		...(decisions === undefined
			? ["  could not be listed"]
			: decisions.length === 0
				? ["  no archives"]
				: table(
						[
							["", "TIME", "ARCHIVE", "WHY"],
							...decisions.map(({ archive, keep, why }) => [
								keep ? "  keep" : "  PRUNE",
								archive.created === undefined ? "-" : localTime(archive.created),
								archive.name,
								why.join("; "),
							]),
						],
						{ wraps: ["WHY"] },
					)),
	]);
}
