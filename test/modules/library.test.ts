// The library: every module has the same shape; and what single modules compute.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import * as v from "valibot";
import { stateSchema } from "../../src/manifest/state.ts";
import { declares, optionsJsonSchema, usually } from "../../src/modules/describe.ts";
import { LIBRARY } from "../../src/modules/library.ts";
import type { Module } from "../../src/modules/module.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("library");

describe("the library: one shape", () => {
	for (const module of LIBRARY.values())
		test(module.name, () => {
			assert.match(module.name, /^[a-z][a-z0-9-]*$/);
			assert.ok(module.about.length > 20 && !module.about.endsWith("."), "says what it keeps");
			assert.ok(module.sources.length > 0 && module.sources.every((one) => one.startsWith("https://")));
			assert.ok(module.proven === "application" || module.proven === "stand-in");
			const described = Object.entries(optionsJsonSchema(module).properties ?? {});
			for (const [name, { description, anyOf }] of described)
				assert.ok(description !== undefined || anyOf?.some((one) => one.description), `${name} is described`);
			const { state } = usually(module);
			for (const one of Object.values(state ?? {})) assert.ok(v.safeParse(stateSchema, one).success);
			for (const other of module.uses ?? []) assert.ok(LIBRARY.has(other), `${other} is a module`);
		});
});

test("garage's newest snapshot becomes its database, in each layout that Garage has had", () => {
	const { state } = declares(LIBRARY.get("garage") as Module, LIBRARY, {}, false);
	const { hooks } = v.parse(stateSchema, state.garage);
	assert.ok(hooks.postRestore !== undefined && "command" in hooks.postRestore);
	assert.equal(hooks.postRestore.asOwnerOf, "/var/lib/garage/meta");
	const [shell = "", flags = "", script = "", ...rest] = hooks.postRestore.command;
	assert.deepEqual(rest, ["sh", "/var/lib/garage/meta/snapshots", "snapshots"]);
	const absent = join(folder, "garage-absent");
	const layouts = {
		"2026-02-03T00:00:00Z/db.lmdb/data.mdb": "db.lmdb/data.mdb",
		"2026-02-03T00:00:00Z/db.sqlite": "db.sqlite",
		"2026-02-03T00:00:00Z/db.fjall/keyspaces/x": "db.fjall/keyspaces/x",
		"2026-02-03T00:00:00Z/data.mdb": "db.lmdb/data.mdb",
		"2026-02-03T00:00:00Z": "db.sqlite",
	};
	for (const [stored, wanted] of Object.entries(layouts)) {
		const metadata = join(folder, `garage-${stored.replaceAll("/", "-")}`);
		for (const [name, content] of [
			[stored.replace("02-03", "02-02"), "older"],
			[stored, "newest"],
		] as const) {
			const file = join(metadata, "snapshots", name);
			mkdirSync(dirname(file), { recursive: true });
			writeFileSync(file, content);
		}
		execFileSync(shell, [flags, script, "sh", absent, "snapshots"], { cwd: metadata });
		assert.equal(readFileSync(join(metadata, wanted), "utf8"), "newest", stored);
	}
	const empty = join(folder, "garage-empty");
	mkdirSync(empty);
	assert.throws(
		() => execFileSync(shell, [flags, script, "sh", empty, "."], { cwd: empty, stdio: "pipe" }),
		/no snapshot of Garage's metadata/,
	);
});

/** Of the module's first state. */
const declared = (name: string, options: object = {}, nixos = false) =>
	Object.values(declares(LIBRARY.get(name) as Module, LIBRARY, options, nixos).state)[0];

test("an application is stopped for a backup where files that it writes are not named", () => {
	for (const [name, options, nixos, stopped] of [
		["adguard-home", {}, false, ["AdGuardHome.service"]],
		["ntfy", {}, false, ["ntfy.service"]],
		["ntfy", { databases: ["/var/lib/ntfy/user.db"] }, false, []],
		["ntfy", {}, true, []],
		["freshrss", {}, false, ["php8.4-fpm.service"]],
		["freshrss", { users: ["anna"] }, false, []],
	] as const)
		assert.deepEqual(declared(name, options, nixos)?.stopOnBackup ?? [], stopped, name);
	const { faults } = declares(LIBRARY.get("freshrss") as Module, LIBRARY, { units: [] }, false);
	assert.match(JSON.stringify(faults), /name its users or its units/);
});

test("a minimal config needs nothing that only some installations have", () => {
	for (const [name, folder] of [
		["dovecot", "/var/vmail"],
		["redis", "/var/lib/redis"],
		["valkey", "/var/lib/valkey"],
		["prometheus", "/var/lib/prometheus"],
		["garage", "/var/lib/garage/meta"],
	] as const)
		assert.deepEqual(declared(name)?.folders, [folder]);
	assert.deepEqual(declared("jellyfin")?.folders, ["/var/lib/jellyfin", "/etc/jellyfin"]);
	assert.deepEqual(declared("pi-hole", {}, true)?.folders, ["/var/lib/pihole"]);
});

test("a server of Redis on NixOS is named with or without redis-", () => {
	const own = (name: string) => declared("redis", { instances: { [name]: {} } }, true);
	assert.deepEqual(own("redis-paperless"), own("paperless"));
	assert.deepEqual(own("paperless")?.folders, ["/var/lib/redis-paperless"]);
});
