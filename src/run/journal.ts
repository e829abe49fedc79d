// The journal: what every run is about to do and has done, on disk and synced before the next thing happens.
// One SQLite file per machine; each entry is its own transaction with full sync.
import type { DatabaseSync } from "node:sqlite";
import { HoldfastError } from "../manifest/error.ts";
import { VERSION as PROGRAM } from "../manifest/version.ts";
import { NO_RECORDS, type Records } from "../providers/archive-time.ts";
import type { Outcome } from "./event.ts";
import type { LastGood } from "./expectations.ts";
import { damaged, journalFault, openJournalFile } from "./journal-file.ts";
import {
	archiveOf,
	dataOf,
	type Entry,
	entryOf,
	type FailedUpkeep,
	failedIn,
	type KeptCopy,
	type KnownArchive,
	keptOf,
	type MadeArchive,
	type Phase,
	RECORDED,
	type Row,
	type RunRow,
	recordedOf,
	rowOf,
	type Statement,
	type UnknownCopy,
} from "./journal-rows.ts";
import { type LeftStep, mayBeLeft, type Plan } from "./plan.ts";
import { isForeign, type KnownRun, type Outline, outlineOf, readPlan, readStep } from "./plan-shape.ts";

/** Lines of one step's output that are kept. */
const LOG_LINES = 2_000;
const LOG_WIDTH = 4_000;
const LOG_BATCH = 200;

export class Journal {
	readonly #db: DatabaseSync;
	readonly #folder: string;
	readonly #logged = new Map<string, number>();
	/** Entries that go with the next one. */
	readonly #soon: Statement[] = [];
	readonly #waiting: [run: string, step: string, time: string, line: string][] = [];

	private constructor(db: DatabaseSync, folder: string) {
		this.#db = db;
		this.#folder = folder;
	}

	/** Opens, or makes, `journal.sqlite` in this folder (0700). */
	static open(folder: string): Journal {
		return new Journal(openJournalFile(folder), folder);
	}

	/** Every question: what SQLite says of a damaged file, it says only now. */
	#all(question: string, ...values: readonly (string | number)[]): Row[] {
		try {
			return this.#db.prepare(question).all(...values);
		} catch (cause) {
			throw journalFault("read", this.#folder, cause);
		}
	}

	#first(question: string, ...values: readonly (string | number)[]): Row | undefined {
		return this.#all(question, ...values)[0];
	}

	begin(plan: Plan): void {
		this.#write("INSERT INTO run (id, operation, machine, started, plan) VALUES (?, ?, ?, ?, ?)", [
			plan.run,
			plan.operation,
			plan.manifest.machine,
			new Date().toISOString(),
			JSON.stringify({ ...plan, program: PROGRAM }),
		]);
	}

	#write(statement: string, values: readonly (string | number | null)[]): void {
		try {
			if (this.#soon.length === 0) this.#db.prepare(statement).run(...values);
			else this.#writeAll([...this.#soon, [statement, values]]);
			this.#soon.length = 0;
		} catch (cause) {
			if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
			throw journalFault("write", this.#folder, cause);
		}
	}

	#writeAll(all: readonly Statement[]): void {
		this.#db.exec("BEGIN");
		for (const [statement, values] of all) this.#db.prepare(statement).run(...values);
		this.#db.exec("COMMIT");
	}

	add(run: string, step: string, phase: Phase, data?: unknown): void {
		this.#flush();
		this.#write(...entryOf(run, step, phase, data));
	}

	/**
	 * The same, on disk with the next entry at the latest: one sync for both. For the end of a step, which nothing has been
	 * built on before the next one begins; never for what decides which way a recovery goes.
	 */
	addSoon(run: string, step: string, phase: Phase, data?: unknown): void {
		this.#soon.push(entryOf(run, step, phase, data));
	}

	/** A line of a step's output, as it is kept; undefined once a flood is cut. On disk with the next entry at the latest. */
	log(run: string, step: string, line: string): string | undefined {
		const count = (this.#logged.get(step) ?? 0) + 1;
		this.#logged.set(step, count);
		if (count > LOG_LINES) return undefined;
		const text = count === LOG_LINES ? "… (the rest of its output is not kept)" : line.slice(0, LOG_WIDTH);
		this.#waiting.push([run, step, new Date().toISOString(), text]);
		if (this.#waiting.length >= LOG_BATCH) this.#flush();
		return text;
	}

	/** Write the waiting log lines, in one transaction. Losing them to a full disk costs no run its outcome. */
	#flush(): void {
		if (this.#waiting.length === 0) return;
		const lines = this.#waiting.splice(0);
		try {
			const insert = this.#db.prepare("INSERT INTO log (run, step, time, line) VALUES (?, ?, ?, ?)");
			this.#db.exec("BEGIN");
			for (const line of lines) insert.run(...line);
			this.#db.exec("COMMIT");
		} catch {
			if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
		}
	}

	end(run: string, outcome: Outcome | "recovered" | "abandoned", summary: unknown): void {
		this.#flush();
		this.#write("UPDATE run SET ended = ?, outcome = ?, summary = ? WHERE id = ?", [
			new Date().toISOString(),
			outcome,
			JSON.stringify(summary ?? null),
			run,
		]);
	}

	/** Runs that a person gave up: what they left is still where it was. */
	abandoned(): KnownRun[] {
		return this.#all("SELECT id, plan FROM run WHERE outcome = 'abandoned'").map((row) =>
			readPlan(String(row.id), row.plan),
		);
	}

	/** Runs that never ended, or whose undo failed: what `recover` works on. Newest first. */
	open(): KnownRun[] {
		return this.#all(
			"SELECT id, plan FROM run WHERE ended IS NULL OR outcome = 'needs-recover' ORDER BY rowid DESC",
		).map((row) => readPlan(String(row.id), row.plan));
	}

	entries(run: string): Entry[] {
		return this.#all("SELECT step, phase, time, data FROM entry WHERE run = ? ORDER BY seq", run).map(
			(row) => ({
				step: String(row.step),
				phase: row.phase as Phase,
				time: String(row.time),
				data: row.data === null ? undefined : this.#noted(run, row),
			}),
		);
	}

	/** What an undo needs: one that is damaged is not taken for none. */
	#noted(run: string, { step, data }: Row): unknown {
		const noted = dataOf(data);
		if (noted !== undefined) return noted;
		throw new HoldfastError("recover", `what the journal in ${this.#folder} has of ${step} is damaged`, {
			hint: `look at what the run has left, then: holdfast recover --abandon ${run}`,
		});
	}

	/** Seconds that a step took; undefined when it did not end well, or ran elsewhere. */
	took(run: string, step: string): number | undefined {
		const times = new Map(
			this.#all(
				"SELECT phase, time FROM entry WHERE run = ? AND step = ? AND phase IN ('begin', 'done')",
				run,
				step,
			).map(({ phase, time }) => [String(phase), Date.parse(String(time))]),
		);
		const [began, done] = [times.get("begin"), times.get("done")];
		return began === undefined || done === undefined ? undefined : (done - began) / 1000;
	}

	lines(run: string): { step: string; line: string }[] {
		return this.#all("SELECT step, line FROM log WHERE run = ? ORDER BY seq", run).map((row) => ({
			step: String(row.step),
			line: String(row.line),
		}));
	}

	runs(limit: number): RunRow[] {
		return this.#all(
			"SELECT id, operation, machine, started, ended, outcome, summary FROM run ORDER BY rowid DESC LIMIT ?",
			limit,
		).map(rowOf);
	}

	/** How the last check and the last prune of each destination went: those that failed. */
	failedUpkeep(machine: string): FailedUpkeep[] {
		return failedIn(
			this.#all(
				"SELECT id, operation, started, CASE WHEN json_valid(plan) THEN json_extract(plan, '$.goals') END AS goals, summary FROM run WHERE machine = ? AND operation IN ('check', 'prune') AND ended IS NOT NULL ORDER BY rowid DESC LIMIT 200",
				machine,
			),
		);
	}

	/** A run, whether or not this version understands it. */
	plan(run: string): KnownRun | undefined {
		const row = this.#first("SELECT plan FROM run WHERE id = ?", run);
		return row && readPlan(run, row.plan);
	}

	/** The run that brought back what this one had replaced, and when it had. */
	undoneBy(run: string): { readonly run: string; readonly ended: string } | undefined {
		const row = this.#first(
			"SELECT id, ended FROM run WHERE operation = 'undo' AND outcome = 'done' AND json_valid(plan) AND EXISTS (SELECT 1 FROM json_each(plan, '$.steps') WHERE json_extract(value, '$.forgets.run') = ?) ORDER BY rowid DESC LIMIT 1",
			run,
		);
		return row && { run: String(row.id), ended: String(row.ended) };
	}

	/** As far as it can be told of a run of any version. */
	outline(run: string): Outline | undefined {
		const row = this.#first("SELECT plan FROM run WHERE id = ?", run);
		return row && outlineOf(run, dataOf(row.plan));
	}

	/** Remember what an archive holds that was made here. Its destination counts as written from now on. */
	made({ id, name, provider, destination, location, metadata, bytes, digests }: MadeArchive): void {
		this.#write("INSERT OR IGNORE INTO destination (location, first_seen) VALUES (?, ?)", [
			location,
			new Date().toISOString(),
		]);
		this.#write(
			"INSERT OR REPLACE INTO archive (id, name, provider, destination, metadata, bytes, digests) VALUES (?, ?, ?, ?, ?, ?, ?)",
			[id, name, provider, destination, JSON.stringify(metadata), bytes ?? null, JSON.stringify(digests)],
		);
	}

	/** An archive that was made here, by its id; it may be gone from its destination by now. */
	archive(id: string): KnownArchive | undefined {
		const row = this.#first("SELECT * FROM archive WHERE id = ?", id);
		return archiveOf(row)[0];
	}

	/** Archives of this name that were made here: one in each destination that it was written to, wherever that is now. */
	namesakes(name: string): KnownArchive[] {
		return this.#all("SELECT * FROM archive WHERE name = ?", name).flatMap(archiveOf);
	}

	/** Bytes of the archives that were made here, by their id. */
	archiveSizes(): Map<string, number> {
		const rows = this.#all("SELECT id, bytes FROM archive WHERE bytes IS NOT NULL");
		return new Map(rows.map(({ id, bytes }) => [String(id), Number(bytes)]));
	}

	/**
	 * What is remembered of the archives of a machine in a destination, of those with these names. The destination may
	 * have had another name then.
	 */
	records(machine: string, destination: string, location: string, names: readonly string[]): Records {
		const since = this.#first("SELECT first_seen FROM destination WHERE location = ?", location);
		if (since === undefined) return NO_RECORDS;
		const of = `${RECORDED} WHERE json_valid(metadata) AND json_extract(metadata, '$.machine') = ?`;
		let rows: Row[];
		try {
			const byId = this.#db.prepare(`${of} AND id = ?`);
			rows = names
				.map((name) => byId.get(machine, `${destination}::${location}::${name}`))
				.filter((row) => row !== undefined);
		} catch (cause) {
			throw journalFault("read", this.#folder, cause);
		}
		if (rows.length === 0)
			rows = this.#all(`${of} AND substr(id, instr(id, '::') + 2) = ? || '::' || name`, machine, location);
		return { since: String(since.first_seen), archives: new Map(rows.map(recordedOf)) };
	}

	/** Archives whose time is yet to come, and that are gone from their destination, where these names are left. */
	forgetGone(machine: string, destination: string, location: string, names: readonly string[]): void {
		this.#write(
			`DELETE FROM archive WHERE id = ? || '::' || ? || '::' || name AND json_valid(metadata)
			AND json_extract(metadata, '$.machine') = ? AND json_extract(metadata, '$.created') > ?
			AND name NOT IN (SELECT value FROM json_each(?))`,
			[destination, location, machine, new Date().toISOString(), JSON.stringify(names)],
		);
	}

	/** Archives of a machine that were made here, newest first; those of the last months at least. */
	archives(machine: string): KnownArchive[] {
		return this.#all(
			"SELECT * FROM archive WHERE json_valid(metadata) AND json_extract(metadata, '$.machine') = ? ORDER BY rowid DESC LIMIT 1000",
			machine,
		).flatMap(archiveOf);
	}

	/** The newest archive that was made here of a machine and holds a state whole, without a reason to doubt it. */
	lastGood(machine: string, state: string): LastGood | undefined {
		const row = this.#first(
			`SELECT id, json_extract(metadata, '$.run') AS run, json_extract(metadata, '$.created') AS created,
				json_extract(metadata, ?1) AS record FROM archive
				WHERE json_valid(metadata) AND json_extract(metadata, '$.machine') = ?2
				AND json_extract(metadata, ?1 || '.outcome') = 'good'
				AND json_extract(metadata, ?1 || '.suspicious') IS NULL ORDER BY rowid DESC LIMIT 1`,
			`$.states."${state}"`,
			machine,
		);
		if (row === undefined) return undefined;
		const plan = this.plan(String(row.run));
		const declared = plan && !isForeign(plan) ? plan.manifest.state[state] : undefined;
		return {
			archive: String(row.id),
			created: String(row.created),
			record: JSON.parse(String(row.record)),
			...(declared === undefined ? {} : { declared }),
		};
	}

	/** The newest run of an operation that was not cut short by a person. */
	lastRun(machine: string, operation: string): RunRow | undefined {
		const row = this.#first(
			"SELECT id, operation, machine, started, ended, outcome, summary FROM run WHERE machine = ? AND operation = ? AND outcome IS NOT 'interrupted' ORDER BY rowid DESC LIMIT 1",
			machine,
			operation,
		);
		return row && rowOf(row);
	}

	/** Remember old copies that a run has left; once more for the same is no fault. */
	keep({ run, state, until, ...copy }: KeptCopy): void {
		this.#write("INSERT OR REPLACE INTO kept (run, state, until, copy) VALUES (?, ?, ?, ?)", [
			run,
			state,
			until,
			JSON.stringify(copy),
		]);
	}

	forget(run: string, state: string): void {
		this.#write("DELETE FROM kept WHERE run = ? AND state = ?", [run, state]);
	}

	kept(): (KeptCopy | UnknownCopy)[] {
		return this.#all("SELECT run, state, until, copy FROM kept ORDER BY rowid").map(keptOf);
	}

	/** Remember a step of which something could not be done: it is tried again before the next run. */
	leave(run: string, step: LeftStep): void {
		this.#write("INSERT OR REPLACE INTO leftover (run, step, work) VALUES (?, ?, ?)", [
			run,
			step.id,
			JSON.stringify(step),
		]);
	}

	/** `work`: undefined when it is not understood. */
	leftovers(): { readonly run: string; readonly step: string; readonly work: LeftStep | undefined }[] {
		return this.#all("SELECT run, step, work FROM leftover ORDER BY rowid").map(({ run, step, work }) => {
			const known = readStep(work);
			return {
				run: String(run),
				step: String(step),
				work: known !== undefined && mayBeLeft(known) ? known : undefined,
			};
		});
	}

	tidied(run: string, step: string): void {
		this.#write("DELETE FROM leftover WHERE run = ? AND step = ?", [run, step]);
	}

	knows(location: string): boolean {
		return this.#first("SELECT 1 FROM destination WHERE location = ?", location) !== undefined;
	}

	/** Reads all of it; throws where it is damaged. */
	verify(): void {
		const [first] = this.#all("PRAGMA integrity_check(1)");
		const said = String(first?.integrity_check);
		if (said !== "ok") throw damaged(this.#folder, said);
		for (const { run } of this.open()) this.entries(run);
	}

	close(): void {
		this.#flush();
		try {
			if (this.#soon.length > 0) this.#writeAll(this.#soon.splice(0));
		} catch {
			// The step counts as begun: a recovery looks at it once more.
		}
		this.#db.close();
	}
}
