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
	renameSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import * as v from "valibot";
import { argvOf, execAs } from "../../src/host/user-command.ts";
import { type Hook, type State, stateSchema } from "../../src/manifest/state.ts";
import { declares } from "../../src/modules/describe.ts";
import { LIBRARY } from "../../src/modules/library.ts";
import type { Module } from "../../src/modules/module.ts";
import { inOneLine } from "../../src/values/error.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { isRoot } from "../support/tree.ts";

const below = scratch("as-root");
chmodSync(below, 0o755);
const USER = 4242;

function hookOf(name: string, options: object): Hook {
	const { state } = declares(LIBRARY.get(name) as Module, LIBRARY, options, false);
	const hook = v.parse(stateSchema, state[name]).hooks.postRestore;
	assert.ok(hook !== undefined);
	return hook;
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
		(one) =>
			one !== undefined && ("command" in one || "script" in one) && !("user" in one || "asOwnerOf" in one),
	);

test("no module runs SQLite's program, or goes into a folder of its service, as root", () => {
	const seen = new Set<string>();
	for (const module of LIBRARY.values())
		for (const state of statesOf(module))
			for (const one of asRoot(state)) {
				const text = JSON.stringify(one);
				assert.doesNotMatch(text, /sqlite3/, module.name);
				if (!state.folders.some((folder) => text.includes(folder))) continue;
				seen.add(module.name);
			}
	assert.deepEqual([...seen].sort(), Object.keys(REVIEWED));
});

test("matrix-synapse: a trigger in its SQLite file runs no program", () => {
	const place = new Place(below);
	const [file, ran] = [place.path("homeserver.db"), place.path("ran")];
	const keys = "CREATE TABLE e2e_one_time_keys_json(a); INSERT INTO e2e_one_time_keys_json VALUES(1)";
	const trigger = `CREATE TRIGGER t BEFORE DELETE ON e2e_one_time_keys_json BEGIN SELECT edit('x', 'touch ${ran}; true '); END`;
	const forget = argvOf(hookOf("matrix-synapse", { database: { type: "sqlite", file } }), "postRestore");
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
	async function restored(options: { metadataDir: string; snapshotsDir?: string }) {
		const hook = hookOf("garage", options);
		return execAs(hook, argvOf(hook, "postRestore"), {}).then(
			({ code, stderr }) => ({ code, said: stderr.join("\n") }),
			(error) => ({ code: null, said: inOneLine(error) }),
		);
	}
	function placeOf() {
		const place = new Place(below);
		chmodSync(place.folder, 0o755);
		return place;
	}
	const SNAPSHOT = "snapshots/2026-02-03T00:00:00Z/db.sqlite";
	/** A folder of metadata with a live database and a snapshot of another. */
	function metadataOf(folder: string, { owner, live = "live" }: { owner: number; live?: string }) {
		mkdirSync(join(folder, dirname(SNAPSHOT)), { recursive: true });
		writeFileSync(join(folder, SNAPSHOT), "newest");
		writeFileSync(join(folder, "db.sqlite"), live);
		own(folder, owner);
		return join(folder, "db.sqlite");
	}
	const own = (path: string, owner: number) => execFileSync("chown", ["-hR", `${owner}:${owner}`, path]);
	const read = (path: string) => readFileSync(path, "utf8");

	/** `plant` fills the folder of the service; `secret` is root's. */
	async function put(plant: (metadata: string, secret: string) => void) {
		const place = placeOf();
		const metadata = place.path("meta");
		mkdirSync(join(metadata, "snapshots/2026-02-03T00:00:00Z"), { recursive: true });
		const secret = place.write("root/secret", "root's own");
		chmodSync(secret, 0o600);
		plant(metadata, secret);
		own(metadata, USER);
		const { code } = await restored({ metadataDir: metadata });
		assert.equal(read(secret), "root's own");
		return { metadata, code };
	}

	test("a link in the database's place leads nowhere", async () => {
		await put((metadata, secret) => {
			writeFileSync(join(metadata, SNAPSHOT), "theirs");
			symlinkSync(secret, join(metadata, "db.sqlite"));
		});
	});

	test("a link to the snapshots shows nothing that is root's", async () => {
		const { metadata, code } = await put((metadata, secret) => {
			rmSync(join(metadata, "snapshots"), { recursive: true });
			mkdirSync(join(metadata, "../root/2026-02-03T00:00:00Z"), { mode: 0o700 });
			copyFileSync(secret, join(metadata, "../root/2026-02-03T00:00:00Z/db.sqlite"));
			chmodSync(join(metadata, "../root"), 0o700);
			symlinkSync("../root", join(metadata, "snapshots"));
		});
		assert.notEqual(code, 0);
		assert.ok(!existsSync(join(metadata, "db.sqlite")));
	});

	test("it has the owner and content of the snapshot", async () => {
		const { metadata, code } = await put((metadata) => writeFileSync(join(metadata, SNAPSHOT), "newest"));
		assert.equal(code, 0);
		assert.equal(read(join(metadata, "db.sqlite")), "newest");
		assert.equal(statSync(join(metadata, "db.sqlite")).uid, USER);
	});

	test("a link of the service leads to the folder of no other user", async () => {
		for (const other of [0, USER + 1]) {
			const place = placeOf();
			const live = metadataOf(place.path("other"), { owner: other });
			mkdirSync(place.path("service"));
			symlinkSync("../other", place.path("service/meta"));
			own(place.path("service"), USER);
			const { said } = await restored({ metadataDir: place.path("service/meta") });
			assert.match(said, /user 4242 could have created it, so it is not followed/);
			assert.equal(read(live), "live", `of ${other}`);
		}
	});

	test("nor does one behind a link of root's", async () => {
		const place = placeOf();
		const live = metadataOf(place.path("root/meta"), { owner: 0 });
		mkdirSync(place.path("home"));
		symlinkSync("../root", place.path("home/store"));
		own(place.path("home"), USER);
		symlinkSync(place.path("home/store"), place.path("garage"));
		assert.match((await restored({ metadataDir: place.path("garage/meta") })).said, /not followed/);
		assert.equal(read(live), "live");
	});

	test("a folder that a group or another user could have put there is refused", async () => {
		for (const [owner, prepare] of [
			[USER, (parent: string) => chmodSync(parent, 0o775)],
			[0, (parent: string) => lchownSync(parent, USER, USER)],
			[USER, (parent: string) => lchownSync(parent, USER + 1, USER)],
		] as const) {
			const place = placeOf();
			const live = metadataOf(place.path("parent/meta"), { owner });
			lchownSync(place.path("parent"), 0, USER);
			prepare(place.path("parent"));
			const { said } = await restored({ metadataDir: place.path("parent/meta") });
			assert.match(said, /other users could have put it there: they can write to .*parent\b/);
			assert.equal(read(live), "live");
		}
	});

	test("snapshots beside root's link to the metadata on another disk, or where only root may pass", async () => {
		for (const isLink of [true, false]) {
			const place = placeOf();
			const garage = place.path("private/garage");
			mkdirSync(garage, { recursive: true });
			const real = isLink ? place.path("disk/meta") : join(garage, "meta");
			const live = metadataOf(real, { owner: USER });
			if (isLink) symlinkSync(real, join(garage, "meta"));
			else chmodSync(place.path("private"), 0o700);
			renameSync(join(real, "snapshots"), join(garage, "snapshots"));
			const options = { metadataDir: join(garage, "meta"), snapshotsDir: join(garage, "snapshots") };
			assert.deepEqual(await restored(options), { code: 0, said: "" });
			assert.equal(read(live), "newest");
		}
	});
});
