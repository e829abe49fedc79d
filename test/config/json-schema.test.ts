// The schema that `holdfast schema` prints for editors: it accepts what `validate` accepts, and finds slips.
import assert from "node:assert/strict";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { editorJsonSchema } from "../../src/config/json-schema.ts";
import { loadMachines } from "../../src/config/load.ts";
import { readYaml } from "../../src/config/yaml.ts";
import { isRecord } from "../../src/values/record.ts";
import { faultIn } from "../support/json-schema.ts";
import { scratch } from "../support/scratch.ts";

const PROJECT = join(import.meta.dirname, "../..");
const folder = scratch("json-schema");
const schema = { ...editorJsonSchema() };

const state = { notes: { folders: ["/srv/notes"] } };
const tar = { destinations: { disk: { path: "/mnt/disk" } } };
const web = (tag: object, machine: object) => ({
	tags: { web: tag },
	machines: { web01: { tags: ["web"], state, ...machine } },
});
const borg = { repo: "/mnt/borg", encryption: "none" };

/** Each is valid only as a whole. */
const PARTS: Readonly<Record<string, object>> = {
	"a tag's provider is named after its engine": web({ providers: { tar } }, {}),
	"a tag's provider has only a retention": web(
		{ providers: { borgbackup: { retention: { daily: 7 } } } },
		{ providers: { borgbackup: { destinations: { nas: borg } } } },
	),
	"the machine's own has only a retention": web(
		{ providers: { borgbackup: { destinations: { nas: borg } } } },
		{ providers: { borgbackup: { retention: { daily: 7 } } } },
	),
	"a destination in two parts": web(
		{ providers: { restic: { destinations: { nas: { passphraseFile: "/etc/holdfast/key" } } } } },
		{ providers: { restic: { destinations: { nas: { repo: "/mnt/restic" } } } } },
	),
	"the type of a provider comes from the tag": web(
		{ providers: { own: { type: "tar" } } },
		{ providers: { own: tar } },
	),
	"a server's options in two parts": web(
		{ databaseServers: { main: { postgresql: { port: 5433 } } } },
		{ databaseServers: { main: { postgresql: { host: "/run/postgresql" } } }, providers: { tar } },
	),
	"a hook in two parts": web(
		{ state: { notes: { hooks: { preBackup: { script: "true" } } } } },
		{
			state: { notes: { folders: ["/srv/notes"], hooks: { preBackup: { timeout: "1h" } } } },
			providers: { tar },
		},
	),
	"a module without options": {
		machines: { web01: { services: { vaultwarden: null }, providers: { tar } } },
	},
};

for (const [name, config] of Object.entries(PARTS))
	test(name, async () => {
		const file = join(folder, "holdfast.json");
		writeFileSync(file, JSON.stringify(config));
		await loadMachines(file);
		assert.equal(faultIn(config, schema), undefined);
	});

test("every config of the docs passes", () => {
	const pages = ["README.md", ...globSync("docs/**/*.md", { cwd: PROJECT })].map((page) =>
		join(PROJECT, page),
	);
	const blocks = pages.flatMap((file) =>
		[...readFileSync(file, "utf8").matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text = ""]) => ({
			file,
			text,
		})),
	);
	const configs = blocks.map((block) => readYaml(block)).filter((one) => isRecord(one) && "machines" in one);
	assert.ok(configs.length >= 8, String(configs.length));
	for (const config of configs) assert.equal(faultIn(config, schema), undefined, JSON.stringify(config));
});

test("slips are faults", () => {
	for (const config of [
		{ machine: {} },
		{ machines: { web01: { states: {} } } },
		web({ providers: { tar: { destination: {} } } }, {}),
		web({}, { providers: { restic: { destinations: { nas: { repo: "/mnt/x", passfraseFile: "/k" } } } } }),
		web({}, { providers: { own: { type: "tra" } } }),
		web({}, { state: { notes: { folders: "/srv/notes" } } }),
		web({}, { state: { notes: { stopOnBackup: [{ user: "alice" }] } } }),
		web({}, { services: { vaultwarden: { dataFoldr: "/srv" } } }),
	])
		assert.notEqual(faultIn(config, schema), undefined, JSON.stringify(config));
});
