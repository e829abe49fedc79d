// How expensive a config of many machines is, and what is reported if it is wrong in many places.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import * as v from "valibot";
import { manifestJsonSchema } from "../../src/config/json-schema.ts";
import { loadConfig, loadMachines } from "../../src/config/load.ts";
import type { JsonSchema } from "../../src/manifest/json-keys.ts";
import { manifestSchema } from "../../src/manifest/schema.ts";
import type { HoldfastError } from "../../src/values/error.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { fleetConfig } from "./fleet.ts";

const folder = scratch("pipeline");
let files = 0;
function fileOf(text: string, name = `${files++}.yaml`): string {
	const file = join(folder, name);
	writeFileSync(file, text);
	return file;
}

async function faultsOf(loaded: Promise<unknown>): Promise<string[]> {
	const { message, details } = await loaded.then(
		() => assert.fail("the config was accepted"),
		(error: HoldfastError) => error,
	);
	return [message, ...details.filter((line) => /\.(yaml|ts):/.test(line))].map((line) =>
		line.replace(`${folder}/`, ""),
	);
}

describe("all that is wrong is said in one round", () => {
	test("two renamed keys of one state, one of another, a key of the file, and what the fields mean together", async () => {
		const file = fileOf(
			`sshConfg: x
machines:
  web01:
    state:
      a: { folders: [/srv/a], checks: [], expect: 2h, folder: /srv }
      b: { folders: [/srv/b], after: [elsewhere] }
      d: { folders: [srv] }
    providers: { tar: { destinations: { d: { path: /srv/b/x } } } }
  web02: 7
`,
			"rounds.yaml",
		);
		assert.deepEqual(await faultsOf(loadMachines(file)), [
			'rounds.yaml:1:1: unknown key "sshConfg"; did you mean "sshConfig"? (sshConfg)',
			'rounds.yaml:5:31: unknown key "checks"; did you mean "healthChecks"? (machines.web01.state.a.checks)',
			'rounds.yaml:5:43: unknown key "expect"; did you mean "maxAge"? (machines.web01.state.a.expect)',
			'rounds.yaml:5:55: unknown key "folder"; did you mean "folders"? (machines.web01.state.a.folder)',
			'rounds.yaml:6:39: state "elsewhere" does not exist (machines.web01.state.b.after.0)',
			'rounds.yaml:7:22: "srv" is relative; write the absolute path, like "/srv" (machines.web01.state.d.folders.0)',
			'rounds.yaml:8:46: "/srv/b/x" overlaps "/srv/b" of state "b"; keep archives outside the folders that are backed up, preferably on another disk (machines.web01.providers.tar.destinations.d.path)',
			"rounds.yaml:9:3: expected a map, found 7 (machines.web02)",
		]);
	});

	test("a retention by age in weeks, months and years, and one of minutes, which were meant to be months", async () => {
		const written = (within: string) =>
			fileOf(`machines:
  web01:
    state: { a: { folders: [/srv/a] } }
    providers: { tar: { retention: { keepWithin: ${within} }, destinations: { usb: { path: /mnt/usb } } } }
`);
		for (const within of ["1h", "4w", "1month", "3months", "1y", "2 years", "60m"])
			assert.equal((await loadMachines(written(within))).size, 1, within);
		for (const [within, hint] of [
			["1m", '"m" means minutes; for months, write a time like "3months"'],
			["59m", '"m" means minutes'],
			["30s", 'write a time like "24h"'],
			["0d", 'write a time like "24h"'],
		] as const) {
			const [fault = ""] = await faultsOf(loadMachines(written(within)));
			assert.ok(
				fault.includes(`yaml:4:38: "${within}" keeps archives for less than an hour; ${hint}`),
				fault,
			);
		}
		const [fault = ""] = await faultsOf(loadMachines(written("1M")));
		assert.match(fault, /write a time like "24h", "7d", "4w", "3months" or "1y"/);
	});

	test("a localbackup provider that says twice what to keep, as 0.1.0 allowed, is valid with a warning", async () => {
		const place = new Place(scratch("warned"));
		place.write("data/file", "x");
		const usb = { directory: place.path("usb") };
		place.declare({
			state: { data: { folders: [place.path("data")] } },
			providers: { localbackup: { snapshots: 20, retention: { daily: 7 }, destinations: { usb } } },
		});
		for (const command of ["validate", "create"]) {
			const { stderr } = await place.holdfast(command);
			assert.doesNotMatch(stderr, /config-invalid/);
			assert.match(stderr, /^! provider "localbackup" of "web01": "snapshots" is ignored because/m);
		}
		assert.equal((await place.holdfast("validate")).code, 0);
	});

	test("a number out of bounds, the beginning of an engine's name, and the way to notify that was probably meant", async () => {
		const file = fileOf(
			`machines:
  web01:
    state: { a: { folders: [/srv/a] } }
    providers:
      borg: { destinations: { d: { repo: /srv/b } } }
      tar: { destinations: { d: { path: /mnt/t } }, retention: { daily: 1.5, weekly: -1 } }
    notify: [{ ntfi: https://ntfy.sh/x }]
`,
			"meant.yaml",
		);
		const types = '"tar" | "borgbackup" | "restic" | "localbackup" | "command"';
		assert.deepEqual(await faultsOf(loadMachines(file)), [
			`meant.yaml:5:7: the key "type" is missing; the types are: ${types}; did you mean "borgbackup"? (machines.web01.providers.borg.type)`,
			"meant.yaml:6:66: expected a whole number, found 1.5 (machines.web01.providers.tar.retention.daily)",
			"meant.yaml:6:78: expected at least 0, found -1 (machines.web01.providers.tar.retention.weekly)",
			'meant.yaml:7:16: unknown key "ntfi"; did you mean "ntfy"? (machines.web01.notify.0.ntfi)',
		]);
	});

	test("an unknown key is answered with the keys of the kind that was meant", async () => {
		const file = fileOf(
			`machines:
  web01:
    state:
      s:
        folders: [/srv/a]
        dumps:
          - mongodb: x
          - { postgres: x, exept: [a] }
          - user: x
          - { mariadb: x, sokcet: /x }
        hooks: { preBackup: { comand: [a], usr: x } }
        healthChecks:
          - ping: x
          - { command: [a], statu: 200 }
          - sqlite: /x
    notify:
      - slack: x
      - {}
      - { ntfy: https://ntfy.sh/x, email: x }
    providers:
      own:
        type: borgbackup
        destinations: { d: { path: /x, compresion: 1 } }
      restic: { destinations: { d: { repo: /x, passwordFile: /x, passphraseFle: /p } } }
`,
			"kinds.yaml",
		);
		const borg =
			"repo, server, passphraseFile, passphraseCommand, passphraseCredential, encryption, keyFile, relocated, rsh, remotePath, mountpoint";
		const restic =
			"repo, repoFile, passphraseFile, passphraseCommand, passphraseCredential, environmentFile, options, mountpoint";
		const said = await faultsOf(loadMachines(file));
		assert.deepEqual(
			said.map((line) => line.replace("kinds.yaml:", "").replace(/ \([^()]+\)$/, "")),
			[
				'7:13: unknown key "mongodb"; the kinds are: postgresql, mariadb, sqlite, redis, command',
				'8:15: unknown key "postgres"; did you mean "postgresql"?',
				'8:28: unknown key "exept"; did you mean "except"?',
				'9:13: "user" names no kind; the kinds are: postgresql, mariadb, sqlite, redis, command',
				'10:27: unknown key "sokcet"; did you mean "socket"?',
				'11:31: unknown key "comand"; did you mean "command"?',
				'11:44: unknown key "usr"; did you mean "user"?',
				'13:13: unknown key "ping"; the kinds are: http, script, command, sql',
				'14:29: unknown key "statu"; the keys here are: command, user, asOwnerOf, within',
				'15:13: the key "sql" is missing',
				'17:9: unknown key "slack"; the kinds are: healthchecks, ntfy, email, command',
				"18:9: it is empty; the kinds are: healthchecks, ntfy, email, command",
				'19:36: unknown key "email"; the keys here are: ntfy, tokenFile, on',
				'23:25: the key "repo" is missing',
				`23:30: unknown key "path"; the keys here are: ${borg}`,
				`23:40: unknown key "compresion"; the keys here are: ${borg}`,
				`24:48: unknown key "passwordFile"; the keys here are: ${restic}`,
				'24:66: unknown key "passphraseFle"; did you mean "passphraseFile"?',
			],
		);
	});

	test("what a tag says wrongly is said once, in its line; what a module says, in the line that asks for it", async () => {
		const file = fileOf(
			`tags:
  web: { state: { s: { foldrs: [/srv/s] } } }
machines:
  a: { tags: [web], services: { grafana: { dataDirr: /x, unitss: [] } } }
  b: { tags: [web], services: { folders: { one: srv } } }
`,
			"tag.yaml",
		);
		const faults = await faultsOf(loadMachines(file));
		assert.deepEqual(
			faults.map((line) => /^tag\.yaml:(\S+) (.*?)[;(]/.exec(line)?.slice(1).join(" ").trim()),
			[
				'2:24: unknown key "foldrs"',
				'4:44: unknown key "dataDirr"',
				'4:58: unknown key "unitss"',
				'5:44: "srv" is relative',
			],
		);
	});

	test("each line of TypeScript and JSON too", async () => {
		const typed = fileOf(
			`const host: string = "root@web01";
export default {
	machines: {
		web01: { host, tgas: ["x"] as string[], state: { a: { folders: [
			"/srv/a",
			"srv/b",
		] } } },
	},
};
`,
			"lines.ts",
		);
		assert.deepEqual(
			(await faultsOf(loadMachines(typed))).map((line) => line.split(" ")[0]),
			["lines.ts:4:18:", "lines.ts:6:4:"],
		);
	});
});

describe("a command for one machine", () => {
	test("asks the modules of that one, and of its faults and the file's only", async () => {
		const counted = `import { defineModule, v } from "holdfast";
export const counted = defineModule({ name: "counted", about: "counts", sources: [], options: v.strictObject({}),
	yields: (_, { name }) => { globalThis.asked.push(name); return { state: { counted: { folders: ["/srv/counted"] } } }; } });
`;
		fileOf(counted, "counted.ts");
		const asked: string[] = [];
		Object.assign(globalThis, { asked });
		const fleet = fleetConfig(50, 4).replaceAll(
			"    state:\n",
			"    services: { counted: {} }\n    state:\n",
		);
		const config = await loadConfig(
			fileOf(`modules: [counted.ts]\n${fleet}  broken: { stat: {}, services: { counted: {} } }\n`),
		);
		assert.equal(config.names.length, 52);
		const one = await config.resolve(["web7"]);
		assert.deepEqual(asked, ["web7"]);
		assert.deepEqual([...one.keys()], ["web7"]);
		assert.deepEqual(Object.keys(one.get("web7")?.state ?? {}), ["counted", "app0", "app1", "app2", "app3"]);
		const { providers } = one.get("web7") ?? {};
		assert.match(JSON.stringify(providers?.borgbackup), /ssh:\/\/borg@vault\//);
		await assert.rejects(config.resolve(), /unknown key "stat"/);
		await assert.rejects(config.resolve(["broken"]), /unknown key "stat"/);
		assert.equal(asked.length, 1 + 51 + 1);
	});
});

test("what the schema of a config yields is what the schema of the manifest accepts, and nothing shorter", async () => {
	for (const [, manifest] of await loadMachines(fileOf(fleetConfig(2, 8)))) {
		assert.deepEqual(
			JSON.parse(JSON.stringify(v.parse(manifestSchema, manifest))),
			JSON.parse(JSON.stringify(manifest)),
		);
		for (const change of [
			{ maxAge: "26h" },
			{ state: { a: { ...manifest.state.app0, settle: "3s" } } },
			{ state: { a: { ...manifest.state.app0, stopOnRestore: ["app"] } } },
			{ state: { a: { ...manifest.state.app0, hooks: { preBackup: "true" } } } },
			{ state: { a: { folders: ["/srv/a"] } } },
		])
			assert.ok(!v.is(manifestSchema, { ...manifest, ...change }), JSON.stringify(change));
	}
});

test("nothing is asked of a manifest that those of 0.1.0 do not have", () => {
	const { required, properties } = manifestJsonSchema();
	assert.deepEqual(required, ["version", "machine", "state", "providers"]);
	const { additionalProperties: state } = properties?.state ?? {};
	const needed = "folders exclude dumps hooks stopOnBackup stopOnRestore after settle healthChecks";
	assert.deepEqual((state as JsonSchema).required, needed.split(" "));
});
