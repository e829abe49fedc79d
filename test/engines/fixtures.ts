// What the tests of providers work with.

import { type Into, into } from "../../src/engines/into.ts";
import type { Destination, Metadata, Root, Work } from "../../src/engines/provider.ts";
import { openFolder } from "../../src/host/folder.ts";

export const quiet: Work = {
	signal: new AbortController().signal,
	watched: false,
	progress: () => {},
	log: () => {},
};

export function metadataOf(run: string): Metadata {
	return {
		version: 1,
		machine: "web01",
		run,
		created: new Date().toISOString(),
		manifest: "/var/lib/holdfast/spool/manifest.json",
		states: { notes: { outcome: "good", folders: ["/srv/notes"], reason: 'braces {now} and "quotes" é' } },
	};
}

/** Maps that were read have no prototype: as they are written down, both sides are the same. */
export const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null));

/** A folder to work in, a source full of odd files, and an empty destination. */
export interface Bench {
	readonly folder: string;
	readonly source: string;
	readonly destination: Destination;
	readonly roots: readonly Root[];
}

/** Where a restore writes; it stays open, as a test's few folders may. */
export function intoFolder(path: string): Into {
	return into(openFolder(path), () => {});
}
