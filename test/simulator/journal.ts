// The journal of a machine in memory, as far as the executor uses it.
import type { Entry, Phase } from "../../src/run/journal-rows.ts";
import type { RunJournal } from "../../src/run/step-context.ts";
import { commit } from "../../src/steps/commit.ts";
import type { Plan, Step } from "../../src/steps/plan.ts";
import { below, type World } from "./world.ts";

interface Run {
	readonly plan: Plan;
	readonly entries: Entry[];
	outcome?: string;
}

export class MemoryJournal implements RunJournal {
	readonly runs = new Map<string, Run>();
	readonly left = new Map<string, Step>();
	readonly #world: World;
	/** On disk at the latest with the next entry. */
	#soon: { readonly run: string; readonly entry: Entry }[] = [];

	constructor(world: World) {
		this.#world = world;
	}

	begin(plan: Plan): void {
		this.#write(`begin ${plan.run}`, () => this.runs.set(plan.run, { plan, entries: [] }));
	}

	add(run: string, step: string, phase: Phase, data?: unknown): void {
		const why = phase.endsWith("failed") ? ` ${(data as { message?: string }).message}` : "";
		this.#write(`journal ${run} ${step} ${phase}${why}`, () =>
			this.#entriesOf(run).push(entryOf(step, phase, data)),
		);
	}

	addSoon(run: string, step: string, phase: Phase, data?: unknown): void {
		this.#soon.push({ run, entry: entryOf(step, phase, data) });
	}

	end(run: string, outcome: string): void {
		this.#write(`end ${run} ${outcome}`, () => {
			const known = this.runs.get(run);
			if (known) known.outcome = outcome;
		});
	}

	leave(run: string, step: Step): void {
		this.#write(`leave ${run} ${step.id}`, () => this.left.set(`${run} ${step.id}`, step));
	}

	entries(run: string): Entry[] {
		return [...this.#entriesOf(run)];
	}

	noteOf(run: string, step: string): unknown {
		return this.#entriesOf(run).findLast((one) => one.step === step && one.phase === "note")?.data;
	}

	began(run: string, step: string): boolean {
		return this.#entriesOf(run).some((one) => one.step === step && one.phase === "begin");
	}

	/** Runs that have not ended, the newest first. */
	open(): Plan[] {
		return [...this.runs.values()]
			.filter(({ outcome }) => outcome === undefined || outcome === "needs-recover")
			.map(({ plan }) => plan)
			.reverse();
	}

	/** Some of the delayed writes are done. */
	comeUp(): void {
		const kept = below(this.#world.random, this.#soon.length + 1);
		for (const { run, entry } of this.#soon.slice(0, kept)) this.#entriesOf(run).push(entry);
		this.#soon = [];
	}

	isCommitted(run: string, scope: string): boolean {
		const known = this.runs.get(run);
		const commits = commit.among(known?.plan.steps ?? []).filter((step) => step.scope === scope);
		return commits.some(({ id }) => known?.entries.some((one) => one.step === id && one.phase === "done"));
	}

	/** All its steps are done, and none of them has been undone since. */
	isComplete(run: string, scope: string): boolean {
		const known = this.runs.get(run);
		if (known === undefined) return false;
		const steps = known.plan.steps.filter((step) => step.scope === scope);
		return steps.every(({ id }) => {
			const phases = known.entries.filter((one) => one.step === id).map(({ phase }) => phase);
			return phases.includes("done") && !phases.includes("undo-done");
		});
	}

	log = () => undefined;
	knows = () => false;
	mountOf = () => ({});
	records = () => ({ archives: new Map() });
	forgetGone = () => {};
	lost = () => [];
	removed = () => {};
	lastGood = () => undefined;
	made = () => {};
	archive = () => undefined;
	keep = () => {};
	forget = () => {};

	#write(what: string, change: () => void): void {
		this.#world.operate(what);
		this.#world.needRoom();
		for (const { run, entry } of this.#soon) this.#entriesOf(run).push(entry);
		this.#soon = [];
		change();
		this.#world.onChange([]);
	}

	#entriesOf(run: string): Entry[] {
		return this.runs.get(run)?.entries ?? [];
	}
}

const entryOf = (step: string, phase: Phase, data: unknown): Entry => ({
	...{ step, phase, time: "" },
	data: data === undefined ? undefined : structuredClone(data),
});
