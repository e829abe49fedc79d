// Reads a passphrase when it is needed. It is never stored, logged or passed as an argument.

import { existsSync, lstatSync } from "node:fs";
import { dirname, join } from "node:path";
import { HoldfastError } from "../values/error.ts";
import { shellWord } from "../values/shell.ts";
import { wordsOf } from "../values/system-error.ts";
import { describeEnd, execText } from "./exec.ts";
import { readText } from "./read-file.ts";

export interface SecretSource {
	readonly passphraseFile?: string | undefined;
	readonly passphraseCommand?: readonly string[] | undefined;
	readonly passphraseCredential?: string | undefined;
}

/** Maximum bytes of a file with a secret or with environment variables. */
const MAX_BYTES = 1024 * 1024;

/** Whether a source of the passphrase is set. */
export function hasSecret(source: SecretSource): boolean {
	const { passphraseFile, passphraseCommand, passphraseCredential } = source;
	return [passphraseFile, passphraseCommand, passphraseCredential].some((one) => one !== undefined);
}

/** The source of a passphrase, for messages. */
export function secretOrigin({ passphraseFile, passphraseCredential }: SecretSource): string {
	if (passphraseCredential !== undefined) return `the credential ${passphraseCredential}`;
	return passphraseFile ?? "the passphrase command";
}

/** The first line of the file or of the command's output; undefined if no source is set. */
export async function readSecret(source: SecretSource): Promise<string | undefined> {
	if (source.passphraseFile !== undefined) {
		const file = source.passphraseFile;
		if (isMissing(file)) throw missingPassphrase(file);
		return firstLine(secretText(file, "the passphrase file"), "the passphrase file", file);
	}
	if (source.passphraseCommand !== undefined) {
		const [command = ""] = source.passphraseCommand;
		const result = await execText(source.passphraseCommand, { timeoutSeconds: 60 });
		if (result.code !== 0)
			throw new HoldfastError(
				"secret-unreadable",
				`the passphrase command ${command} ${describeEnd(result, 60)}`,
				{ subject: command, details: result.stderr },
			);
		return firstLine(result.text, "the output of the passphrase command", command);
	}
	if (source.passphraseCredential !== undefined)
		return firstLine(
			await readCredential(source.passphraseCredential),
			"the credential",
			source.passphraseCredential,
		);
	return undefined;
}

/** Whether there surely is no such file: one that we must not look for may be there. */
export function isMissing(file: string): boolean {
	try {
		lstatSync(file);
		return false;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "ENOENT";
	}
}

function missingPassphrase(file: string): HoldfastError {
	const folder = isMissing(dirname(file)) ? `mkdir -p -m 700 ${shellWord(dirname(file))} && ` : "";
	return new HoldfastError("secret-unreadable", `the passphrase file ${file} does not exist`, {
		subject: file,
		hint: `write the repository's passphrase to it; for a new repository, make one: ${folder}(umask 077; head -c 24 /dev/urandom | base64 > ${shellWord(file)}), and keep a copy elsewhere: holdfast recovery-sheet`,
	});
}

/**
 * Throws if the passphrase begins or ends with blanks. For a new repository: other programs ignore them and could not open it,
 * and nobody sees them when they copy it by hand.
 */
export async function requireVisible(source: SecretSource): Promise<void> {
	const secret = await readSecret(source);
	if (secret === undefined || secret === secret.trim()) return;
	const origin = secretOrigin(source);
	throw new HoldfastError(
		"secret-unsuitable",
		`the passphrase from ${origin} begins or ends with blanks: no repository is created with it`,
		{
			subject: origin,
			hint: "remove them; other programs, such as restic itself, ignore them and could not open the repository",
		},
	);
}

/** In a service, systemd provides the credential (systemd.exec(5), Credentials); otherwise search the same folders. */
async function readCredential(name: string): Promise<string> {
	const { CREDENTIALS_DIRECTORY } = process.env;
	const plain = [
		...(CREDENTIALS_DIRECTORY ? [CREDENTIALS_DIRECTORY] : []),
		"/etc/credstore",
		"/run/credstore",
	];
	for (const folder of plain) {
		const file = join(folder, name);
		if (existsSync(file)) return secretText(file, "the credential");
	}
	const file = `/etc/credstore.encrypted/${name}`;
	const result = await execText(["systemd-creds", `--name=${name}`, "decrypt", file, "-"], {
		timeoutSeconds: 60,
	});
	if (result.code === 0) return result.text;
	throw new HoldfastError("secret-unreadable", `cannot read the credential ${name}`, {
		subject: name,
		details: [`looked in ${plain.join(", ")} and ${file}`, ...result.stderr],
		hint: `create it with: systemd-ask-password -n | systemd-creds --name=${name} encrypt - ${file}`,
	});
}

/** The text of a file that contains a secret. */
export function secretText(file: string, what: string): string {
	try {
		return readText(file, { most: MAX_BYTES });
	} catch (cause) {
		throw new HoldfastError("secret-unreadable", `cannot read ${what} ${file}: ${wordsOf(cause)}`, {
			subject: file,
			cause,
		});
	}
}

function firstLine(text: string, what: string, subject: string): string {
	const line = text.split("\n", 1)[0]?.replace(/\r$/, "") ?? "";
	if (line === "") throw new HoldfastError("secret-unreadable", `${what} ${subject} is empty`, { subject });
	return line;
}
