// Fixtures for the tests of providers.

import type { Metadata } from "../../src/engines/archive.ts";
import type { Root, Work } from "../../src/engines/destination.ts";
import { type Into, into } from "../../src/engines/into.ts";
import { openFolder } from "../../src/host/folder.ts";

import type { Whole } from "./engines.ts";

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

/** Maps that were parsed have no prototype: compare both sides as JSON. */
export const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null));

/** A folder to work in, a source full of odd files, and an empty destination. */
export interface Bench {
	readonly folder: string;
	readonly source: string;
	readonly destination: Whole;
	readonly roots: readonly Root[];
}

/** Where a restore writes; it is left open, since a test has only a few folders. */
export function intoFolder(path: string): Into {
	return into(openFolder(path), () => {});
}
