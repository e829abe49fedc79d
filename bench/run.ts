// npm run bench [NAME…]: every measure, or those of a name, as ratios in one run against the plain engine; writes
// docs/benchmarks.md, in which measures that were not run now keep the rows that they had.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { closeMachines } from "../test/machine/machine.ts";
import { archivesBench } from "./archives.ts";
import { createBench } from "./create.ts";
import { databasesBench } from "./databases.ts";
import { dumpsBench } from "./dumps.ts";
import { ENGINE_BENCHES } from "./engines.ts";
import { fleetBench } from "./fleet.ts";
import { restoreBench } from "./restore.ts";
import type { Row } from "./row.ts";
import { startBench } from "./start.ts";

const BENCHES: Record<string, (scratch: string) => Promise<Row[]>> = {
	start: startBench,
	create: createBench,
	...ENGINE_BENCHES,
	archives: archivesBench,
	restore: restoreBench,
	dumps: dumpsBench,
	databases: databasesBench,
	fleet: fleetBench,
};
const FILE = join(import.meta.dirname, "../docs/benchmarks.md");
const wanted = process.argv.slice(2);

const rows: Row[] = [];
for (const [name, bench] of Object.entries(BENCHES)) {
	if (wanted.length > 0 && !wanted.includes(name)) continue;
	process.stderr.write(`${name} …\n`);
	const scratch = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
	try {
		rows.push(...(await bench(scratch)));
	} finally {
		rmSync(scratch, { recursive: true, force: true });
	}
}
process.stdout.write(table(rows.map(cellsOf)));
writeFileSync(FILE, document());
await closeMachines();

function cellsOf({ what, ours, theirs, ratio, bound, kept, memory }: Row): string[] {
	const mark = kept === undefined ? "" : kept ? " ✔" : " ✘";
	return [what, ours, theirs, ratio, `${bound}${mark}`, memory ?? ""];
}

/** The rows as they are in the file, with those of now in their places and new ones at the end. */
function merged(): string[][] {
	const now = new Map(rows.map((row) => [row.what, cellsOf(row)]));
	const before = readFileSync(FILE, "utf8")
		.split("\n")
		.filter((line) => line.startsWith("| ") && !/^\| (measure|---)/.test(line))
		.map((line) => line.slice(2, -2).split(/ (?<!\\)\| /));
	const kept = before.map((cells) => now.get(cells[0] ?? "") ?? cells);
	const known = new Set(before.map(([what]) => what));
	return [...kept, ...[...now].filter(([what]) => !known.has(what)).map(([, cells]) => cells)];
}

function table(cells: readonly (readonly string[])[]): string {
	const head = [
		"measure",
		"Holdfast",
		"compared with",
		"ratio: median (min–max)",
		"bound",
		"our peak memory",
	];
	return [head, head.map(() => "---"), ...cells].map((row) => `| ${row.join(" | ")} |\n`).join("");
}

function document(): string {
	const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "../package.json"), "utf8"));
	const engine = spawnSync("borg", ["--version"], { encoding: "utf8" }).stdout.trim();
	return `# Benchmarks

Written by \`npm run bench\` (Holdfast ${version}, Node ${process.versions.node}, ${engine}) on ${cpus().length} cores, \
${Math.round(totalmem() / 1024 ** 3)} GiB of memory. The two commands of a row ran alternately (A B A B …); seconds are
medians and depend on the machine; ratios are computed for each pair and vary less. The rows with hundreds of thousands of files
are copied by hand from \`test/engines/many-files.long.ts\` (HOLDFAST_MANY_FILES=300000) and show the peak VmHWM of
Holdfast's own process, without the engine's.

${table(merged())}`;
}
