// npm run contract-large: trials that are too large for every test run, on every engine; writes docs/providers.md.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { createReadStream, createWriteStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { commandDestinations } from "../../src/engines/command/command.ts";
import type { Destination } from "../../src/engines/destination.ts";
import { factsOf } from "../support/tree.ts";
import { ENGINES, type Engine, setUpEngines } from "./engines.ts";
import { intoFolder, metadataOf, quiet } from "./fixtures.ts";

const FILE = join(import.meta.dirname, "../../docs/providers.md");
const scratch = mkdtempSync(join(tmpdir(), "holdfast-large-"));
setUpEngines(join(scratch, "engines"));

interface Trial {
	readonly name: string;
	make(folder: string): Promise<void>;
	/** What must be the same afterwards. */
	facts(folder: string): Promise<unknown>;
}

const TRIALS: readonly Trial[] = [
	{
		name: "10,000 small files",
		async make(folder) {
			for (let file = 0; file < 10_000; file++) {
				if (file % 100 === 0) mkdirSync(join(folder, String(file / 100)), { recursive: true });
				writeFileSync(join(folder, String(Math.floor(file / 100)), String(file)), `file ${file}`);
			}
		},
		facts: async (folder) => factsOf(folder),
	},
	{
		name: "a file of 2 GiB",
		async make(folder) {
			mkdirSync(folder, { recursive: true });
			const chunk = randomBytes(1024 * 1024);
			const chunks = function* () {
				for (let index = 0; index < 2048; index++) {
					chunk.writeUInt32LE(index);
					yield Buffer.from(chunk);
				}
			};
			await pipeline(chunks(), createWriteStream(join(folder, "large")));
		},
		async facts(folder) {
			const hash = createHash("sha256");
			await pipeline(createReadStream(join(folder, "large")), hash);
			return hash.digest("hex");
		},
	},
	{
		name: "a path of 200 levels",
		async make(folder) {
			const deep = join(folder, ...Array.from({ length: 200 }, (_, level) => `l${level}`));
			mkdirSync(deep, { recursive: true });
			writeFileSync(join(deep, "file"), "deep down");
		},
		facts: async (folder) => factsOf(folder),
	},
];

async function attempt(engine: Engine, { name, make, facts }: Trial): Promise<string> {
	const below = mkdtempSync(join(scratch, `${engine.name}-`));
	try {
		const source = join(below, "source");
		await make(source);
		const destination = engine.open(below);
		const began = performance.now();
		const roots = [{ path: source, exclude: [] }];
		await destination.create({ name: "a", roots, metadata: metadataOf("a") }, true, quiet);
		const created = performance.now();
		const into = join(below, "into");
		mkdirSync(into);
		await destination.restore("a", [source], intoFolder(into), quiet);
		const restored = performance.now();
		assert.deepEqual(await facts(into + source), await facts(source));
		assert.deepEqual(await destination.check(true, quiet), []);
		const seconds = (from: number, to: number) => `${((to - from) / 1000).toFixed(1)} s`;
		return `✔ ${seconds(began, created)} / ${seconds(created, restored)}`;
	} catch (error) {
		process.stderr.write(`${engine.name}, ${name}: ${error instanceof Error ? error.stack : error}\n`);
		process.exitCode = 1;
		return `✘ ${(error as Error).message.split("\n", 1)[0]}`;
	} finally {
		rmSync(below, { recursive: true, force: true });
	}
}

const ABILITIES: Readonly<Partial<Record<keyof Destination, string>>> = {
	writeMetadata: "archives say which states they contain; `list`, `adopt` and `diff` need no config",
	restore:
		"restores next to the live data: downtime is only the swap; otherwise it includes the copy, and a failure is still rolled back",
	takesStreams: "dumps are streamed into it without a file",
	check: "`check` verifies that everything is there",
	detectsDamage: "`check --full` and a restore detect a changed byte",
	remove: "`prune` removes single archives",
	mount: "`archives mount` shows an archive as a folder",
};

const rows: string[][] = [];
for (const trial of TRIALS) {
	const row = [trial.name];
	for (const engine of ENGINES) {
		process.stderr.write(`${engine.name}: ${trial.name} …\n`);
		row.push(await attempt(engine, trial));
	}
	rows.push(row);
}
rmSync(scratch, { recursive: true, force: true });

const [command] = commandDestinations("command", {
	type: "command",
	create: "true",
	list: "true",
	restore: "true",
});
const able: readonly (readonly [string, Destination | undefined])[] = [
	...ENGINES.map((engine) => [engine.name, engine.open("/nowhere")] as const),
	["command", command],
];
const table = (head: readonly string[], body: readonly (readonly string[])[]) =>
	[head, head.map(() => "---"), ...body].map((row) => `| ${row.join(" | ")} |\n`).join("");
writeFileSync(
	FILE,
	`# Providers

Written by \`npm run contract-large\` from the declarations of each engine and the trials below.

${table(
	["", ...able.map(([name]) => name)],
	Object.entries(ABILITIES).map(([key, what]) => [
		what,
		...able.map(([, destination]) => (destination?.[key as keyof Destination] ? "✔" : "–")),
	]),
)}
\`test/engines/contract.ts\` tests every engine except \`command\` on each change (owners, modes, times, ACLs,
attributes, hard links, sparse files, odd names, exclusions, damage, removal …), and so does \`test/engines/faults.test.ts\` (a
full disk, a read-only disk, kills at random times). The following trials are too large for that; each shows the seconds that a
create and a restore took here:

${table(["trial: create / restore", ...ENGINES.map(({ name }) => name)], rows)}`,
);
