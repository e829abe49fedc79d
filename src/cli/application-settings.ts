// Applications' own settings, for `holdfast init`: reads them, and says what they say.
import { inParent } from "../host/folder.ts";
import { type Found, readTextIn } from "../host/read-file.ts";
import { resolvePath } from "../host/trust.ts";
import type { Proposal } from "../modules/propose.ts";
import { isErrno } from "../values/error.ts";
import { isWithin } from "../values/paths.ts";
import { wordsOf } from "../values/system-error.ts";

/** What the applications' own settings say. `protectedFolders`: of all states. */
export function toldOf({ modules }: Proposal, protectedFolders: readonly string[]) {
	const isLeft = (path: string) => !protectedFolders.some((folder) => isWithin(path, folder));
	return {
		shown: modules.flatMap(({ name, told }) => told.shown.map((line) => `${name}: ${line}`)),
		unprotected: modules.flatMap(({ name, told }) => [
			...told.unclear.map((line) => `${name}: ${line}`),
			...(told.leaves ?? [])
				.filter(isLeft)
				.map((path) => `${path}: ${name} has data there; name it under \`state\``),
		]),
	};
}

const MAX_SETTINGS_BYTES = 1024 ** 2;

/** A file that the user of a service may have written: at most this large, and through no link of that user to others' files. */
export function readSettings(path: string): Found {
	try {
		return inParent(resolvePath(path).path, (parent, name) => readTextIn(parent, name, MAX_SETTINGS_BYTES));
	} catch (error) {
		return isErrno(error, "ENOENT") ? undefined : { fault: wordsOf(error) };
	}
}
