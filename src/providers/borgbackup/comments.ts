// Archives' comments: what they hold of ours, and those that were read before. borg's plain listing is one look at the
// manifest; comments cost a look at each archive. An archive's id is a hash of what it says, comment and all: what is
// known of an id stays true.
import { existsSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { privateFolder } from "../../host/files.ts";
import { places } from "../../host/places.ts";
import type { Metadata } from "../provider.ts";

const MARK = "holdfast:";

/** What an archive says of itself, as its comment. */
export const commentOf = (metadata: Metadata) => MARK + JSON.stringify(metadata);

export function readComment(text: string): Metadata | undefined {
	if (!text.startsWith(MARK)) return undefined;
	try {
		return JSON.parse(text.slice(MARK.length)) as Metadata;
	} catch {
		return undefined;
	}
}

/** By archive id; null where the comment is none of ours. */
export type Known = Readonly<Record<string, Metadata | null>>;

/** A name that is too long for a file is not kept. */
function fileOf(repo: string): string {
	return join(places().cache, "borg", `${encodeURIComponent(repo)}.known.json`);
}

export function isAnyKnown(repo: string): boolean {
	return existsSync(fileOf(repo));
}

/** Empty when nothing is known, or what is there cannot be read. */
export async function known(repo: string): Promise<Known> {
	try {
		return JSON.parse(await readFile(fileOf(repo), "utf8")) as Known;
	} catch {
		return {};
	}
}

/** It is a cache: what cannot be kept costs time, and nothing else. */
export async function keep(repo: string, archives: Known): Promise<void> {
	try {
		const file = fileOf(repo);
		await privateFolder(join(file, ".."));
		const draft = `${file}.${process.pid}`;
		await writeFile(draft, JSON.stringify(archives), { mode: 0o600 });
		await rename(draft, file);
	} catch {
		// See above.
	}
}
