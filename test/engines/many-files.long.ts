// A state with very many files, on every engine: Holdfast's own memory use does not grow with their number, whatever
// it does with the archive. `HOLDFAST_MANY_FILES=300000` (some minutes) and `1000000` (an hour) belong to the long
// tier; their figures are in docs/benchmarks.md.
import assert from "node:assert/strict";
import {
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	symlinkSync,
	unlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { EVERY_ENGINE } from "../support/every-engine.ts";
import { watchPeak } from "../support/peak.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const isLong = process.env.HOLDFAST_MANY_FILES !== undefined;
/** Enough to show the effect: keeping all of restic's listing took 120 MiB for this many. */
const MANY = Number(process.env.HOLDFAST_MANY_FILES) || 30_000;
/** MiB of Holdfast's own process. */
const MOST = 100;
/** Entries of one folder, and symlinks: `restic ls` shows their targets only in its text format. */
const IN_A_FOLDER = 10_000;
const EVERY_LINK = 10;

const folder = isLong
	? mkdtempSync(join(process.env.HOLDFAST_MANY_FILES_IN ?? "/var/tmp", "many-files-"))
	: scratch("many-files");
after(() => rmSync(folder, { recursive: true, force: true }));

const only =
	process.env.HOLDFAST_MANY_FILES_ON?.split(" ") ?? (isLong ? Object.keys(EVERY_ENGINE) : ["restic"]);

function fill(data: string): void {
	for (let file = 0; file < MANY; file++) {
		const below = join(data, `folder ${Math.floor(file / IN_A_FOLDER)}`);
		if (file % IN_A_FOLDER === 0) mkdirSync(below, { recursive: true });
		const path = join(below, `a file with a name of some length, número ${file}`);
		if (file % EVERY_LINK === 0) symlinkSync(`target ${file}`, path);
		else writeFileSync(path, file % 100 === 1 ? `file ${file}` : "");
	}
}

interface Watched {
	readonly stdout: string;
	readonly peak: number;
	readonly seconds: number;
}

/** Run it, and return the peak memory of Holdfast's own process. Its output is not read before `asleep` has passed. */
async function watched(place: Place, words: readonly string[], asleep = 0): Promise<Watched> {
	const began = performance.now();
	const { child, ended } = place.start(words);
	if (asleep > 0) {
		child.stdout?.pause();
		setTimeout(() => child.stdout?.resume(), asleep);
	}
	const peakOf = watchPeak(child.pid);
	const { code, stdout, stderr } = await ended;
	const peak = peakOf();
	assert.equal(code, 0, `${words.join(" ")}: ${stderr.slice(-2_000)}`);
	assert.ok(peak > 0);
	return { stdout, peak, seconds: (performance.now() - began) / 1000 };
}

for (const engine of only)
	test(`${engine}: ${MANY} files take less than ${MOST} MiB of our own memory in every command`, async (context) => {
		const place = new Place(folder);
		const data = place.path("data");
		fill(data);
		place.declare({
			state: { s: { folders: [data] } },
			providers: { [engine]: EVERY_ENGINE[engine]?.(place) ?? {} },
		});
		const faults: string[] = [];
		const measure = async (what: string, ...words: string[]) => {
			const found = await watched(place, words);
			context.diagnostic(`${engine}, ${what}: ${found.peak.toFixed(0)} MiB, ${found.seconds.toFixed(1)} s`);
			if (found.peak >= MOST) faults.push(`${what}: ${found.peak.toFixed(0)} MiB`);
			return found;
		};
		await measure("create", "create", "--quiet");
		if (isLong) await measure("create, nothing changed", "create", "--quiet");
		await measure("check", "check", "--quiet");
		await measure("check --full", "check", "--full", "--quiet");
		const same = await measure("diff, nothing changed", "diff", engine, "latest", "--json");
		assert.deepEqual(JSON.parse(same.stdout).differences, []);
		const browsed = await measure("archives browse", "archives", "browse", "latest");
		assert.equal(browsed.stdout.split("\n").filter((line) => line.includes("número")).length, MANY);
		const links = browsed.stdout.split("\n").filter((line) => / -> target \d+$/.test(line));
		assert.equal(links.length, MANY / EVERY_LINK);
		if (isLong) await measure("restore --dry-run", "restore", "--dry-run", engine, "latest");

		const first = join(data, "folder 0");
		const gone = join(first, "a file with a name of some length, número 7");
		unlinkSync(gone);
		writeFileSync(join(first, "a file with a name of some length, número 8"), "changed");
		writeFileSync(join(first, "new"), "");
		const some = await measure("diff, three changed", "diff", engine, "latest");
		assert.match(some.stdout, /^\+ .*número 7$/m);
		assert.match(some.stdout, /^- .*folder 0\/new$/m);
		assert.match(some.stdout, /^~ .*número 8 \(size/m);
		assert.match(some.stdout, /^1 to add, 1 to remove, [12] to change$/m);
		rmSync(data, { recursive: true });
		const all = await measure("diff, all gone", "diff", engine, "latest");
		assert.ok(all.stdout.split("\n").filter((line) => line.startsWith("+ ")).length > MANY);
		mkdirSync(data);
		await measure("restore", "restore", "--yes", "--quiet", engine, "latest");
		assert.equal(
			readFileSync(join(first, "a file with a name of some length, número 101"), "utf8"),
			"file 101",
		);
		rmSync(place.folder, { recursive: true });
		assert.deepEqual(faults, []);
	});

test("what a sleeping pager has not read yet is not kept in memory", async (context) => {
	const place = new Place(folder);
	const data = place.path("data");
	mkdirSync(data);
	const count = 100_000;
	for (let file = 0; file < count; file++)
		writeFileSync(join(data, `a file with a name of some length, number ${file}`), "");
	place.declare({ state: { s: { folders: [data] } }, providers: { tar: EVERY_ENGINE.tar?.(place) ?? {} } });
	await watched(place, ["create", "--quiet"]);
	rmSync(data, { recursive: true });
	for (const words of [
		["archives", "browse", "latest"],
		["archives", "browse", "latest", "--json"],
		["diff", "tar", "latest"],
		["diff", "tar", "latest", "--json"],
	]) {
		const { peak, stdout } = await watched(place, words, 20_000);
		context.diagnostic(`${words.join(" ")}: ${peak.toFixed(0)} MiB`);
		assert.ok(peak < MOST, `${words.join(" ")}: ${peak.toFixed(0)} MiB`);
		assert.equal(stdout.match(/some length, number \d+/g)?.length, count, words.join(" "));
	}
});
