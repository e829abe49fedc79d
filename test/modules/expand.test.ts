// The module system: how options and states are combined, and the messages when they cannot be.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import fc from "fast-check";
import * as v from "valibot";
import { loadMachines } from "../../src/config/load.ts";
import { configSchema, machineSchema, userStateSchema } from "../../src/config/schema.ts";
import { manifestSchema } from "../../src/manifest/schema.ts";
import { stateSchema } from "../../src/manifest/state.ts";
import { declares, optionsJsonSchema, usually } from "../../src/modules/describe.ts";
import { expandServices } from "../../src/modules/expand.ts";
import { LIBRARY } from "../../src/modules/library.ts";
import { byDefault, type Conflict, merge } from "../../src/modules/merge.ts";
import { defineModule, type Module } from "../../src/modules/module.ts";
import type { HoldfastError } from "../../src/values/error.ts";
import * as f from "../../src/values/fields.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("modules");
let files = 0;

async function load(text: string, others: Record<string, string> = {}) {
	const below = join(folder, String(files++));
	mkdirSync(below);
	for (const [name, content] of Object.entries(others)) writeFileSync(join(below, name), content);
	const file = join(below, "holdfast.yaml");
	writeFileSync(file, text);
	return (await loadMachines(file)).get("web01");
}

async function faultOf(text: string, others: Record<string, string> = {}): Promise<string> {
	try {
		await load(text, others);
	} catch (error) {
		const { message, details, hint } = error as HoldfastError;
		return [message, ...details, hint].join("\n");
	}
	throw new Error("no fault was found");
}

const machineOf = (lines: string) =>
	`machines:\n  web01:\n${lines}\n    providers: { tar: { destinations: { disk: { path: /mnt/archives } } } }\n`;

describe("services in a config", () => {
	test("a module's states are those of the machine; a database belongs to the state that asked for it", async () => {
		const manifest = await load(machineOf("    services:\n      matrix-synapse:\n      postgresql: {}"));
		assert.deepEqual(Object.keys(manifest?.state ?? {}), ["matrix-synapse", "postgresql"]);
		assert.deepEqual(manifest?.state["matrix-synapse"]?.dumps, [
			{ postgresql: "matrix-synapse", excludeTableData: ["e2e_one_time_keys_json"] },
		]);
		assert.deepEqual(manifest?.state.postgresql?.dumps, [{ postgresql: "*", except: ["matrix-synapse"] }]);
	});

	test("without a line for the server, only the databases that were asked for are kept", async () => {
		const manifest = await load(machineOf("    services: { matrix-synapse: }"));
		assert.deepEqual(Object.keys(manifest?.state ?? {}), ["matrix-synapse"]);
	});

	test("a user adds to lists, overrides single values, and replaces what they name", async () => {
		const manifest = await load(
			machineOf(
				"    services: { vaultwarden: {} }\n    state:\n      vaultwarden:\n        replace: [exclude]\n        exclude: ['*.bak']\n        folders: [/etc/vaultwarden]\n        settle: 9s\n        hooks: { preBackup: 'true' }",
			),
		);
		const state = manifest?.state.vaultwarden;
		assert.deepEqual(state?.exclude, ["*.bak"]);
		assert.deepEqual(state?.folders, ["/var/lib/vaultwarden", "/etc/vaultwarden"]);
		assert.equal(state?.settle, 9);
		assert.deepEqual(state?.hooks.preBackup, { script: "true", timeout: 3600 });
	});

	test("a command that a tag gives a module gives way to the machine's; a list adds to it", async () => {
		const tag = "tags:\n  all: { services: { nextcloud: { occ: [php, occ], previews: false } } }\n";
		const own = "    tags: [all]\n    services: { nextcloud: { occ: [my-occ] } }";
		const hooks = (await load(tag + machineOf(own)))?.state.nextcloud?.hooks;
		assert.match(JSON.stringify(hooks), /my-occ/);
		assert.doesNotMatch(JSON.stringify(hooks), /php/);
	});

	test("names of NixOS where the machine is one", async () => {
		const manifest = await load(machineOf("    system: nixos\n    services: { grafana: {}, zerotier: {} }"));
		assert.deepEqual(manifest?.state.grafana?.stopOnRestore, [{ unit: "grafana.service" }]);
		assert.deepEqual(manifest?.state.zerotier?.stopOnRestore, [{ unit: "zerotierone.service" }]);
	});

	test("an unknown module, with the one that was meant and the line", async () => {
		const fault = await faultOf(machineOf("    services:\n      grafanna: {}"));
		assert.match(fault, /holdfast\.yaml:4:7: there is no module "grafanna"; did you mean "grafana"\?/);
	});

	test("an unknown or wrong option, with its line", async () => {
		const unknown = await faultOf(machineOf("    services:\n      grafana:\n        dataDirr: /x"));
		assert.match(unknown, /holdfast\.yaml:5:9/);
		assert.match(unknown, /dataDirr/);
		const wrong = await faultOf(machineOf("    services:\n      grafana:\n        dataDir: x"));
		assert.match(wrong, /"x" is relative; write the absolute path/);
	});

	test("a fault in what a module yields is shown at the module's line, and names it", async () => {
		const fault = await faultOf(machineOf("    services:\n      folders: { one: /srv/a, two: /srv/a }"));
		assert.match(fault, /"\/srv\/a" belongs to state "one" already/);
		assert.match(fault, /state "two" of module "folders"/);
		assert.match(fault, /holdfast\.yaml:4:7/);
	});

	test("a password in an option is an unknown key: secrets are never values", async () => {
		assert.match(
			await faultOf(
				machineOf("    services:\n      redis:\n        instances: { redis: { password: secret } }"),
			),
			/password/,
		);
	});

	test("a module of the user's own, in a file beside the config, may ask modules of the library", async () => {
		const module = `import { byDefault, defineModule, v } from "holdfast";
export const shop = defineModule({
	name: "shop", about: "our shop", sources: ["https://example.org"], uses: ["postgresql"],
	options: v.strictObject({ size: v.optional(v.number(), 3) }),
	yields: ({ size }, { name }) => ({
		state: { shop: { folders: ["/srv/" + name + size], settle: 4 } },
		services: { postgresql: { databases: { shop: { state: "shop", port: byDefault(5433) } } } },
	}),
});
`;
		const manifest = await load(`modules: [shop.ts]\n${machineOf("    services: { shop: { size: 7 } }")}`, {
			"shop.ts": module,
		});
		assert.deepEqual(manifest?.state.shop?.folders, ["/srv/web017"]);
		assert.deepEqual(manifest?.state.shop?.dumps, [{ postgresql: "shop", port: 5433 }]);
		const firm = module.replace("byDefault(5433)", "5433");
		const text = "    services:\n      shop:\n      postgresql: { databases: { shop: { port: 5434 } } }";
		assert.match(
			await faultOf(`modules: [shop.ts]\n${machineOf(text)}`, { "shop.ts": firm }),
			/databases\.shop\.port is 5434 by holdfast\.yaml and 5433 by module "shop"/,
		);
		const overridden = await load(`modules: [shop.ts]\n${machineOf(text)}`, { "shop.ts": module });
		assert.deepEqual(overridden?.state.shop?.dumps, [{ postgresql: "shop", port: 5434 }]);
	});

	test("a command of a module of the user's own is one value, too", async () => {
		const module = `import { argv, defineModule, v } from "holdfast";
export const shop = defineModule({
	name: "shop", about: "our shop", sources: ["https://example.org"],
	options: v.strictObject({ tool: argv, folders: v.array(v.string()) }),
	yields: ({ tool, folders }) => ({ state: { shop: { folders, hooks: { preBackup: tool } } } }),
});
`;
		const tag = "tags: { all: { services: { shop: { tool: [sh, x], folders: [/srv/a] } } } }";
		const own = "    tags: [all]\n    services: { shop: { tool: [own, own], folders: [/srv/b] } }";
		const manifest = await load(`modules: [shop.ts]\n${tag}\n${machineOf(own)}`, { "shop.ts": module });
		assert.deepEqual(manifest?.state.shop?.hooks.preBackup, { command: ["own", "own"], timeout: 3600 });
		assert.deepEqual(manifest?.state.shop?.folders.toSorted(), ["/srv/a", "/srv/b"]);
	});

	test("a file that exports something else is refused with a word on what to write", async () => {
		assert.match(
			await faultOf(`modules: [x.ts]\n${machineOf("    services: { shop: {} }")}`, {
				"x.ts": "export const x = 1;",
			}),
			/what it exports is not a module/,
		);
	});
});

describe("expansion", () => {
	const plain = (name: string, uses: string[] = [], services: object = {}): Module =>
		defineModule({
			name,
			about: name,
			sources: [],
			uses,
			options: v.looseObject({}),
			yields: () => ({ services: services as never }),
		}) as unknown as Module;
	const expand = (modules: readonly Module[], services: Record<string, object>, state = {}) =>
		expandServices({
			machine: "web01",
			nixos: false,
			services,
			state,
			file: "holdfast.yaml",
			find: (name) => modules.find((one) => one.name === name),
		});

	test("modules that use each other in a circle are named", () => {
		const modules = [plain("a", ["b"]), plain("b", ["c"]), plain("c", ["a"])];
		assert.deepEqual(expand(modules, { a: {} }).faults, [
			{ path: ["services", "a"], message: "the modules use each other: a → b → c → a" },
		]);
	});

	test("a module is asked once, after all that may set its options, in whatever order they are written", () => {
		fc.assert(
			fc.property(fc.shuffledSubarray(["a", "b", "c", "d"], { minLength: 1 }), (names) => {
				const asked: string[] = [];
				const chain = (name: string, uses: string[]): Module => {
					const module = plain(name, uses, Object.fromEntries(uses.map((one) => [one, { from: [name] }])));
					return {
						...module,
						yields: (options, machine) => {
							asked.push(name);
							return module.yields(options, machine);
						},
					};
				};
				const modules = [chain("a", ["b", "c"]), chain("b", ["d"]), chain("c", ["d"]), chain("d", [])];
				const { faults } = expand(modules, Object.fromEntries(names.map((name) => [name, {}])));
				assert.deepEqual(faults, []);
				assert.equal(new Set(asked).size, asked.length);
				for (const [before, after] of [
					["a", "b"],
					["a", "c"],
					["b", "d"],
					["c", "d"],
				] as const)
					if (asked.includes(before)) assert.ok(asked.indexOf(before) < asked.indexOf(after));
			}),
		);
	});
});

describe("merging", () => {
	const json = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);

	const any = v.unknown();

	test("one definition is itself; one that is repeated changes nothing", () => {
		fc.assert(
			fc.property(json, (value) => {
				const conflicts: Conflict[] = [];
				const one = { value, by: "a" };
				assert.deepEqual(merge([one], conflicts, any), value);
				const merged = merge([one, one], conflicts, any);
				assert.deepEqual(merge([one, one, one], conflicts, any), merged);
				assert.deepEqual(conflicts, []);
			}),
		);
	});

	test("a command is one value: no word of it is left out, and two are not made one", () => {
		const conflicts: Conflict[] = [];
		const own = { hooks: { preBackup: ["sh", "-c", "x", "sh"] }, healthChecks: [{ command: ["a", "a"] }] };
		const theirs = { hooks: { preBackup: ["true"] }, healthChecks: [{ command: ["a", "a"] }] };
		assert.deepEqual(merge([{ value: own, by: "a" }], conflicts, stateSchema), own);
		assert.deepEqual(
			merge(
				[
					{ value: own, by: "a" },
					{ value: theirs, by: "b", isDefault: true },
				],
				conflicts,
				stateSchema,
			),
			own,
		);
		assert.equal(conflicts.length, 0);
		merge(
			[
				{ value: own, by: "a" },
				{ value: theirs, by: "b" },
			],
			conflicts,
			stateSchema,
		);
		assert.match(
			conflicts[0]?.message ?? "",
			/hooks\.preBackup is \["sh","-c","x","sh"\] by a and \["true"\] by b/,
		);
	});

	test("every key that a config or a module's options have for a command is known as one", () => {
		const commands = new Set<string>();
		const seen = new Set<unknown>();
		/** Every map, and those of its keys whose value may be a program with its arguments. */
		const walk = (node: unknown, key: string, map: unknown) => {
			if (typeof node !== "object" || node === null) return;
			if (node === f.argv) isOneValue(key, map as v.GenericSchema);
			if (seen.has(node) && node !== f.argv) return;
			seen.add(node);
			const { entries, ...rest } = node as Record<string, unknown>;
			for (const [name, one] of Object.entries(entries ?? {})) walk(one, name, node);
			for (const one of Object.values(rest)) walk(one, key, map);
		};
		const isOneValue = (key: string, map: v.GenericSchema) => {
			commands.add(key);
			const conflicts: Conflict[] = [];
			const one = { value: { [key]: ["a", "b", "a"] }, by: "x" };
			const other = { value: { [key]: ["c"] }, by: "y", isDefault: true };
			assert.deepEqual(merge([one, other], conflicts, map), { [key]: ["a", "b", "a"] }, key);
		};
		for (const schema of [configSchema, machineSchema, userStateSchema, manifestSchema])
			walk(schema, "", undefined);
		for (const module of LIBRARY.values()) walk(module.options, "", undefined);
		for (const key of ["command", "passphraseCommand", "preBackup", "get", "occ"])
			assert.ok(commands.has(key), [...commands].join(" "));
	});

	test("a list of a module's own is a command where its schema says so, and adds up otherwise", () => {
		const schema = v.strictObject({
			some: v.optional(v.strictObject({ tool: v.optional(v.pipe(f.argv, v.description("a tool"))) })),
			words: v.optional(v.array(f.text)),
		});
		const one = { value: { some: { tool: ["a", "a"] }, words: ["x"] }, by: "a" };
		const other = { value: { some: { tool: ["b"] }, words: ["y"] }, by: "b", isDefault: true };
		const merged = { some: { tool: ["a", "a"] }, words: ["x", "y"] };
		assert.deepEqual(merge([one, other], [], schema), merged);
	});

	test("a default gives way, whatever the order; two that are firm and differ are named both", () => {
		const firm = { value: { port: 1 }, by: "holdfast.yaml" };
		const soft = { value: { port: byDefault(2) }, by: 'module "x"' };
		for (const definitions of [
			[firm, soft],
			[soft, firm],
		]) {
			const conflicts: Conflict[] = [];
			assert.deepEqual(merge(definitions, conflicts, any), { port: 1 });
			assert.deepEqual(conflicts, []);
		}
		const conflicts: Conflict[] = [];
		merge([firm, { value: { port: 3 }, by: 'module "y"' }], conflicts, any);
		assert.match(conflicts[0]?.message ?? "", /port is 1 by holdfast\.yaml and 3 by module "y"/);
	});
});

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
	const [shell = "", flags = "", script = "", ...rest] = (state.garage?.hooks?.postRestore ?? []) as string[];
	assert.deepEqual(rest, ["sh", "/var/lib/garage/meta", "/var/lib/garage/meta/snapshots"]);
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
		execFileSync(shell, [flags, script, "sh", metadata, join(metadata, "snapshots")]);
		assert.equal(readFileSync(join(metadata, wanted), "utf8"), "newest", stored);
	}
	const empty = join(folder, "garage-empty");
	mkdirSync(empty);
	assert.throws(
		() => execFileSync(shell, [flags, script, "sh", empty, empty], { stdio: "pipe" }),
		/no snapshot of Garage's metadata/,
	);
});
