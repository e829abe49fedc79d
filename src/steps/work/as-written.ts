// Files of an archive that are executed by a database server: are they what this machine wrote, and what is in them?
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { databaseOf, dumpLabel } from "../../databases/dump.ts";
import { eachPart } from "../../host/file-parts.ts";
import { HoldfastError } from "../../values/error.ts";
import { wordsOf } from "../../values/system-error.ts";
import type { AccountsStep } from "../accounts.ts";
import type { LoadStep } from "../load.ts";
import type { StoreCheckStep } from "../store-check.ts";
import { MAX_ACCOUNTS } from "./dump.ts";

/** Maximum bytes of a file with accounts that this machine did not write. */
const MAX_OF_ANYBODY = 8 * 1024 * 1024;

/**
 * Whether a file of an archive is exactly what this machine wrote. Throws if it was that, and was changed since. `sha256`: of the
 * file, in hex, if it is known.
 */
export async function isAsWritten(
	{ dump, known, agreed }: AccountsStep | LoadStep | StoreCheckStep,
	of: "dump" | "accounts",
	file: string,
	sha256?: string,
): Promise<boolean> {
	if (known === undefined || known[of].length === 0) return false;
	if (known[of].includes(sha256 ?? (await digestOf(file)))) return true;
	if (agreed || !known.here) return false;
	throw new HoldfastError(
		"archive-mismatch",
		of === "dump"
			? `the dump of the ${dumpLabel(dump)} in the archive differs from the one that this machine wrote`
			: `the accounts of the ${dumpLabel(dump)} in the archive differ from those that this machine wrote`,
		{
			subject: databaseOf(dump),
			hint: "the archive is damaged or was modified; if you know why and trust it, restore it with --trust-archive",
		},
	);
}

async function digestOf(file: string): Promise<string> {
	const hash = createHash("sha256");
	await eachPart(file, (part) => hash.update(part));
	return hash.digest("hex");
}

/** The accounts in a file, and the other data stored with them. */
export async function heldIn(file: string, isKnown: boolean): Promise<unknown> {
	try {
		const { size } = await stat(file);
		const most = isKnown ? MAX_ACCOUNTS : MAX_OF_ANYBODY;
		if (size > most) throw new Error(`it is larger than ${most / 1024 ** 2} MiB`);
		return JSON.parse(await readFile(file, "utf8"));
	} catch (cause) {
		throw new HoldfastError("archive-damaged", `${file} cannot be read: ${wordsOf(cause)}`, {
			cause,
			hint: "the archive is damaged or was modified; choose another one",
		});
	}
}
