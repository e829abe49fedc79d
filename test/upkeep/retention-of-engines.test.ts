// Our retention rules against those of the engines, in several time zones, over the hours that come twice and the ends of years.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Archive } from "../../src/engines/archive.ts";
import { recordsInMetadata } from "../../src/engines/archive-time.ts";
import { retain } from "../../src/engines/retention.ts";
import type { Retention } from "../../src/engines/retention-rules.ts";
import { metadataOf } from "../engines/fixtures.ts";
import { cheapRepository } from "../support/cheap-restic.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("retention-of-engines");
const HOUR = 3_600_000;
const NOW = new Date("2026-12-01T12:00:00Z");
const ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Chatham"];
const RULES: readonly Retention[] = [
	{ daily: 7, weekly: 4, monthly: 6 },
	{ hourly: 24, daily: 30 },
	{ keepLast: 10, daily: 14, yearly: 2 },
	{ weekly: 60 },
	{ yearly: 10 },
	{ monthly: 40, yearly: 3 },
	{ daily: 20, monthly: 30 },
];

/** Archives every so many hours. */
const series = (from: string, hours: number, count: number) =>
	Array.from({ length: count }, (_, index) => new Date(Date.parse(from) + index * hours * HOUR));
/** Around the ends of years, the changes of the clocks, and with gaps between. */
const TIMES = [
	...series("2023-12-28T22:30:00Z", 7, 20),
	...series("2024-03-29T20:30:00Z", 2.5, 25),
	...series("2024-10-25T22:30:00Z", 2.5, 25),
	...series("2024-12-29T00:30:00Z", 5, 30),
	...series("2025-01-15T10:30:00Z", 122, 60),
	...series("2026-03-27T23:30:00Z", 3, 20),
	...series("2026-11-01T03:30:00Z", 25, 20),
];
const nameOf = (time: Date) => `a-${time.toISOString().slice(0, 19).replaceAll(":", "")}`;
const flagsOf = (rules: Retention) =>
	Object.entries(rules).flatMap(([rule, count]) => [
		`--keep-${rule === "keepLast" ? "last" : rule}`,
		String(count),
	]);

function ours(times: readonly Date[], rules: Retention, zone: string): string[] {
	const archives = times.map((time): Archive => {
		const name = nameOf(time);
		const created = time.toISOString();
		const states = { s: { outcome: "good", folders: [] } } as const;
		return { name, created, metadata: { ...metadataOf(name), created, states } };
	});
	return inZone(zone, () =>
		retain(archives, rules, recordsInMetadata(archives), NOW)
			.filter(({ keep }) => keep)
			.map(({ archive }) => archive.name)
			.sort(),
	);
}

function inZone<T>(zone: string, work: () => T): T {
	const before = process.env.TZ;
	process.env.TZ = zone;
	try {
		return work();
	} finally {
		if (before === undefined) delete process.env.TZ;
		else process.env.TZ = before;
	}
}

function run(program: string, words: readonly string[], env: NodeJS.ProcessEnv) {
	const cwd = join(folder, program);
	mkdirSync(join(cwd, "empty"), { recursive: true });
	const end = spawnSync(program, words, { cwd, encoding: "utf8", env: { ...process.env, ...env } });
	assert.equal(end.status, 0, end.stderr);
	return end;
}

test(`${TIMES.length} archives: what borg prune keeps is what we keep, in ${ZONES.length} time zones [long]`, () => {
	const env = {
		BORG_BASE_DIR: join(folder, "borg/base"),
		BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: "yes",
		BORG_SELFTEST: "disabled",
	};
	const borg = (zone: string, ...words: string[]) => run("borg", words, { ...env, TZ: zone });
	borg("UTC", "init", "--encryption=none", "repo");
	for (const time of TIMES)
		borg("UTC", "create", `--timestamp=${time.toISOString().slice(0, 19)}`, `repo::${nameOf(time)}`, "empty");
	for (const zone of ZONES)
		for (const rules of RULES) {
			const { stderr } = borg(zone, "prune", "--dry-run", "--list", ...flagsOf(rules), "repo");
			const theirs = stderr
				.split("\n")
				.flatMap((line) => (line.startsWith("Keeping") ? (/\ba-\S+/.exec(line) ?? []) : []));
			assert.deepEqual(ours(TIMES, rules, zone), theirs.sort(), `${zone} ${JSON.stringify(rules)}`);
		}
});

test(`what restic forget keeps of ${TIMES.length} snapshots, we keep too, in ${ZONES.length} time zones: each of its rules counts all [long]`, () => {
	const passphraseFile = join(folder, "passphrase");
	writeFileSync(passphraseFile, "x\n");
	const env = { RESTIC_PASSWORD: "x", RESTIC_REPOSITORY: "repo" };
	mkdirSync(join(folder, "restic"));
	cheapRepository(join(folder, "restic/repo"), passphraseFile);
	const two = (number: number) => String(number).padStart(2, "0");
	for (const [index, zone] of ZONES.entries()) {
		const restic = (...words: string[]) =>
			run("restic", ["--no-cache", "--quiet", ...words], { ...env, TZ: zone }).stdout;
		// restic takes the days from the zone in which it made a snapshot, so each zone needs its own: all of them in one zone.
		const times = TIMES.filter((_, at) => index === 1 || at % 4 === 3);
		for (const time of times)
			inZone(zone, () => {
				const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join("-");
				const hour = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":");
				const words = [`--host=${index}`, `--time=${day} ${hour}`, `--tag=${nameOf(time)}`];
				restic("backup", "--force", ...words, "empty");
			});
		for (const rules of RULES) {
			const [answer] = JSON.parse(
				restic("forget", "--dry-run", "--json", "--group-by=host", `--host=${index}`, ...flagsOf(rules)),
			);
			const own = ours(times, rules, zone);
			const theirs: string[] = answer.keep.map(({ tags }: { tags: string[] }) => tags[0]);
			const where = `${zone} ${JSON.stringify(rules)}`;
			assert.deepEqual(
				theirs.filter((name) => !own.includes(name)),
				[],
				where,
			);
			// As borg, we keep the oldest one while a rule is not filled. Where there is one rule, all else is the same.
			if (Object.keys(rules).length === 1)
				assert.deepEqual(
					own.filter((name) => !theirs.includes(name) && name !== own[0]),
					[],
					where,
				);
		}
	}
});
