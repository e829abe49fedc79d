// The history of one machine, determined by its seed: some runs, and everything that can go wrong in them. The
// invariants are checked at the end, and at every operation on the way.
import assert from "node:assert/strict";
import type { Listener } from "../../src/run/event.ts";
import { execute, type Held, recoverRun } from "../../src/run/executor.ts";
import { commit } from "../../src/steps/commit.ts";
import type { Plan } from "../../src/steps/plan.ts";
import { HoldfastError } from "../../src/values/error.ts";
import { MemoryJournal } from "./journal.ts";
import { ENTRIES, PARTS, randomPlan, STATES, scopeOf } from "./plans.ts";
import { archive, area, database, doubt, type FakeStep, hooked, installed, kindsIn, live } from "./works.ts";
import { below, type Random, randomOf, World } from "./world.ts";

const FIRST = "first";
const RUNS = 3;
/** Recoveries that may be interrupted themselves; the next one is not. */
const MAX_TRIES = 12;

export interface Life {
	readonly operations: number;
	readonly deaths: number;
}

export async function liveOnce(seed: number): Promise<Life> {
	const random = randomOf(seed);
	const world = new World(random);
	const machine = new Machine(random, world);
	try {
		for (let run = 1; run <= RUNS; run++) await machine.run(randomPlan(random, `run-${run}`));
	} catch (error) {
		const trace = world.trace.slice(-400).join("\n");
		throw new Error(`seed ${seed}: ${(error as Error).message}\n${trace}`, { cause: error });
	}
	return { operations: world.operations, deaths: machine.deaths };
}

class Machine {
	deaths = 0;
	readonly #random: Random;
	readonly #world: World;
	readonly #journal: MemoryJournal;
	/** By state: the content of its live path, according to the runs that have committed. */
	readonly #versions = new Map(STATES.map((state) => [state, Array<string>(ENTRIES).fill(FIRST)]));
	readonly #up = new Set(STATES);
	readonly #told = new Set<string>();
	/** By part of a deploy: the run that installed it. */
	readonly #installed = new Map<string, string>();
	#wrong: string | undefined;

	constructor(random: Random, world: World) {
		this.#random = random;
		this.#world = world;
		this.#journal = new MemoryJournal(world);
		for (const state of STATES)
			for (let entry = 0; entry < ENTRIES; entry++) world.disk.set(live(state, entry), FIRST);
		for (const state of STATES) {
			if (random() < 0.3) this.#up.delete(state);
			else world.running.add(state);
		}
	}

	async run(plan: Plan): Promise<void> {
		this.#prepare(plan);
		const world = this.#world;
		world.order = undefined;
		world.onChange = (paths) => this.#watch(plan, paths);
		world.onStart = (state) => this.#isWhole(plan, state);
		this.#told.clear();
		const listener = this.#listen(plan);
		world.mishap = false;
		const held = this.#held(plan);
		await this.#attempt(async () => {
			const { outcome } = await execute(plan, this.#journal, world.stopper.signal, listener, held, async () =>
				kindsIn(world, this.#journal),
			);
			if (outcome === "needs-recover" && !world.mishap && !world.isDead)
				this.#wrong ??= "it needs recover, and nothing failed";
		});
		for (let tries = 0; !this.#isOver(); tries++) {
			assert.ok(tries < MAX_TRIES + 2, "it does not come to its end");
			if (tries >= MAX_TRIES) this.#calm();
			await this.#attempt(() => this.#recover(), tries < MAX_TRIES);
		}
		this.#calm();
		this.#look(plan);
		for (const { id, scope, whenBegan } of plan.steps)
			if (held.has(scope) && whenBegan === undefined)
				assert.ok(!this.#journal.began(plan.run, id), `${id}: of a scope that is left out`);
	}

	/** A scope that the run leaves out. */
	#held({ steps }: Plan): Held {
		const step = this.#random() < 0.1 ? steps[below(this.#random, steps.length)] : undefined;
		if (step === undefined) return new Map();
		this.#world.mishap = true;
		return new Map([[step.scope, new HoldfastError("failed", "an earlier run holds it")]]);
	}

	/** The faults that will occur in it. */
	#prepare(plan: Plan): void {
		const world = this.#world;
		const random = this.#random;
		world.trace.push(`-- ${plan.operation} ${plan.run}`);
		world.failing.clear();
		for (const { id, kind } of plan.steps) {
			if (id.startsWith("post:") || kind === commit.kind) continue;
			if (random() < 0.04) world.failing.set(id, 1 + below(random, 2));
			if (random() < 0.03) world.failing.set(`undo ${id}`, 1 + below(random, 2));
			if (random() < 0.1) world.failing.set(`away ${id}`, 1);
			for (const { scope, id: stop } of plan.steps)
				if (stop.startsWith("stop:") && random() < 0.02) world.failing.set(`unusable ${scope} ${id}`, 1);
			if (random() < 0.02) world.failing.set(`look ${id}`, 1 + below(random, 2));
		}
		if (random() < 0.15) world.stopping = world.operations + below(random, 60);
		this.#mayBreak();
	}

	#mayBreak(): void {
		const world = this.#world;
		if (this.#random() < 0.5) world.deadline = world.operations + 1 + below(this.#random, 60);
		if (this.#random() < 0.1) world.full = below(this.#random, 40);
	}

	#calm(): void {
		this.#world.failing.clear();
		this.#world.full = 0;
		this.#world.deadline = Number.POSITIVE_INFINITY;
	}

	async #attempt(work: () => Promise<unknown>, mayBreak = true): Promise<void> {
		const world = this.#world;
		world.blocked.clear();
		world.wentBack.clear();
		await work().catch((error: unknown) => {
			if (!world.isDead) world.trace.push(`-- ${(error as Error).message}`);
		});
		if (!world.isDead) return this.#isBack();
		this.deaths++;
		world.comeUp(this.#random() < 0.5);
		this.#journal.comeUp();
		if (mayBreak) this.#mayBreak();
	}

	/** What could not be undone at one path is no reason to leave another as it is. */
	#isBack(): void {
		const { wentBack, blocked, disk } = this.#world;
		for (const [state, versions] of this.#versions)
			for (const [entry, version] of wentBack.has(scopeOf(state)) ? versions.entries() : [])
				if (!blocked.has(live(state, entry)) && disk.get(live(state, entry)) !== version)
					this.#wrong ??= `${live(state, entry)} is not put back because of another path`;
	}

	/**
	 * Once a run is in the journal, every failure is reported through a step, an undo or the next recovery: the run
	 * never gives up.
	 */
	async #unfailing<T>(work: Promise<T>): Promise<T> {
		return work.catch((error: unknown) => {
			if (this.#journal.open().length > 0) this.#world.blame(`it gives up: ${(error as Error).message}`);
			throw error;
		});
	}

	async #recover(): Promise<void> {
		const world = this.#world;
		const load = async () => kindsIn(world, this.#journal);
		for (const plan of this.#journal.open()) {
			world.order = [...new Set(plan.steps.map(({ scope }) => scope))];
			await this.#unfailing(recoverRun(plan, this.#journal, () => {}, load));
		}
		for (const [key, step] of this.#journal.left) {
			const { run } = step as FakeStep;
			const work = kindsIn(world, this.#journal).get(step.kind)?.work;
			if (work?.later) await work.later(step, {} as never);
			else await work?.run(step, { noted: () => this.#journal.noteOf(run, step.id) } as never);
			world.operate(`tidied ${key}`);
			this.#journal.left.delete(key);
		}
	}

	#isOver(): boolean {
		return this.#journal.open().length === 0 && this.#journal.left.size === 0;
	}

	/** Commits that were reported to somebody. */
	#listen({ steps }: Plan): Listener {
		const commits = new Map<string, string>(commit.among(steps).map(({ id, scope }) => [id, scope]));
		return (event) => {
			const scope = event.type === "step-done" ? commits.get(event.step) : undefined;
			if (scope !== undefined && !this.#world.isDead) this.#told.add(scope);
		};
	}

	/**
	 * At every operation. An exception here would be taken for a fault of a step, so violations are reported at the
	 * end.
	 */
	#watch(plan: Plan, paths: readonly string[]): void {
		const { disk, running } = this.#world;
		for (const state of STATES)
			if (running.has(state) && paths.some((path) => path.startsWith(live(state, 0).slice(0, -1))))
				this.#wrong ??= `${state} runs while its files are moved`;
		for (const [state, versions] of this.#versions) {
			if (this.#journal.isCommitted(plan.run, scopeOf(state))) continue;
			for (const [entry, version] of versions.entries()) {
				const places = [live(state, entry), `${area({ run: plan.run, state })}/old/${entry}`];
				if (!places.some((path) => disk.get(path) === version))
					this.#wrong ??= `${live(state, entry)} is lost`;
			}
		}
	}

	/** When the unit is started: all of its data are there, either old or new. */
	#isWhole(plan: Plan, state: string): void {
		const versions = this.#versions.get(state) ?? [];
		const { entries = 0 } = this.#stepOf(plan, state) ?? {};
		const isAll = (expected: (version: string, entry: number) => string) =>
			versions.every(
				(version, entry) => this.#world.disk.get(live(state, entry)) === expected(version, entry),
			);
		if (isAll((version) => version) || isAll((version, entry) => (entry < entries ? plan.run : version)))
			return;
		this.#wrong ??= `${state} is started half-way`;
	}

	#stepOf(plan: Plan, state: string): FakeStep | undefined {
		return plan.steps.find((one) => one.scope === scopeOf(state)) as FakeStep | undefined;
	}

	#look(plan: Plan): void {
		const world = this.#world;
		const { disk, running } = world;
		assert.equal(this.#wrong ?? world.wrong, undefined, "on the way");
		for (const scope of this.#told)
			assert.ok(this.#journal.isCommitted(plan.run, scope), `${scope}: told as committed`);
		for (const state of STATES) {
			const committed = this.#journal.isCommitted(plan.run, scopeOf(state));
			const versions = this.#versions.get(state) ?? [];
			if (committed) versions.fill(plan.run, 0, this.#stepOf(plan, state)?.entries ?? 0);
			for (const [entry, version] of versions.entries())
				assert.equal(disk.get(live(state, entry)), version, `${live(state, entry)} at the end`);
			for (const path of [area({ run: plan.run, state }), database({ run: plan.run, state })])
				assert.ok(!disk.has(path), `${path} is left`);
			assert.equal(disk.get(hooked(state)), undefined, `the hook after ${state} did not run`);
			assert.equal(running.has(state), this.#up.has(state), `${state} runs, or does not, as before`);
		}
		for (const part of plan.operation === "deploy" ? PARTS : []) {
			const steps = plan.steps.filter(({ scope }) => scope === part);
			if (this.#journal.isComplete(plan.run, part)) this.#installed.set(part, plan.run);
			for (const step of steps)
				assert.equal(disk.get(installed(step)), this.#installed.get(part), `${part}: ${step.id}`);
		}
		for (const name of ["near", "far"]) {
			const its = { run: plan.run, state: name };
			assert.notEqual(disk.get(archive(its)), "half", `the archive in ${name}`);
			const isUnseen = disk.has(archive(its)) && !this.#journal.isComplete(plan.run, `destination:${name}`);
			assert.ok(disk.has(doubt(its)) || !isUnseen, `nobody doubts the archive in ${name}`);
		}
	}
}
