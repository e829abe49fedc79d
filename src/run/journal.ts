// The journal: what every run is about to do and has done, on disk and synced before the next action.
// One SQLite file per machine; each entry is its own transaction with full sync.

import { dueOf } from "../steps/list.ts";
import type { Plan, Step } from "../steps/plan.ts";
import type { KeptCopy } from "../steps/records.ts";
import { clip } from "../values/clip.ts";
import { HoldfastError } from "../values/error.ts";
import { VERSION as PROGRAM } from "../values/version.ts";
import type { Outcome } from "./event.ts";
import { JournalArchives } from "./journal-archives.ts";
import { damaged, openJournalFile, openJournalToRead } from "./journal-file.ts";
import {
	dataOf,
	type Entry,
	entryOf,
	type FailedUpkeep,
	failedIn,
	keptOf,
	type Phase,
	type Row,
	type RunRow,
	rowOf,
	type Statement,
	type UnknownCopy,
} from "./journal-rows.ts";
import { type KnownRun, type Outline, outlineOf, readPlan, readStep } from "./plan-shape.ts";

/** How many lines of one step's output are kept. */
const LOG_LINES = 2_000;
const LOG_WIDTH = 4_000;
const LOG_BATCH = 200;
const LOG = "INSERT INTO log (run, step, time, line) VALUES (?, ?, ?, ?)";

export class Journal extends JournalArchives {
	readonly #logged = new Map<string, number>();
	/** When a step of this process began. */
	readonly #began = new Map<string, number>();
	/** Lines that are waiting to be written together. */
	readonly #waiting: Statement[] = [];

	/** Opens or creates `journal.sqlite` in this folder (0700). */
	static open(folder: string): Journal {
		return new Journal(folder, openJournalFile(folder));
	}

	/** Opens the journal read-only; one that does not exist yet is empty. */
	static read(folder: string): Journal {
		return new Journal(folder, openJournalToRead(folder));
	}

	begin(plan: Plan): void {
		this.write("INSERT INTO run (id, operation, machine, started, plan) VALUES (?, ?, ?, ?, ?)", [
			plan.run,
			plan.operation,
			plan.manifest.machine,
			new Date().toISOString(),
			JSON.stringify({ ...plan, program: PROGRAM }),
		]);
	}

	add(run: string, step: string, phase: Phase, data?: unknown): void {
		this.#flush();
		this.write(...this.#entry(run, step, phase, data));
	}

	/**
	 * The same, but on disk only with the next entry: one sync for both. For the end of a step, which nothing relies on
	 * before the next step begins; never for an entry that decides whether a recovery finishes or undoes.
	 */
	addSoon(run: string, step: string, phase: Phase, data?: unknown): void {
		this.writeSoon(this.#entry(run, step, phase, data));
	}

	#entry(run: string, step: string, phase: Phase, data: unknown): Statement {
		const now = performance.now();
		const key = `${run} ${step}`;
		if (phase === "begin") this.#began.set(key, now);
		const began = phase === "done" ? this.#began.get(key) : undefined;
		return entryOf(run, step, phase, data, began === undefined ? undefined : (now - began) / 1000);
	}

	/** Keep a line of a step's output. Returns it as stored, or undefined once the limit is reached. On disk with the next entry at the latest. */
	log(run: string, step: string, line: string): string | undefined {
		const count = (this.#logged.get(step) ?? 0) + 1;
		this.#logged.set(step, count);
		if (count > LOG_LINES) return undefined;
		const text = count === LOG_LINES ? "… (the rest of its output is not kept)" : clip(line, LOG_WIDTH);
		this.#waiting.push([LOG, [run, step, new Date().toISOString(), text]]);
		if (this.#waiting.length >= LOG_BATCH) this.#flush();
		return text;
	}

	/** Write the waiting log lines in one transaction. If they are lost to a full disk, the run's outcome stays the same. */
	#flush(): void {
		if (this.#waiting.length > 0) this.writeIfRoom(this.#waiting.splice(0));
	}

	end(run: string, outcome: Outcome | "recovered" | "abandoned", summary: unknown): void {
		this.#flush();
		this.write("UPDATE run SET ended = ?, outcome = ?, summary = ? WHERE id = ?", [
			new Date().toISOString(),
			outcome,
			JSON.stringify(summary ?? null),
			run,
		]);
	}

	/** Runs that a person gave up: what they left is still where it was. */
	abandoned(): KnownRun[] {
		return this.all("SELECT id, plan FROM run WHERE outcome = 'abandoned'").map((row) =>
			readPlan(String(row.id), row.plan),
		);
	}

	/** Runs that never ended, or whose undo failed: the input of `recover`. Newest first. */
	open(): KnownRun[] {
		return this.all(
			"SELECT id, plan FROM run WHERE ended IS NULL OR outcome = 'needs-recover' ORDER BY rowid DESC",
		).map((row) => readPlan(String(row.id), row.plan));
	}

	/** Whether it has ended but could be neither finished nor rolled back: somebody must fix the cause first. */
	isStuck(run: string): boolean {
		return this.first("SELECT 1 FROM run WHERE id = ? AND outcome = 'needs-recover'", run) !== undefined;
	}

	entries(run: string): Entry[] {
		return this.all("SELECT step, phase, time, data FROM entry WHERE run = ? ORDER BY seq", run).map(
			(row) => ({
				step: String(row.step),
				phase: row.phase as Phase,
				time: String(row.time),
				data: row.data === null ? undefined : this.#noted(run, row),
			}),
		);
	}

	/** The facts that an undo needs. Damaged facts throw: they must not be mistaken for none. */
	#noted(run: string, { step, data }: Row): unknown {
		const noted = dataOf(data);
		if (noted !== undefined) return noted;
		throw new HoldfastError(
			"journal-damaged",
			`the entry for ${step} in the journal in ${this.folder} is damaged`,
			{
				subject: this.folder,
				hint: `check what the run left behind, then: holdfast recover --abandon ${run}`,
			},
		);
	}

	/** Seconds that a step took; undefined if it did not complete, or ran elsewhere. */
	took(run: string, step: string): number | undefined {
		const row = this.first(
			"SELECT seconds FROM entry WHERE run = ? AND step = ? AND phase = 'done' AND seconds IS NOT NULL",
			run,
			step,
		);
		return row && Number(row.seconds);
	}

	lines(run: string): { step: string; line: string }[] {
		return this.all("SELECT step, line FROM log WHERE run = ? ORDER BY seq", run).map((row) => ({
			step: String(row.step),
			line: String(row.line),
		}));
	}

	runs(limit: number): RunRow[] {
		return this.all(
			"SELECT id, operation, machine, started, ended, outcome, summary FROM run ORDER BY rowid DESC LIMIT ?",
			limit,
		).map(rowOf);
	}

	row(run: string): RunRow | undefined {
		const row = this.first(
			"SELECT id, operation, machine, started, ended, outcome, summary FROM run WHERE id = ?",
			run,
		);
		return row && rowOf(row);
	}

	/** The last check and the last prune of each destination, if they failed. */
	failedUpkeep(machine: string): FailedUpkeep[] {
		return failedIn(
			this.all(
				"SELECT id, operation, started, outcome, CASE WHEN json_valid(plan) THEN json_extract(plan, '$.goals') END AS goals, summary FROM run WHERE machine = ? AND operation IN ('check', 'prune') AND ended IS NOT NULL ORDER BY rowid DESC LIMIT 200",
				machine,
			),
		);
	}

	/** The plan of a run, whether or not this version can parse it. */
	plan(run: string): KnownRun | undefined {
		const row = this.first("SELECT plan FROM run WHERE id = ?", run);
		return row && readPlan(run, row.plan);
	}

	/** The run that undid this one, and when. */
	undoneBy(run: string): { readonly run: string; readonly ended: string } | undefined {
		const row = this.first(
			"SELECT id, ended FROM run WHERE operation = 'undo' AND outcome = 'done' AND json_valid(plan) AND EXISTS (SELECT 1 FROM json_each(plan, '$.steps') WHERE json_extract(value, '$.forgets.run') = ?) ORDER BY rowid DESC LIMIT 1",
			run,
		);
		return row && { run: String(row.id), ended: String(row.ended) };
	}

	/** The parts of a run's plan that can be read in any version. */
	outline(run: string): Outline | undefined {
		const row = this.first("SELECT plan FROM run WHERE id = ?", run);
		return row && outlineOf(run, dataOf(row.plan));
	}

	/** The newest run of an operation that was not interrupted by a person. */
	lastRun(machine: string, operation: string): RunRow | undefined {
		const row = this.first(
			"SELECT id, operation, machine, started, ended, outcome, summary FROM run WHERE machine = ? AND operation = ? AND outcome IS NOT 'interrupted' ORDER BY rowid DESC LIMIT 1",
			machine,
			operation,
		);
		return row && rowOf(row);
	}

	/** Record old copies that a run keeps. Repeating it is harmless. */
	keep({ run, state, until, ...copy }: KeptCopy): void {
		this.write("INSERT OR REPLACE INTO kept (run, state, until, copy) VALUES (?, ?, ?, ?)", [
			run,
			state,
			until,
			JSON.stringify(copy),
		]);
	}

	forget(run: string, state: string): void {
		this.write("DELETE FROM kept WHERE run = ? AND state = ?", [run, state]);
	}

	kept(): (KeptCopy | UnknownCopy)[] {
		return this.all("SELECT run, state, until, copy FROM kept ORDER BY rowid").map(keptOf);
	}

	/** Record a step with remaining work: it is retried before the next run. */
	leave(run: string, step: Step): void {
		this.write("INSERT OR REPLACE INTO leftover (run, step, work) VALUES (?, ?, ?)", [
			run,
			step.id,
			JSON.stringify(step),
		]);
	}

	/** `work`: undefined if it cannot be parsed. */
	leftovers(): { readonly run: string; readonly step: string; readonly work: Step | undefined }[] {
		return this.all("SELECT run, step, work FROM leftover ORDER BY rowid").map(({ run, step, work }) => {
			const known = readStep(work);
			return {
				run: String(run),
				step: String(step),
				work: known !== undefined && dueOf(known) !== undefined ? known : undefined,
			};
		});
	}

	tidied(run: string, step: string): void {
		this.write("DELETE FROM leftover WHERE run = ? AND step = ?", [run, step]);
	}

	/** Read the entire file; throws if it is damaged. */
	verify(): void {
		const [first] = this.all("PRAGMA integrity_check(1)");
		const said = String(first?.integrity_check);
		if (said !== "ok") throw damaged(this.folder, said);
		for (const { run } of this.open()) this.entries(run);
	}

	override close(): void {
		this.#flush();
		super.close();
	}
}
