// A config is refused if its patterns cannot mean the same on all engines, or exclude an entire folder.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { FOLDER, REFUSED, REFUSED_THERE } from "../../scripts/pattern-examples.ts";
import { fromClan } from "../../src/config/clan.ts";
import { loadMachines } from "../../src/config/load.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("patterns");
const load = (machine: object) => {
	const file = join(folder, "holdfast.json");
	const providers = { tar: { destinations: { disk: { path: "/mnt/disk" } } } };
	writeFileSync(file, JSON.stringify({ machines: { web01: { providers, ...machine } } }));
	return loadMachines(file);
};
const withPattern = (pattern: string) =>
	load({ state: { s: { folders: ["/srv/other", FOLDER], exclude: ["*.tmp", pattern] } } });

describe("patterns in a config", () => {
	test("what is no pattern is refused at its place, with what to write instead", async () => {
		for (const pattern of REFUSED)
			await assert.rejects(withPattern(pattern), /is not a pattern: .*state\.s\.exclude\.1/s, pattern);
	});

	test("what would leave nothing of a folder is refused, and the folder is named", async () => {
		for (const pattern of REFUSED_THERE)
			await assert.rejects(
				withPattern(pattern),
				/excludes everything in the folder "\/srv\/(other|app)".*state\.s\.exclude\.1|is not a pattern/s,
				pattern,
			);
	});

	test("the same of what a module's user adds, with the module's own folder", async () => {
		await assert.rejects(
			load({
				services: { vaultwarden: {} },
				state: { vaultwarden: { exclude: ["/var/lib/vaultwarden/*"] } },
			}),
			/excludes everything in the folder "\/var\/lib\/vaultwarden"/,
		);
		await assert.rejects(
			load({
				services: { vaultwarden: { dataDir: "/srv/v" } },
				state: { vaultwarden: { exclude: ["sh:x"] } },
			}),
			/is not a pattern/,
		);
	});

	test("the folder of a database that is a file is not left out: a restore would have no place for it", async () => {
		const state = (exclude: string[]) => ({
			state: { s: { folders: [FOLDER], exclude, dumps: [{ sqlite: `${FOLDER}/data/db/a.sqlite` }] } },
		});
		for (const pattern of ["data", "db", "data/*", `${FOLDER}/data/db/`, "**/d?"])
			await assert.rejects(
				load(state(["*.tmp", pattern])),
				/excludes the folder of the SQLite.*exclude\.1/s,
				pattern,
			);
		for (const pattern of ["*.sqlite", "data/db/*", "db/*", "cache"]) await load(state([pattern]));
	});

	test("what leaves something is kept as it is written", async () => {
		const exclude = ["*.tmp", "cache/*", "./keep", "a//b/", "/srv/*/log", "\\!x", "[*]", `${FOLDER}/*.log`];
		const machines = await load({ state: { s: { folders: [FOLDER], exclude } } });
		assert.deepEqual(machines.get("web01")?.state.s?.exclude, exclude);
	});

	test("borg's patterns that Clan's jobs have become ours, or stay and are refused", () => {
		const ours = (exclude: string[]) => {
			const clan = {
				state: { s: { folders: [FOLDER] } },
				borgbackup: { jobs: { j: { repo: "x", exclude } } },
			};
			return (fromClan(clan).state as { s: { exclude: string[] } }).s.exclude;
		};
		const pairs: [string, string][] = [
			["*.pyc", "*.pyc"],
			["/home/*/.cache", "/home/*/.cache"],
			["home/x", "/home/x"],
			["*/node_modules", "/**/node_modules"],
			["sh:srv/**/tmp", "/srv/**/tmp"],
			["pp:/srv/a*b", "/srv/a\\*b"],
			["re:^srv", "re:^srv"],
			["node_modules", "/node_modules"],
		];
		assert.deepEqual(
			ours(pairs.map(([borg]) => borg)),
			pairs.map(([, one]) => one),
		);
	});
});
