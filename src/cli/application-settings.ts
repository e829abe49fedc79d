// Applications' own settings, for `holdfast init`: reads them, and says what they say.
import { statSync } from "node:fs";
import { inParent } from "../host/folder.ts";
import { readTextIn } from "../host/read-file.ts";
import { resolvePath } from "../host/trust.ts";
import type { FoundSettings } from "../modules/module.ts";
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
export function readSettings(path: string): FoundSettings {
	try {
		return inParent(resolvePath(path).path, (parent, name) => {
			let owner: number | undefined;
			const found = readTextIn(parent, name, MAX_SETTINGS_BYTES, ({ uid }) => {
				owner = uid;
			});
			return found !== undefined && "text" in found && owner !== undefined ? { ...found, owner } : found;
		});
	} catch (error) {
		return isErrno(error, "ENOENT") ? undefined : { fault: wordsOf(error) };
	}
}

/** The user that owns what is at this path, through links; undefined if it cannot be looked at. */
export function ownerOf(path: string): number | undefined {
	try {
		return statSync(path).uid;
	} catch {
		return undefined;
	}
}
