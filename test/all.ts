// What npm test runs: every `*.test.ts`, without the tests with "[long]" in their names, which the long tier runs
// with `--left-out`. For files named on the command line, all tests run. The slowest files start first: one that
// starts last would keep one core busy while the other is idle.
import { existsSync, globSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { isOrImports } from "./imports.ts";

/** In this order; each run prints how long the files took. */
const FIRST = [
	"databases/together",
	"fleet/deploy",
	"databases/postgresql-databases",
	"security/postgresql-archives",
	"story/story",
	"crash/crash",
	"engines/borgbackup",
	"simulator/simulator",
	"engines/restic",
	"snapshots/btrfs",
	"databases/left-out-mariadb",
	"databases/left-out-postgresql",
	"security/mariadb",
	"restore/kept-copies",
	"security/fleet",
	"restore/gone",
	"security/mariadb-objects",
	"databases/new-names",
	"security/clock",
	"security/descriptions",
	"fleet/reach",
	"databases/inventory",
	"security/postgresql-owner",
	"cli/audience",
	"restore/faults",
	"restore/engines",
	"security/races",
	"security/written",
	"units/around",
	"security/redis",
	"units/services",
	"fleet/units",
	"upkeep/sheet",
	"upkeep/expectations",
	"databases/mariadb",
	"databases/redis",
	"databases/postgresql",
	"cli/signals",
	"units/written-since",
].map((name) => join(import.meta.dirname, `${name}.test.ts`));
/** On two cores: most of a file's time is spent waiting for a unit, a timeout or a disk. */
const AT_ONCE = 6;
const TIMEOUT_MS = 600_000;
const SLOWEST = 15;

const missing = FIRST.filter((file) => !existsSync(file));
if (missing.length > 0) throw new Error(`test/all.ts names files that are not there: ${missing.join(", ")}`);
const every = globSync("**/*.test.ts", { cwd: import.meta.dirname })
	.map((file) => join(import.meta.dirname, file))
	.sort();
const inOrder = [...new Set([...FIRST, ...every])];

const LONG = /\[long\]/;
const hasLong = (file: string) =>
	isOrImports(file, (one) => one.startsWith(import.meta.dirname) && LONG.test(readFileSync(one, "utf8")));
const named = process.argv.slice(2).map((file) => resolve(file));
const chosen =
	process.argv[2] === "--left-out"
		? { files: inOrder.filter(hasLong), testNamePatterns: LONG }
		: named.length > 0
			? { files: named }
			: { files: inOrder, testSkipPatterns: LONG };

// It costs each start of borg a quarter of its time, and looks at nothing but borg itself.
process.env.BORG_SELFTEST = "disabled";

// test/run has built it: no start of the program compares it with all sources.
process.env.HOLDFAST_TESTED = "dist/holdfast.cjs";

const seconds = new Map<string, number>();
const execArgv = ["--import", import.meta.resolve("./keep-compiled.ts")];
const tests = run({ ...chosen, execArgv, concurrency: AT_ONCE, timeout: TIMEOUT_MS });
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
