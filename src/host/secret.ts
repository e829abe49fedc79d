// Read a passphrase at the moment it is needed; it is never kept, logged or put in an argument.
import { readFile } from "node:fs/promises";
import { HoldfastError } from "../manifest/error.ts";
import { describeEnd, execText } from "./exec.ts";

export interface SecretSource {
	readonly passphraseFile?: string | undefined;
	readonly passphraseCommand?: readonly string[] | undefined;
}

/** The first line of the file or of the command's output; undefined when no source is set. */
export async function readSecret(source: SecretSource): Promise<string | undefined> {
	if (source.passphraseFile !== undefined) {
		const text = await readFile(source.passphraseFile, "utf8").catch((cause: Error) => {
			throw new HoldfastError("failed", `cannot read the passphrase file ${source.passphraseFile}`, {
				cause,
				details: [cause.message],
			});
		});
		return firstLine(text, `the passphrase file ${source.passphraseFile}`);
	}
	if (source.passphraseCommand !== undefined) {
		const result = await execText(source.passphraseCommand, { timeoutSeconds: 60 });
		if (result.code !== 0)
			throw new HoldfastError(
				"failed",
				`the passphrase command ${source.passphraseCommand[0]} ${describeEnd(result, 60)}`,
				{ details: result.stderr },
			);
		return firstLine(result.text, `the output of the passphrase command ${source.passphraseCommand[0]}`);
	}
	return undefined;
}

function firstLine(text: string, what: string): string {
	const line = text.split("\n", 1)[0]?.replace(/\r$/, "") ?? "";
	if (line === "") throw new HoldfastError("failed", `${what} is empty`);
	return line;
}
