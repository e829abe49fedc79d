// The recovery sheet: plain text for paper.

import { ENGINE_PROGRAMS } from "../../engines/programs.ts";
import type { SheetEntry } from "../result.ts";

export function sheetText(machine: string, entries: readonly SheetEntry[], now: Date): string[] {
	return [
		`RECOVERY SHEET of ${machine}, printed ${now.toISOString().slice(0, 10)}`,
		"",
		"Keep it away from the machine. Print it again when a destination, a key or a passphrase changes.",
		"On a new machine: install Holdfast and the engine, put the passphrase in a file that only root can read,",
		"then run `holdfast adopt` as below, for one of the destinations, and `holdfast restore`.",
		...entries.flatMap(({ provider, type, destination, location, settings, keys, fault }) => {
			const {
				passphraseFile,
				passphraseCommand,
				passphraseCredential,
				rsh,
				environmentFile,
				options,
				mountpoint,
			} = settings as Settings;
			const locked = [passphraseFile, passphraseCommand, passphraseCredential].some(
				(one) => one !== undefined,
			);
			const packages = ENGINE_PROGRAMS[type].map(({ debianPackage }) => debianPackage).join(" ");
			return [
				"",
				"-".repeat(78),
				`${provider}/${destination}`,
				`  engine      ${type}      (apt-get install ${packages})`,
				`  address     ${location}`,
				...(locked ? ["  passphrase  ________________________________________________", ""] : []),
				"  on the new machine:",
				...(locked ? ["    (umask 077; cat >passphrase)         type the passphrase, then Ctrl-D"] : []),
				...continued([
					`    holdfast adopt ${quoted(location)} --type ${type}`,
					...(locked ? ["--passphrase-file passphrase"] : []),
					...(rsh === undefined ? [] : [`--rsh ${quoted(rsh)}`]),
					...(environmentFile === undefined ? [] : ["--environment-file FILE"]),
					...(options ?? []).map((option) => `--option ${quoted(option)}`),
					...(typeof mountpoint !== "string" || type !== "localbackup"
						? []
						: [`--mountpoint ${quoted(mountpoint)}`]),
				]),
				`    holdfast restore ${machine} ${provider} latest`,
				...(environmentFile === undefined
					? []
					: [`  it also needs the variables of ${environmentFile}: ________________`]),
				...(keys === undefined
					? []
					: [
							"",
							`  should the repository lose its key: borg key import --paper ${quoted(location)}`,
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

/** One command of a shell in several lines. */
function continued([first = "", ...rest]: readonly string[]): string[] {
	return [first, ...rest.map((part) => `      ${part}`)].map((line, index) =>
		index < rest.length ? `${line} \\` : line,
	);
}

interface Settings {
	readonly passphraseFile?: string;
	readonly passphraseCredential?: string;
	readonly passphraseCommand?: readonly string[];
	readonly rsh?: string;
	readonly environmentFile?: string;
	readonly options?: readonly string[];
	readonly mountpoint?: string | false;
}

const quoted = (text: string) =>
	/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
