// Time two commands in turn, A B A B …, so that a machine whose speed drifts does not favour one of them.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

export interface Command {
	readonly argv: readonly string[];
	readonly cwd?: string;
	readonly env?: NodeJS.ProcessEnv;
	/** Run before each run, not timed. */
	readonly prepare?: () => void;
}

interface Run {
	readonly seconds: number;
	/** Peak resident memory of the command's own process, in MiB. */
	readonly peakMiB: number;
}

export interface Comparison {
	readonly pairs: number;
	/** Medians, in seconds. */
	readonly ours: number;
	readonly theirs: number;
	/** Of each pair, ours divided by theirs. */
	readonly ratio: { readonly min: number; readonly median: number; readonly max: number };
	/** The highest of all our runs, in MiB; absent where others' processes do the work. */
	readonly peakMiB?: number;
}

export async function compare(
	ours: Command,
	theirs: Command,
	pairs: number,
	warmUps = 1,
): Promise<Comparison> {
	for (let warmUp = 0; warmUp < warmUps; warmUp++) {
		await run(ours);
		await run(theirs);
	}
	const a: Run[] = [];
	const b: Run[] = [];
	for (let pair = 0; pair < pairs; pair++) {
		a.push(await run(ours));
		b.push(await run(theirs));
	}
	const seconds = (runs: readonly Run[]) => runs.map((one) => one.seconds);
	return {
		...comparison(seconds(a), seconds(b)),
		peakMiB: Math.max(...a.map(({ peakMiB }) => peakMiB)),
	};
}

/** Of seconds that were measured in turn. */
export function comparison(ours: readonly number[], theirs: readonly number[]): Comparison {
	const ratios = ours.map((one, pair) => one / (theirs[pair] ?? Number.NaN));
	return {
		pairs: ours.length,
		ours: median(ours),
		theirs: median(theirs),
		ratio: { min: Math.min(...ratios), median: median(ratios), max: Math.max(...ratios) },
	};
}

/** Run a command that must succeed. */
export async function run({ argv, cwd, env, prepare }: Command): Promise<Run> {
	prepare?.();
	const [program = "", ...words] = argv;
	const began = performance.now();
	const child = spawn(program, words, { cwd, env, stdio: ["ignore", "ignore", "pipe"] });
	let stderr = "";
	child.stderr.on("data", (chunk) => {
		stderr += chunk;
	});
	let peakMiB = 0;
	const watch = setInterval(() => {
		peakMiB = Math.max(peakMiB, peakOf(child.pid));
	}, 20);
	return new Promise((resolve, reject) => {
		child.on("error", reject);
		child.on("close", (code) => {
			const seconds = (performance.now() - began) / 1000;
			clearInterval(watch);
			if (code === 0) resolve({ seconds, peakMiB });
			else reject(new Error(`${argv.join(" ")} ended with ${code}\n${stderr}`));
		});
	});
}

function peakOf(pid: number | undefined): number {
	try {
		const kib = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
		return Number(kib ?? 0) / 1024;
	} catch {
		return 0;
	}
}

export function median(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	const middle = Math.floor(sorted.length / 2);
	return sorted.length % 2 === 1
		? (sorted[middle] ?? Number.NaN)
		: ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}
