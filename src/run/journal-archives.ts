// What the journal knows about archives: those made here, as they were when they were written, and the destinations that
// were written to.
import { archiveId, isAt } from "../engines/archive-name.ts";
import { NO_RECORDS, type Records } from "../engines/archive-time.ts";
import type { KnownArchive, MadeArchive } from "../steps/records.ts";
import type { LastGood } from "../steps/work/expectations.ts";
import { type LostArchive, lostOf } from "../steps/work/lost.ts";
import { archiveOf, RECORDED, recordedOf } from "./journal-rows.ts";
import { JournalStore } from "./journal-store.ts";
import { isForeign, readPlan } from "./plan-shape.ts";

/** Null if the size of one is not known. */
const BYTES_OF_STATES = `SELECT CASE WHEN count(*) = count(value ->> 'bytes') THEN sum(value ->> 'bytes') END
	FROM json_each(metadata, '$.states')`;

export class JournalArchives extends JournalStore {
	/** Record an archive that was made here. From now on its destination counts as written to. */
	made({ id, name, provider, destination, location, metadata, bytes, digests, mount }: MadeArchive): void {
		this.write("INSERT OR IGNORE INTO destination (location, first_seen) VALUES (?, ?)", [
			location,
			new Date().toISOString(),
		]);
		this.write("UPDATE destination SET mount = ? WHERE location = ?", [mount ?? null, location]);
		this.write(
			"INSERT OR REPLACE INTO archive (id, name, provider, destination, metadata, bytes, digests) VALUES (?, ?, ?, ?, ?, ?, ?)",
			[id, name, provider, destination, JSON.stringify(metadata), bytes ?? null, JSON.stringify(digests)],
		);
	}

	/** An archive that was made here, by its id. It may no longer be in its destination. */
	archive(id: string): KnownArchive | undefined {
		const row = this.first("SELECT * FROM archive WHERE id = ?", id);
		return archiveOf(row)[0];
	}

	/** The names that this machine had when it made archives. */
	owners(): string[] {
		const name = "json_extract(metadata, '$.machine')";
		const rows = this.all(`SELECT DISTINCT ${name} AS machine FROM archive WHERE json_valid(metadata)`);
		return rows.flatMap(({ machine }) => (typeof machine === "string" ? [machine] : []));
	}

	/** Archives of this name that were made here: one per destination that it was written to, wherever that is now. */
	namesakes(name: string): KnownArchive[] {
		return this.all("SELECT * FROM archive WHERE name = ?", name).flatMap(archiveOf);
	}

	/** Bytes of the archives that were made here, by id: as the engine told, or the sum of the states. */
	archiveSizes(): Map<string, number> {
		const rows = this.all(
			`SELECT id, coalesce(bytes, (${BYTES_OF_STATES})) AS bytes FROM archive WHERE bytes IS NOT NULL OR json_valid(metadata)`,
		);
		return new Map(
			rows.flatMap(({ id, bytes }) => (bytes === null ? [] : [[String(id), Number(bytes)] as const])),
		);
	}

	/**
	 * The records of a machine's archives with these names in a destination. The destination may have had another name at
	 * that time.
	 */
	records(machine: string, destination: string, location: string, names: readonly string[]): Records {
		const since = this.first("SELECT first_seen FROM destination WHERE location = ?", location);
		const needed = this.#needed();
		if (since === undefined) return { ...NO_RECORDS, needed };
		const of = `${RECORDED} WHERE json_valid(metadata) AND json_extract(metadata, '$.machine') = ?`;
		const ids = names.map((name) => [machine, archiveId({ name: destination, location }, name)]);
		let rows = this.each(`${of} AND id = ?`, ids).flat();
		if (rows.length === 0)
			rows = this.all(`${of} AND substr(id, instr(id, '::') + 2) = ? || '::' || name`, machine, location);
		return { since: String(since.first_seen), needed, archives: new Map(rows.map(recordedOf)) };
	}

	/** Names of archives that runs without an end restore from. */
	#needed(): ReadonlySet<string> {
		const rows = this.all(
			`SELECT DISTINCT json_extract(step.value, '$.archive') AS name FROM run, json_each(CASE WHEN json_valid(plan) THEN plan ELSE '{}' END, '$.steps') AS step
			WHERE (ended IS NULL OR outcome = 'needs-recover')
			AND json_extract(step.value, '$.kind') <> 'archive-create' AND json_extract(step.value, '$.archive') IS NOT NULL`,
		);
		return new Set(rows.map(({ name }) => String(name)));
	}

	/** Delete the records of archives that are dated in the future and missing in their destination, where these names are left. */
	forgetGone(machine: string, destination: string, location: string, names: readonly string[]): void {
		this.write(
			`DELETE FROM archive WHERE id = ? || '::' || ? || '::' || name AND json_valid(metadata)
			AND json_extract(metadata, '$.machine') = ? AND json_extract(metadata, '$.created') > ?
			AND name NOT IN (SELECT value FROM json_each(?))`,
			[destination, location, machine, new Date().toISOString(), JSON.stringify(names)],
		);
	}

	/** Archives of a machine that were made here, newest first; at least those of the last months. */
	archives(machine: string): KnownArchive[] {
		return this.all(
			"SELECT * FROM archive WHERE json_valid(metadata) AND json_extract(metadata, '$.machine') = ? ORDER BY rowid DESC LIMIT 1000",
			machine,
		).flatMap(archiveOf);
	}

	/** The newest archive of a machine that was made here, holds the complete state and gives no reason to doubt it. */
	lastGood(machine: string, state: string): LastGood | undefined {
		const row = this.first(
			`SELECT id, json_extract(metadata, '$.run') AS run, json_extract(metadata, '$.created') AS created,
				json_extract(metadata, ?1) AS record FROM archive
				WHERE json_valid(metadata) AND json_extract(metadata, '$.machine') = ?2
				AND json_extract(metadata, ?1 || '.outcome') = 'good'
				AND json_extract(metadata, ?1 || '.suspicious') IS NULL ORDER BY rowid DESC LIMIT 1`,
			`$.states."${state}"`,
			machine,
		);
		if (row === undefined) return undefined;
		const run = this.first("SELECT plan FROM run WHERE id = ?", String(row.run));
		const plan = run && readPlan(String(row.run), run.plan);
		const declared = plan && !isForeign(plan) ? plan.manifest.state[state] : undefined;
		return {
			archive: String(row.id),
			created: String(row.created),
			record: JSON.parse(String(row.record)),
			...(declared === undefined ? {} : { declared }),
		};
	}

	/** Archives that were made at a location, whatever its destination's name was, and should be there, where these names are left. */
	lost(
		machine: string,
		location: string,
		names: readonly string[],
		states: readonly string[],
	): LostArchive[] {
		const there = this.archives(machine).filter(({ id, name }) => isAt(id, location, name));
		return lostOf(there, names, states, this.mountOf(location).mount);
	}

	/** A run on this machine has removed these. */
	removed(location: string, names: readonly string[]): void {
		this.write(
			"DELETE FROM archive WHERE name IN (SELECT value FROM json_each(?)) AND substr(id, instr(id, '::') + 2) = ? || '::' || name",
			[JSON.stringify(names), location],
		);
	}

	mountOf(location: string): { readonly mount?: string } {
		const row = this.first("SELECT mount FROM destination WHERE location = ?", location);
		return typeof row?.mount === "string" ? { mount: row.mount } : {};
	}

	knows(location: string): boolean {
		return this.first("SELECT 1 FROM destination WHERE location = ?", location) !== undefined;
	}
}
