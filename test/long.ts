// What takes too long for `npm test`: the same tests with many more rounds, and every moment of the crash matrix. The parts
// run one after another, what finds most first; with `--minutes N`, one that would not be over by then is left out.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { styleText } from "node:util";
import { SCENARIOS } from "./crash/scenario.ts";

interface Part {
	readonly name: string;
	readonly words: readonly string[];
	readonly env?: Readonly<Record<string, string>>;
	/** About how long it takes on two cores. */
	readonly minutes: number;
}

const here = import.meta.dirname;
const test = (...files: readonly string[]) => ["--test", ...files.map((file) => join(here, file))];

const PARTS: readonly Part[] = [];

const wanted = process.argv.indexOf("--minutes");
const budget = wanted < 0 ? Number.POSITIVE_INFINITY : Number(process.argv[wanted + 1]) * 60_000;
