// A machine in memory: a disk whose last writes may be lost, units that run or do not, a journal. It can crash at any
// of its operations, and everything that runs on it crashes too: every later operation throws until it is up again.

/** It crashed here; nothing that had begun continues. */
export class Dead extends Error {
	override readonly message = "dead";
}

export type Random = () => number;

/** The same numbers for the same seed (mulberry32). */
export function randomOf(seed: number): Random {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}

export const below = (random: Random, end: number) => Math.floor(random() * end);

/** Cells of the disk before a write, which happens completely or not at all. */
type Write = ReadonlyMap<string, string | undefined>;

export class World {
	readonly random: Random;
	/** What is on disk, by path, as a reader would find it now. */
	readonly disk = new Map<string, string>();
	readonly running = new Set<string>();
	/** What happened, to help find the fault. */
	readonly trace: string[] = [];
	/** How often a step, or its undo, will still fail. */
	readonly failing = new Map<string, number>();
	/**
	 * Called after every operation that has changed the disk or the journal, with the paths; also when a unit is
	 * started.
	 */
	onChange: (paths: readonly string[]) => void = () => {};
	onStart: (unit: string) => void = () => {};
	/** How many operations are left until it crashes, until the run is interrupted, and while its disk is full. */
	deadline = Number.POSITIVE_INFINITY;
	stopping = Number.POSITIVE_INFINITY;
	full = 0;
	stopper = new AbortController();
	operations = 0;
	/** Something was made to fail since this was last reset. */
	mishap = false;
	/** The scopes of steps in progress. */
	readonly busy = new Set<string>();
	/** Paths at which an undo has failed since this was last cleared, and scopes in which something was undone. */
	readonly blocked = new Set<string>();
	readonly wentBack = new Set<string>();
	/** While a run is recovered: its scopes that may still be undone, in the plan's order. */
	order: string[] | undefined;
	/** What a step has found and must never find. */
	wrong: string | undefined;
	#dead = false;
	/** Oldest first: writes that a power failure may revert, starting with the last one. */
	#unsynced: Write[] = [];

	constructor(random: Random) {
		this.random = random;
	}

	get isDead(): boolean {
		return this.#dead;
	}

	/** Each operation begins with this. */
	operate(what: string): void {
		if (this.#dead) throw new Dead();
		this.operations++;
		this.trace.push(what);
		if (this.full > 0) this.full--;
		if (this.operations === this.stopping) {
			this.trace.push("-- somebody wants it to stop");
			this.stopper.abort();
		}
		if (this.operations < this.deadline) return;
		this.#dead = true;
		this.trace.push("-- dies");
		throw new Dead();
	}

	/** A fault of the executor: reported at the end. */
	blame(what: string): void {
		if (!this.#dead) this.wrong ??= what;
	}

	/** Something of this step's scope is undone. What came later may build on it, and is undone before. */
	goBack({ id, scope }: { readonly id: string; readonly scope: string }): void {
		this.wentBack.add(scope);
		const at = this.order?.indexOf(scope);
		if (at === undefined) return;
		if (at < 0) this.blame(`${id} is undone after what came before it`);
		else this.order?.splice(at + 1);
	}

	/** Fails for lack of space if the disk is full. */
	needRoom(): void {
		if (this.full === 0) return;
		this.mishap = true;
		throw new Error("no space left on device");
	}

	put(path: string, value: string): void {
		this.operate(`put ${path} ${value}`);
		this.needRoom();
		this.#write([[path, value]]);
	}

	remove(path: string): void {
		this.operate(`remove ${path}`);
		this.#write([[path, undefined]]);
	}

	rename(from: string, to: string): void {
		this.operate(`rename ${from} ${to}`);
		const value = this.disk.get(from);
		if (value === undefined) throw new Error(`${from} is not there`);
		if (this.disk.has(to)) throw new Error(`${to} is there already`);
		this.#write([
			[from, undefined],
			[to, value],
		]);
	}

	sync(): void {
		this.operate("sync");
		this.#unsynced = [];
	}

	start(unit: string): void {
		this.operate(`start ${unit}`);
		this.onStart(unit);
		this.running.add(unit);
	}

	stop(unit: string): void {
		this.operate(`stop ${unit}`);
		this.running.delete(unit);
	}

	/** Whether a step of this name should fail once more. */
	failNow(name: string): void {
		const left = this.failing.get(name) ?? 0;
		if (left === 0) return;
		this.failing.set(name, left - 1);
		this.mishap = true;
		throw new Error(`${name} fails`);
	}

	/** It is up again. After a power failure, some of what was not synced is gone, starting with the last write. */
	comeUp(power: boolean): void {
		const lost = power ? below(this.random, this.#unsynced.length + 1) : 0;
		for (let left = lost; left > 0; left--)
			for (const [path, value] of this.#unsynced.pop() ?? []) this.#set(path, value);
		this.trace.push(`-- comes up${power ? `, without its last ${lost} writes` : ""}`);
		this.#unsynced = [];
		this.#dead = false;
		this.deadline = Number.POSITIVE_INFINITY;
		this.stopping = Number.POSITIVE_INFINITY;
		this.stopper = new AbortController();
	}

	#write(cells: readonly (readonly [string, string | undefined])[]): void {
		this.#unsynced.push(new Map(cells.map(([path]) => [path, this.disk.get(path)])));
		for (const [path, value] of cells) this.#set(path, value);
		this.onChange(cells.map(([path]) => path));
	}

	#set(path: string, value: string | undefined): void {
		if (value === undefined) this.disk.delete(path);
		else this.disk.set(path, value);
	}
}
