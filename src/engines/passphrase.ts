// Options for a repository's passphrase and the SSH key to reach it. Loaded with the manifest, so keep it light.
import * as v from "valibot";
import * as f from "../values/fields.ts";
import type { OptionFault, SecretFile } from "./engine.ts";

export const passphrase = {
	passphraseFile: v.pipe(v.optional(f.path), v.description("file whose first line is the passphrase")),
	passphraseCommand: v.pipe(
		v.optional(f.argv),
		v.description("command whose first line of output is the passphrase"),
	),
	passphraseCredential: v.pipe(
		v.optional(v.pipe(v.string(), v.regex(/^[\w-][\w.-]*$/, "is not the name of a credential"))),
		v.description(
			"systemd credential whose first line is the passphrase: a file with this name in /etc/credstore, or one created by systemd-creds encrypt in /etc/credstore.encrypted",
		),
	),
};

export interface Passphrase {
	readonly passphraseFile?: string | undefined;
	readonly passphraseCommand?: readonly string[] | undefined;
	readonly passphraseCredential?: string | undefined;
}

const sourcesIn = ({ passphraseFile, passphraseCommand, passphraseCredential }: Passphrase) =>
	[passphraseFile, passphraseCommand, passphraseCredential].filter((one) => one !== undefined);

export const isLocked = (destination: Passphrase): boolean => sourcesIn(destination).length > 0;

/** `otherwise`: an alternative that the hint adds, for engines that work without a passphrase. */
export function passphraseFaults(destination: Passphrase, otherwise = ""): OptionFault[] {
	const sources = sourcesIn(destination);
	if (sources.length > 1)
		return [{ message: "set only one of passphraseFile, passphraseCommand and passphraseCredential" }];
	if (sources.length === 1) return [];
	return [
		{
			message: "the repository needs a passphrase",
			hint: `add passphraseFile: /path, or passphraseCommand: [program, argument]${otherwise}`,
		},
	];
}

/** The file with the passphrase, and the key files that these ssh commands name. */
export function secretFiles(
	{ passphraseFile }: Passphrase,
	commands: readonly (string | undefined)[],
): SecretFile[] {
	return [
		...(passphraseFile === undefined ? [] : [{ path: passphraseFile, kind: "passphrase" as const }]),
		...commands.flatMap((command) => identityIn(command)),
	];
}

function identityIn(command = ""): SecretFile[] {
	const path = /(?:^|\s)-i\s*(\/\S+)/.exec(command)?.[1] ?? /IdentityFile[= ](\/\S+)/.exec(command)?.[1];
	return path === undefined ? [] : [{ path, kind: "ssh-key" }];
}

/** The options for a passphrase, of which a destination has only one. */
export const PASSPHRASE_OPTIONS = Object.keys(passphrase);

/** The flag of `holdfast adopt`. */
export const PASSPHRASE_FLAG = {
	passphraseFile: { brief: "file whose first line is the passphrase", placeholder: "FILE", kind: "path" },
} as const;
