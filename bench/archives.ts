// A thousand archives on each engine: listed, restored from and pruned. Where an engine lists its archives itself, in turn
// with that; the others keep what an archive says of itself in a file each, and reading all of these is what it is up against.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Metadata } from "../src/engines/archive.ts";
import { ARCHIVE, aboutTag } from "../src/engines/restic/snapshots.ts";
import { sideBySide } from "../src/host/side-by-side.ts";
import { openLocalbackup, openTar, setUpEngines } from "../test/engines/engines.ts";
import { quiet } from "../test/engines/fixtures.ts";
import { compare, run } from "./measure.ts";
import { nodeAlone } from "./node-alone.ts";
import { HOLDFAST, place } from "./place.ts";
import { atMost, type Row, shown } from "./row.ts";

const ARCHIVES = Number(process.env.HOLDFAST_BENCH_ARCHIVES) || 1_000;
const PAIRS = 7;
const MOST = 1.1;

const nameOf = (archive: number) => `here-${String(archive).padStart(4, "0")}`;

/** A day apart, so that retention has something to decide; `data` is the one state. */
function about(archive: number, data: string): Metadata {
	return {
		version: 1,
		machine: "here",
		run: `run-${archive}`,
		created: new Date(Date.UTC(2024, 0, 1) + archive * 86_400_000).toISOString(),
		manifest: "/m.json",
		states: { data: { outcome: "good", folders: [data] } },
	};
}

interface Trial {
	readonly options: object;
	/** Make the archives from the second on. */
	make(): Promise<void>;
	/** What lists the same. */
	readonly theirs: readonly string[];
	readonly against: string;
	readonly isItsOwn: boolean;
}

export async function archivesBench(scratch: string): Promise<Row[]> {
	setUpEngines(join(scratch, "engines"));
	const rows: Row[] = [];
	for (const [engine, trial] of Object.entries(TRIALS)) {
		if (process.env.HOLDFAST_BENCH_ON && !process.env.HOLDFAST_BENCH_ON.split(" ").includes(engine)) continue;
		const below = join(scratch, engine);
		const data = join(below, "data");
		mkdirSync(data, { recursive: true });
		writeFileSync(join(data, "file"), "x");
		const { options, make, theirs, against, isItsOwn } = trial(below, data);
		const here = place(below, [data], { [engine]: { ...options, retention: { daily: 7, weekly: 4 } } });
		const env = { ...here.env, ...RESTIC(below) };
		await make();
		const list = { ...here, argv: [HOLDFAST, "list", "--json"] };
		const what = `\`list\` of ${ARCHIVES} archives on ${engine}`;
		const plain = { ...here, env, argv: theirs };
		const compared = await compare(list, plain, PAIRS);
		rows.push(
			isItsOwn
				? atMost(what, against, MOST, compared)
				: shown(what, against, "no listing of its own to compare with", compared),
		);
		if (isItsOwn) rows.push(await nodeAlone(below, against, plain, PAIRS));
		rmSync(data, { recursive: true });
		mkdirSync(data);
		const alone = async (title: string, ...words: string[]) => {
			const { seconds, peakMiB } = await run({ ...here, argv: [HOLDFAST, ...words] });
			rows.push({
				what: `${title} ${ARCHIVES} archives on ${engine}`,
				ours: `${seconds.toFixed(2)} s`,
				theirs: "",
				ratio: "",
				bound: "once, to see that it can",
				memory: `${Math.round(peakMiB)} MiB`,
			});
		};
		await alone(
			"restore of one of",
			"restore",
			"--yes",
			"--quiet",
			"--service",
			"data",
			engine,
			nameOf(ARCHIVES / 2),
		);
		await alone("`prune` of all but the newest of", "prune", "--yes", "--quiet");
		rmSync(below, { recursive: true });
	}
	return rows;
}

const RESTIC = (below: string) => ({
	RESTIC_REPOSITORY: join(below, "repo"),
	RESTIC_PASSWORD: "correct horse",
});

const TRIALS: Readonly<Record<string, (below: string, data: string) => Trial>> = {
	restic(below, data) {
		const passphraseFile = join(below, "passphrase");
		writeFileSync(passphraseFile, "correct horse\n", { mode: 0o600 });
		const env = { ...process.env, ...RESTIC(below), RESTIC_CACHE_DIR: join(below, "cache/restic") };
		return {
			options: { destinations: { there: { repo: join(below, "repo"), passphraseFile } } },
			async make() {
				await run({ env, argv: ["restic", "init", "--quiet"] });
				const all = Array.from({ length: ARCHIVES }, (_, archive) => archive);
				await sideBySide(all, 4, async (archive) => {
					const tags = [`${ARCHIVE}${nameOf(archive)}`, aboutTag(about(archive, data))];
					const words = tags.map((tag) => `--tag=${tag}`);
					await run({ env, argv: ["restic", "backup", "--quiet", "--force", ...words, data] });
				});
			},
			theirs: ["restic", "snapshots", "--json", "--no-lock"],
			against: "`restic snapshots --json`",
			isItsOwn: true,
		};
	},
	tar: (below, data) => ({
		options: { destinations: { there: { path: join(below, "destination") } } },
		make: () => made(openTar(below), data),
		theirs: ["sh", "-c", `cat '${join(below, "destination")}'/*/index.json`],
		against: "`cat` of what they say of themselves",
		isItsOwn: false,
	}),
	localbackup: (below, data) => ({
		options: { snapshots: 2 * ARCHIVES, destinations: { there: { directory: join(below, "on the disk") } } },
		make: () => made(openLocalbackup(below, {}, { snapshots: 2 * ARCHIVES }), data),
		theirs: ["sh", "-c", `cat '${join(below, "on the disk")}'/*/holdfast.json`],
		against: "`cat` of what they say of themselves",
		isItsOwn: false,
	}),
};

async function made(destination: ReturnType<typeof openTar>, data: string): Promise<void> {
	for (let archive = 0; archive < ARCHIVES; archive++)
		await destination.create(
			{ name: nameOf(archive), roots: [{ path: data, exclude: [] }], metadata: about(archive, data) },
			archive === 0,
			quiet,
		);
}
