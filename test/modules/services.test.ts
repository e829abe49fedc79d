// `services` in a config: the states that its modules yield, what a user adds to them, and the messages for mistakes.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { loadMachines } from "../../src/config/load.ts";
import type { HoldfastError } from "../../src/values/error.ts";
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
		assert.match(fault, /holdfast\.yaml:4:7: module "grafanna" does not exist; did you mean "grafana"\?/);
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
		assert.match(fault, /"\/srv\/a" already belongs to state "one"/);
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
			/databases\.shop\.port is set to 5434 by holdfast\.yaml and to 5433 by module "shop"/,
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
			/it exports something that is not a module/,
		);
	});
});
