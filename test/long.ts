// npm run test:long [-- --minutes N] [WORD…]: tests that take too long for `npm test`. These are its own tests
// (`*.long.ts`), those with "[long]" in their names, the same tests with many more rounds, and every point of the
// crash matrix. They run one after another: all of them, or those with a word in their name. With `--minutes`, a part
// that would not be finished in time is skipped, and listed as skipped. With `--record`, docs/reliability.md says when each
// part was run, and its outcome.
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { SCENARIOS } from "./crash/scenario.ts";
import { record } from "./long-record.ts";

interface Part {
	readonly name: string;
	/** Arguments for Node. */
	readonly words: readonly string[];
	readonly env?: Readonly<Record<string, string>> | undefined;
	/** Approximate duration on two cores. */
	readonly minutes: number;
}

const below = (file: string) => join(import.meta.dirname, file);

/** The same tests, with another number of rounds, archives or files. */
const more = (name: string, minutes: number, env: Part["env"], ...files: readonly string[]): Part => ({
	...{ name, minutes, env },
	words: ["--test", "--test-timeout=7200000", ...files.map(below)],
});
const matrix = ({ name, minutes }: (typeof SCENARIOS)[number]): Part => ({
	name: `crash matrix: ${name}`,
	words: [below("crash/matrix.ts"), name],
	minutes,
});
const [short = [], long = []] = [true, false].map((isShort) =>
	SCENARIOS.filter(({ minutes }) => minutes <= 2 === isShort).map(matrix),
);

/** Those that fit into CI's time come first. */
const PARTS: readonly Part[] = [
	{
		name: "tests of its own",
		minutes: 12,
		words: [below("all.ts"), ...globSync("**/*.long.ts", { cwd: import.meta.dirname }).map(below)],
	},
	{ name: "what npm test leaves out", minutes: 11, words: [below("all.ts"), "--left-out"] },
	more("every command with every audience", 4, { HOLDFAST_ROUNDS: "3" }, "cli/audience.test.ts"),
	more(
		"a restore killed and interrupted at every moment",
		5,
		{ HOLDFAST_MOMENTS: "every" },
		"crash/crash.test.ts",
		"databases/new-names.test.ts",
	),
	...short,
	more(
		"ten thousand hostile archives",
		35,
		{ HOLDFAST_ROUNDS: "10000" },
		"security/generated-archives.test.ts",
	),
	more(
		"the whole contract, on the restic of today",
		3,
		{ HOLDFAST_ROUNDS: "1" },
		"engines/restic-newest.long.ts",
	),
	more("a hundred backups of one instant", 15, { HOLDFAST_ROUNDS: "100" }, "snapshots/invariant.long.ts"),
	...long,
	more(
		"a thousand rounds of races",
		45,
		{ HOLDFAST_ROUNDS: "40" },
		"security/races.test.ts",
		"security/races-sqlite.long.ts",
	),
	more(
		"hundreds of archives that name others' folders",
		6,
		{ HOLDFAST_ROUNDS: "300" },
		"security/without.test.ts",
	),
	more(
		"the databases' tests on the servers of Debian 13",
		12,
		{ HOLDFAST_SERVERS: "trixie" },
		"databases/left-out-postgresql.test.ts",
		"databases/postgresql-everything.test.ts",
		"databases/left-out-mariadb.test.ts",
		"databases/mariadb-everything.test.ts",
		"databases/refused-accounts.test.ts",
		"databases/new-names.test.ts",
		"databases/together.test.ts",
		"security/sql-quoting.test.ts",
	),
	more("a million lives of a machine", 40, { HOLDFAST_SEEDS: "1000000" }, "simulator/simulator.test.ts"),
	more("a thousand archives", 60, { HOLDFAST_MANY_ARCHIVES: "1000" }, "engines/many-archives.long.ts"),
	more("300,000 files", 30, { HOLDFAST_MANY_FILES: "300000" }, "engines/many-files.long.ts"),
	more("a million files", 120, { HOLDFAST_MANY_FILES: "1000000" }, "engines/many-files.long.ts"),
];

const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: { minutes: { type: "string" }, record: { type: "boolean" } },
});
const budget = Number(values.minutes ?? Number.POSITIVE_INFINITY);
if (Number.isNaN(budget)) throw new Error(`--minutes takes a number, not ${values.minutes}`);
const began = performance.now();
const minutesSince = (then: number) => (performance.now() - then) / 60_000;

const names = PARTS.map(({ name }) => name);
const lines: string[] = [];
let failed = false;
for (const { name, words, env, minutes } of PARTS) {
	if (positionals.length > 0 && !positionals.some((word) => name.includes(word))) continue;
	if (minutesSince(began) + minutes > budget) {
		lines.push(`- ${name}: left out, it takes about ${minutes} minutes`);
		continue;
	}
	process.stdout.write(`\n${name} …\n`);
	const start = performance.now();
	const options = { stdio: "inherit", env: { ...process.env, ...env } } as const;
	const { status } = spawnSync(process.execPath, words, options);
	const took = minutesSince(start);
	const passed = status === 0;
	failed ||= !passed;
	lines.push(`${passed ? "✔" : "✘"} ${name}: ${took.toFixed(1)} minutes`);
	if (values.record) record(names, { name, minutes: took, passed });
}
process.stdout.write(`\n${lines.join("\n")}\n`);
// Importing the crash matrix also loads the test runner, which would report that there are no tests.
process.exit(failed ? 1 : 0);
