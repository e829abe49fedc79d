// npm run test:long [-- --minutes N] [WORD…]: what takes too long for `npm test`. The same tests with many more rounds, and
// every moment of the crash matrix; one after another, and all of them, or those with a word in their name. With
// `--minutes`, a part that would not be over by then is left out, and named as left out.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { SCENARIOS } from "./crash/scenario.ts";

interface Part {
	readonly name: string;
	/** Node's words. */
	readonly words: readonly string[];
	readonly env?: Readonly<Record<string, string>>;
	/** About how long it takes on two cores. */
	readonly minutes: number;
}

const below = (file: string) => join(import.meta.dirname, file);
const tests = (file: string) => ["--test", "--test-timeout=7200000", below(file)];

const matrix = ({ name, minutes }: (typeof SCENARIOS)[number]): Part => ({
	name: `crash matrix: ${name}`,
	words: [below("crash/matrix.ts"), name],
	minutes,
});
const [first = [], later = []] = [true, false].map((isShort) =>
	SCENARIOS.filter(({ minutes }) => minutes <= 2 === isShort).map(matrix),
);

/** Those that run within the time that CI has come first. */
const PARTS: readonly Part[] = [
	...first,
	{
		name: "ten thousand hostile archives",
		words: tests("security/archives.test.ts"),
		env: { HOLDFAST_ROUNDS: "10000" },
		minutes: 15,
	},
	{
		name: "the whole contract, on the restic of today",
		words: tests("providers/restic-newest.test.ts"),
		env: { HOLDFAST_ROUNDS: "1" },
		minutes: 3,
	},
	...later,
	{
		name: "a thousand rounds of races",
		words: tests("security/races.test.ts"),
		env: { HOLDFAST_ROUNDS: "40" },
		minutes: 45,
	},
	{
		name: "a thousand archives",
		words: tests("providers/many-archives.test.ts"),
		env: { HOLDFAST_MANY_ARCHIVES: "1000" },
		minutes: 60,
	},
	{
		name: "300,000 files",
		words: tests("providers/many-files.test.ts"),
		env: { HOLDFAST_MANY_FILES: "300000" },
		minutes: 30,
	},
];

const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: { minutes: { type: "string" } },
});
const budget = Number(values.minutes ?? Number.POSITIVE_INFINITY);
if (Number.isNaN(budget)) throw new Error(`--minutes takes a number, not ${values.minutes}`);
const began = performance.now();
const minutesSince = (then: number) => (performance.now() - then) / 60_000;

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
	failed ||= status !== 0;
	lines.push(`${status === 0 ? "✔" : "✘"} ${name}: ${minutesSince(start).toFixed(1)} minutes`);
}
process.stdout.write(`\n${lines.join("\n")}\n`);
// What the crash matrix is made of brings the test runner along, which would say that there were no tests.
process.exit(failed ? 1 : 0);
