// The recovery sheet: plain text for paper.

import type { KeyImport, SheetNeed } from "../../engines/engine.ts";
import { engineNamed } from "../../engines/list.ts";
import { shellLine, shellVariables, shellWord } from "../../values/shell.ts";
import type { SheetEntry } from "../result.ts";

export function sheetText(machine: string, entries: readonly SheetEntry[], now: Date): string[] {
	return [
		`RECOVERY SHEET of ${machine}, printed ${now.toISOString().slice(0, 10)}`,
		"",
		"Keep it away from the machine. Print it again when a destination, a key or a passphrase changes.",
		"On a new machine: install Holdfast and the engine, and run the commands below, for one of the destinations.",
		"Files with secrets must be readable by root only.",
		...entries.flatMap((entry) => ["", "-".repeat(78), ...entryText(machine, entry)]),
	];
}

function entryText(machine: string, entry: SheetEntry): string[] {
	const { provider, type, destination, location, settings, keys, keysAreApart = false, fault } = entry;
	const engine = engineNamed(type);
	const { needs = [], flags = [], notes = [], importKeys } = engine?.sheetOf?.(settings) ?? {};
	const written = needs.flatMap((need) => (need.written ? [need.written] : []));
	const apart = keysAreApart ? importKeys : undefined;
	return [
		destination === undefined ? provider : `${provider}/${destination}`,
		`  engine      ${type}${packagesOf(entry)}`,
		...(location === undefined ? [] : [`  address     ${location}`]),
		...needs.flatMap(needText),
		...(apart === undefined
			? []
			: [`  you need the repository's key (on the old machine: ${apart.apart.was}): it is printed below`]),
		...notes.map((line) => `  ${line}`),
		"  on the new machine:",
		...needs.flatMap(({ what, written }) =>
			written ? [`    (umask 077; cat >${written.file})         # type ${what}, then Ctrl-D`] : [],
		),
		...(apart === undefined ? [] : [`    ${importLine(apart, true)}         # type the lines of the key`]),
		...(location === undefined
			? []
			: continued([
					`    holdfast adopt ${shellWord(location)} --type ${type}`,
					...written.map(({ file, flag }) => `${flag} ${file}`),
					...(apart === undefined ? [] : [`${apart.apart.flag} ${apart.apart.file}`]),
					...flags.map(([flag, value]) => `${flag} ${shellWord(value)}`),
					`--machine ${machine}`,
				])),
		`    holdfast restore ${machine} ${provider} latest`,
		...(keys === undefined || importKeys === undefined
			? []
			: [
					"",
					keysAreApart
						? "  the key:"
						: `  should the repository lose its key: ${importLine(importKeys, false)}`,
					"",
					...keys
						.trimEnd()
						.split("\n")
						.map((line) => `    ${line}`),
				]),
		...(fault === undefined ? [] : ["", `  ITS KEY COULD NOT BE READ: ${fault}`]),
	];
}

function packagesOf({ type, location = "" }: SheetEntry): string {
	const { programs = [], reachedBy = [] } = engineNamed(type) ?? {};
	const further = reachedBy.flatMap(({ address, program }) =>
		location.startsWith(address) ? [program] : [],
	);
	const names = [...programs, ...further].map(({ debianPackage }) => debianPackage);
	return names.length === 0 ? "" : `      (apt-get install ${names.join(" ")})`;
}

function needText({ what, was, written }: SheetNeed): string[] {
	const line = `  you need ${what}${was === undefined ? "" : ` (on the old machine: ${was})`}`;
	return written ? [`${line}:`, "", `    ${"_".repeat(64)}`, ""] : [line];
}

function importLine({ environment, words, apart }: KeyImport, isApart: boolean): string {
	const file = isApart ? [`${apart.variable}="$PWD/${apart.file}"`] : [];
	return [...file, ...shellVariables(environment), shellLine(words)].join(" ");
}

/** A single shell command, split over several lines. */
function continued([first = "", ...rest]: readonly string[]): string[] {
	return [first, ...rest.map((part) => `      ${part}`)].map((line, index) =>
		index < rest.length ? `${line} \\` : line,
	);
}
