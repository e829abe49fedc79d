// What npm test runs: the files that are named, or else every `*.test.ts`; those that take longest begin first, for a long
// one that begins last keeps one core busy while the other has nothing left to do.
import { existsSync, globSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";

/** In this order; how long files took is said after each run. */
const FIRST = ["crash/crash", "fleet/deploy", "story/story", "engines/borgbackup", "fleet/reach"].map(
	(name) => join(import.meta.dirname, `${name}.test.ts`),
);
/** On two cores: every file waits for some program now and then. */
const AT_ONCE = 4;
const TIMEOUT_MS = 600_000;
const SLOWEST = 15;

const missing = FIRST.filter((file) => !existsSync(file));
if (missing.length > 0) throw new Error(`test/all.ts names files that are not there: ${missing.join(", ")}`);
const named = process.argv.slice(2).map((file) => resolve(file));
const every = globSync("**/*.test.ts", { cwd: import.meta.dirname })
	.map((file) => join(import.meta.dirname, file))
	.sort();
const files = named.length > 0 ? named : [...new Set([...FIRST, ...every])];

const seconds = new Map<string, number>();
const tests = run({ files, concurrency: AT_ONCE, timeout: TIMEOUT_MS });
tests.on("test:fail", () => {
	process.exitCode = 1;
});
tests.on("test:summary", ({ file, duration_ms }) => {
	if (file !== undefined) seconds.set(relative(import.meta.dirname, file), duration_ms / 1000);
});
tests.on("end", () => {
	const slowest = [...seconds].sort(([, one], [, other]) => other - one).slice(0, SLOWEST);
	process.on("exit", () => {
		if (slowest.length > 1)
			process.stdout.write(
				`slowest: ${slowest.map(([file, took]) => `${file} ${took.toFixed(0)} s`).join(", ")}\n`,
			);
	});
});
tests.compose(new spec()).pipe(process.stdout);
