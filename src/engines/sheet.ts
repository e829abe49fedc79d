// What recovery sheets of several engines say. Loaded with the definitions, so keep it light.
import type { SheetNeed } from "./engine.ts";
import { type Passphrase, secretFiles } from "./passphrase.ts";

export function passphraseNeed(destination: Passphrase): SheetNeed[] {
	const { passphraseFile, passphraseCommand, passphraseCredential } = destination;
	const was =
		passphraseFile ??
		(passphraseCommand === undefined
			? passphraseCredential && `the systemd credential ${passphraseCredential}`
			: `the output of: ${passphraseCommand.join(" ")}`);
	if (was === undefined) return [];
	return [{ what: "the passphrase", was, written: { file: "passphrase", flag: "--passphrase-file" } }];
}

/** `commands`: those that run ssh, if they are set. */
export function sshNeeds(address: string, commands: readonly (string | undefined)[]): SheetNeed[] {
	const keys = secretFiles({}, commands).map(({ path }) => ({
		what: "the SSH key, at the same path",
		was: path,
	}));
	return [
		...(keys.length > 0 ? keys : [{ what: `an SSH key that is accepted by ${address}`, was: "~/.ssh" }]),
		{ what: "the SSH server's host key: connect once with ssh and confirm it", was: "~/.ssh/known_hosts" },
	];
}

export const diskNeed = (mountpoint: string | false | undefined): SheetNeed[] =>
	mountpoint ? [{ what: `its disk, mounted at ${mountpoint}` }] : [];

export const scriptNote = (when: string, script: string | undefined): string[] =>
	script === undefined
		? []
		: [
				when,
				...script
					.trimEnd()
					.split("\n")
					.map((line) => `  ${line}`),
			];
