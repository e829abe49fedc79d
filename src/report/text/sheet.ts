// The recovery sheet: plain text for paper.

import { engineNamed } from "../../engines/list.ts";
import type { SheetEntry } from "../result.ts";

export function sheetText(machine: string, entries: readonly SheetEntry[], now: Date): string[] {
	return [
		`RECOVERY SHEET of ${machine}, printed ${now.toISOString().slice(0, 10)}`,
		"",
		"Keep it away from the machine. Print it again when a destination, a key or a passphrase changes.",
		"On a new machine: install Holdfast and the engine, put the passphrase in a file that only root can read,",
		"then run `holdfast adopt` as below, for one of the destinations, and `holdfast restore`.",
		...entries.flatMap(({ provider, type, destination, location, settings, keys, fault }) => {
			const engine = engineNamed(type);
			const { isLocked = false, flags = [], notes = [], importKeys } = engine?.sheetOf?.(settings) ?? {};
			const packages = (engine?.programs ?? []).map(({ debianPackage }) => debianPackage).join(" ");
			return [
				"",
				"-".repeat(78),
				`${provider}/${destination}`,
				`  engine      ${type}      (apt-get install ${packages})`,
				`  address     ${location}`,
				...(isLocked ? ["  passphrase  ________________________________________________", ""] : []),
				"  on the new machine:",
				...(isLocked ? ["    (umask 077; cat >passphrase)         type the passphrase, then Ctrl-D"] : []),
				...continued([
					`    holdfast adopt ${quoted(location)} --type ${type}`,
					...(isLocked ? ["--passphrase-file passphrase"] : []),
					...flags.map(([flag, value]) => `${flag} ${quoted(value)}`),
				]),
				`    holdfast restore ${machine} ${provider} latest`,
				...notes.map((line) => `  ${line}`),
				...(keys === undefined || importKeys === undefined
					? []
					: [
							"",
							`  should the repository lose its key: ${importKeys} ${quoted(location)}`,
							"",
							...keys
								.trimEnd()
								.split("\n")
								.map((line) => `    ${line}`),
						]),
				...(fault === undefined ? [] : ["", `  ITS KEY COULD NOT BE READ: ${fault}`]),
			];
		}),
	];
}

/** A single shell command, split over several lines. */
function continued([first = "", ...rest]: readonly string[]): string[] {
	return [first, ...rest.map((part) => `      ${part}`)].map((line, index) =>
		index < rest.length ? `${line} \\` : line,
	);
}

const quoted = (text: string) =>
	/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
