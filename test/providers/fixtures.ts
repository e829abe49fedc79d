// What the tests of providers work with.
import type { Destination, Metadata, Root, Work } from "../../src/providers/provider.ts";

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

/** A folder to work in, a source full of odd files, and an empty destination. */
export interface Bench {
	readonly folder: string;
	readonly source: string;
	readonly destination: Destination;
	readonly roots: readonly Root[];
}
