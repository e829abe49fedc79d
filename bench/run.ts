// npm run bench [NAME…]: every measure, as ratios in one run against the plain engine; writes docs/benchmarks.md.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { createBench } from "./create.ts";
import { dumpsBench } from "./dumps.ts";
import { enginesBench } from "./engines.ts";
import { restoreBench } from "./restore.ts";
import type { Row } from "./row.ts";
import { startBench } from "./start.ts";

const BENCHES: Record<string, (scratch: string) => Promise<Row[]>> = {
	start: startBench,
	create: createBench,
	engines: enginesBench,
	restore: restoreBench,
	dumps: dumpsBench,
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
process.stdout.write(table());
if (wanted.length === 0) writeFileSync(FILE, document());

function table(): string {
	const cells = rows.map(({ what, ours, theirs, ratio, bound, kept, memory }) => [
		what,
		ours,
		theirs,
		ratio,
		`${bound} ${kept ? "✔" : "✘"}`,
		memory ?? "",
	]);
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
${Math.round(totalmem() / 1024 ** 3)} GiB of memory. The two commands of a row ran in turn, A B A B …; seconds are
medians and depend on the machine, ratios are taken pair by pair and hold better.

${table()}`;
}
