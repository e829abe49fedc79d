// What this machine's journal knows about archives in a destination.

import type { Archive } from "../engines/archive.ts";
import { NO_RECORDS, type Records } from "../engines/archive-time.ts";
import type { Destination, Work } from "../engines/destination.ts";
import { places } from "../host/places.ts";
import { Journal } from "../run/journal.ts";
import type { LostArchive } from "../steps/work/lost.ts";
import { wordsOf } from "../values/system-error.ts";

export interface RecordsBook {
	of(destination: Pick<Destination, "name" | "location">, archives: readonly Archive[]): Records;
	/** Archives of these states that were made there and are missing, where these are left. */
	lost(destination: Destination, archives: readonly Archive[], states: readonly string[]): LostArchive[];
	close(): void;
}

/** Empty if there is no readable journal: on a rescue system, archives must be found anyway. */
export function openRecords(machine: string, work: Pick<Work, "log">): RecordsBook {
	const attempt = <T>(ask: () => T): T | undefined => {
		try {
			return ask();
		} catch (error) {
			work.log(`the journal was not read: ${wordsOf(error)}`);
			return undefined;
		}
	};
	const journal = attempt(() => Journal.read(places().state));
	return {
		of: ({ name, location }, archives) => {
			const names = archives.map((archive) => archive.name);
			return attempt(() => journal?.records(machine, name, location, names)) ?? NO_RECORDS;
		},
		lost: ({ location, writeMetadata }, archives, states) => {
			// An engine that cannot store metadata may have given its archives different names.
			if (writeMetadata === undefined) return [];
			const names = archives.map((archive) => archive.name);
			return attempt(() => journal?.lost(machine, location, names, states)) ?? [];
		},
		close: () => journal?.close(),
	};
}
