// The fields that both the config and the manifest are made of, with the rules for each.
import { posix } from "node:path";
import * as v from "valibot";
import { DURATION, secondsOf } from "./duration.ts";
import { LONGEST_PATH } from "./paths.ts";
import { patternFault } from "./patterns.ts";
import { record } from "./record.ts";

const REFUSED_FOLDERS = ["/proc", "/sys", "/dev", "/run"];
const OWN_FOLDERS = ["/var/lib/holdfast", "/var/cache/holdfast"];

/** Why a folder cannot belong to a state; undefined if it can. Folders are absolute and normalised. */
export function folderFault(folder: string): string | undefined {
	if (folder.includes("\0")) return "a path cannot contain a NUL byte";
	if (folder.length > LONGEST_PATH) return `a path has at most ${LONGEST_PATH} characters`;
	if (/^~(\/|$)/.test(folder))
		return `"${folder}": ~ is not expanded, because other users may read this file; write the home folder in full, such as "/home/NAME${folder.slice(1)}"`;
	if (!folder.startsWith("/"))
		return `"${folder}" is relative; write the absolute path, like "/${posix.normalize(folder).replace(/^(\.\.?\/)+/, "")}"`;
	const normal = posix.normalize(folder).replace(/(?<=.)\/$/, "");
	if (normal === "/") return '"/" is the entire machine; name the folders that the service owns';
	if (normal !== folder) return `write "${normal}" instead of "${folder}"`;
	for (const refused of REFUSED_FOLDERS) {
		if (folder === refused || folder.startsWith(`${refused}/`))
			return `"${folder}" is in ${refused}, which is filled by the kernel or at boot and cannot be restored`;
	}
	for (const own of OWN_FOLDERS) {
		if (folder === own || folder.startsWith(`${own}/`) || own.startsWith(`${folder}/`))
			return `"${folder}" ${own.startsWith(`${folder}/`) ? "contains" : "is in"} ${own}, which belongs to Holdfast itself; a restore would replace the journal of its own run`;
	}
	return undefined;
}

export const name = v.pipe(
	v.string(),
	v.regex(
		/^[a-zA-Z0-9_-]+$/,
		(issue) => `"${issue.input}" is not a valid name: use only letters, digits, "_" and "-"`,
	),
);

export const folder = v.pipe(
	v.string(),
	v.rawCheck(({ dataset, addIssue }) => {
		if (!dataset.typed) return;
		const message = folderFault(dataset.value);
		if (message) addIssue({ message });
	}),
);

/** An absolute path of a file or folder, without the restrictions on a state's folders. */
export const path = v.pipe(
	v.string(),
	v.check((value) => value.startsWith("/") && !value.includes("\0"), "must be an absolute path"),
	v.maxLength(LONGEST_PATH, `a path has at most ${LONGEST_PATH} characters`),
);

export const text = v.pipe(v.string(), v.nonEmpty("must not be empty"));

export const httpAddress = v.pipe(
	v.string(),
	v.regex(/^https?:\/\/\S+$/, "must be a complete URL, such as http://127.0.0.1:8080/health"),
);

/** The host and port of such an address, to show when the rest may be secret. */
export const hostOf = (address: string): string => URL.parse(address)?.host ?? "an address that is not valid";

/** Such an address to show: without user, password, query and fragment, which may be secret. */
export function shownAddress(address: string): string {
	const url = URL.parse(address);
	return url === null ? "an address that is not valid" : `${url.origin}${url.pathname}`;
}

/**
 * The address of a repository, in the engine's own syntax. A dash after the scheme would be taken as an option by the program
 * that the engine starts to connect: `ssh://-oProxyCommand=…` runs a command.
 */
export const address = v.pipe(
	text,
	v.regex(
		/^(?!(?:[a-zA-Z][a-zA-Z0-9+.-]*:)*(?:\/\/)?(?:[^/]*@)?-)/,
		"the host, user and folder of an address must not begin with a dash",
	),
);

/** A pattern of `exclude`: see patterns.ts. */
export const pattern = v.pipe(
	v.string(),
	v.rawCheck(({ dataset, addIssue }) => {
		if (!dataset.typed) return;
		const message = patternFault(dataset.value);
		if (message) addIssue({ message });
	}),
);

/** A program and its arguments. Merging treats such a list as one value. */
export const argv = v.pipe(
	v.array(v.string()),
	v.minLength(1, "a command needs at least the program to run"),
);

export const environment = record(
	v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "is not a valid name for an environment variable")),
	v.string(),
);

/** A systemd unit name with its suffix. */
export const unitName = v.pipe(
	v.string(),
	v.regex(/^[a-zA-Z0-9:_.\\@-]+$/, (issue) => `"${issue.input}" is not a systemd unit name`),
);

/** A calendar event in the format of systemd.time(7). systemd itself validates it when the timers are installed. */
export const calendar = v.pipe(
	v.string(),
	v.nonEmpty("must not be empty"),
	v.regex(/^[^\n\r%"'\\]*$/, "is not a calendar event; see systemd.time(7)"),
);

/** A time with its unit, such as "26h". */
export const durationText = (what: string) =>
	v.pipe(v.string(), v.regex(DURATION, `write ${what} such as "30s", "10m", "26h" or "7d"`));

/** A time with its unit, or a number of seconds, at least 1. */
export const duration = v.union(
	[
		v.pipe(v.number(), v.minValue(1)),
		v.pipe(v.string(), v.regex(DURATION, 'write a time such as "30s", "10m" or "2h"')),
	],
	'write a time such as "30s", "10m" or "2h"',
);

/** The same, or 0 for none. */
export const pause = v.union([v.literal(0), duration], 'write a time such as "3s", or 0');

/** A time that the manifest stores in seconds, with a minimum. */
export const seconds = <S extends v.GenericSchema<string | number>>(
	written: S,
	{ about, usual, least, isFilledIn }: Time,
) =>
	v.pipe(
		written,
		v.description(`${about} (default ${usual})`),
		v.transform((time: string | number) => (typeof time === "number" ? time : (secondsOf(time) ?? 0))),
		v.number(),
		v.minValue(least, `must be at least ${least} s`),
		v.description(`seconds: ${about}${isFilledIn ? "" : ` (default ${usual})`}`),
	);

interface Time {
	readonly about: string;
	/** The default, for the description. */
	readonly usual: string;
	readonly least: 0 | 1;
	/** Whether the manifest always contains it. */
	readonly isFilledIn?: boolean;
}
