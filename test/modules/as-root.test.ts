// What modules run as root must not be led elsewhere by what a service puts into its own folders.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
	chmodSync,
	copyFileSync,
	existsSync,
	lchownSync,
	mkdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import * as v from "valibot";
import { type State, stateSchema } from "../../src/manifest/state.ts";
import { declares } from "../../src/modules/describe.ts";
import { LIBRARY } from "../../src/modules/library.ts";
import type { Module } from "../../src/modules/module.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { isRoot } from "../support/tree.ts";

const below = scratch("as-root");
chmodSync(below, 0o755);
const USER = 4242;

/** Words of a hook that is a list. */
function wordsOf(name: string, options: object): string[] {
	const { state } = declares(LIBRARY.get(name) as Module, LIBRARY, options, false);
	const hook = v.parse(stateSchema, state[name]).hooks.postRestore;
	assert.ok(hook !== undefined && "command" in hook);
	return hook.command;
}

const run = ([program = "", ...rest]: readonly string[]) => spawnSync(program, rest, { encoding: "utf8" });

/** Options with which a module runs more than by default. */
const OPTIONS: readonly object[] = [{}, { database: { type: "sqlite" } }];

/** Runs as root and names a folder, and why that is no way out of it. */
const REVIEWED: Readonly<Record<string, string>> = {
	letsencrypt: "its folder is root's",
	mattermost: "systemd-tmpfiles refuses what an account could have replaced",
	mosquitto: "asks for the time of a file, without following it",
	nextcloud: "on NixOS systemd-tmpfiles, and nextcloud-occ, which runs as the account",
};

function statesOf(module: Module): State[] {
	return [false, true].flatMap((nixos) =>
		OPTIONS.filter((options) => v.safeParse(module.options, options).success).flatMap((options) =>
			Object.values(declares(module, LIBRARY, options, nixos).state).map((one) => v.parse(stateSchema, one)),
		),
	);
}

/** What a state runs as the user that runs Holdfast. */
const asRoot = ({ hooks, healthChecks }: State) =>
	[...Object.values(hooks ?? {}), ...healthChecks].filter(
		(one) => one !== undefined && ("command" in one || "script" in one) && one.user === undefined,
	);

const dropsRoot = (text: string) => text.includes("setpriv --reuid");

test("no module runs SQLite's program, or goes into a folder of its service, as root", () => {
	const seen = new Set<string>();
	for (const module of LIBRARY.values())
		for (const state of statesOf(module))
			for (const one of asRoot(state)) {
				const text = JSON.stringify(one);
				assert.doesNotMatch(text, /sqlite3/, module.name);
				if (dropsRoot(text) || !state.folders.some((folder) => text.includes(folder))) continue;
				seen.add(module.name);
			}
	assert.deepEqual([...seen].sort(), Object.keys(REVIEWED));
});

test("matrix-synapse: a trigger in its SQLite file runs no program", () => {
	const place = new Place(below);
	const [file, ran] = [place.path("homeserver.db"), place.path("ran")];
	const keys = "CREATE TABLE e2e_one_time_keys_json(a); INSERT INTO e2e_one_time_keys_json VALUES(1)";
	const trigger = `CREATE TRIGGER t BEFORE DELETE ON e2e_one_time_keys_json BEGIN SELECT edit('x', 'touch ${ran}; true '); END`;
	const forget = wordsOf("matrix-synapse", { database: { type: "sqlite", file } });
	assert.equal(run(["sqlite3", file, keys]).status, 0);
	assert.equal(run(forget).status, 0);
	assert.equal(run(["sqlite3", file, "SELECT count(*) FROM e2e_one_time_keys_json"]).stdout, "0\n");
	assert.equal(run(["sqlite3", file, `INSERT INTO e2e_one_time_keys_json VALUES(1); ${trigger}`]).status, 0);
	assert.notEqual(run(forget).status, 0);
	assert.ok(!existsSync(ran));
});

describe("garage's snapshot is put in place by the folder's owner", {
	skip: isRoot ? false : "needs root",
}, () => {
	/** `plant` fills the folder of the service; `secret` is root's. */
	function put(plant: (metadata: string, secret: string) => void) {
		const place = new Place(below);
		chmodSync(place.folder, 0o755);
		const metadata = place.path("meta");
		mkdirSync(join(metadata, "snapshots/2026-02-03T00:00:00Z"), { recursive: true });
		const secret = place.write("root/secret", "root's own");
		chmodSync(secret, 0o600);
		plant(metadata, secret);
		execFileSync("chown", ["-hR", `${USER}:${USER}`, metadata]);
		const words = wordsOf("garage", { metadataDir: metadata });
		const { status } = run(words);
		assert.equal(readFileSync(secret, "utf8"), "root's own");
		return { metadata, status };
	}
	const snapshot = (metadata: string) => join(metadata, "snapshots/2026-02-03T00:00:00Z/db.sqlite");

	test("a link in the database's place leads nowhere", () => {
		put((metadata, secret) => {
			writeFileSync(snapshot(metadata), "theirs");
			symlinkSync(secret, join(metadata, "db.sqlite"));
		});
	});

	test("a link to the snapshots shows nothing that is root's", () => {
		const { metadata, status } = put((metadata, secret) => {
			rmSync(join(metadata, "snapshots"), { recursive: true });
			mkdirSync(join(metadata, "../root/2026-02-03T00:00:00Z"), { mode: 0o700 });
			copyFileSync(secret, join(metadata, "../root/2026-02-03T00:00:00Z/db.sqlite"));
			chmodSync(join(metadata, "../root"), 0o700);
			symlinkSync("../root", join(metadata, "snapshots"));
		});
		assert.notEqual(status, 0);
		assert.ok(!existsSync(join(metadata, "db.sqlite")));
	});

	test("it has the owner and content of the snapshot", () => {
		const { metadata, status } = put((metadata) => writeFileSync(snapshot(metadata), "newest"));
		assert.equal(status, 0);
		assert.equal(readFileSync(join(metadata, "db.sqlite"), "utf8"), "newest");
		assert.equal(statSync(join(metadata, "db.sqlite")).uid, USER);
	});

	test("root's folder behind a link of the service is refused", () => {
		const place = new Place(below);
		mkdirSync(place.path("service"));
		mkdirSync(place.path("root"));
		symlinkSync("../root", place.path("service/meta"));
		lchownSync(place.path("service/meta"), USER, USER);
		assert.match(run(wordsOf("garage", { metadataDir: place.path("service/meta") })).stderr, /is not root's/);
	});
});
