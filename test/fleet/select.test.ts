// Which machines a command is for, and what a tag gives them. No machine is reached.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadConfig, loadMachines } from "../../src/config/load.ts";
import { select } from "../../src/fleet/select.ts";
import { HoldfastError } from "../../src/values/error.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("select");
let count = 0;
function fileOf(text: string): string {
	const file = join(folder, `${count++}.yaml`);
	writeFileSync(file, text);
	return file;
}
const config = async (text: string) => loadMachines(fileOf(text));
const STATE = "state: { s: { folders: [/srv/s] } }";
const FLEET = `
machines:
  web01: { tags: [web, eu], ${STATE} }
  web02: { tags: [web], ${STATE} }
  db01: { tags: [eu], ${STATE} }
`;

test("by name, by tag, all; each once and in the config's order", async () => {
	const fleet = await loadConfig(fileOf(FLEET));
	const names = async (some: readonly string[], tags: readonly string[] = [], all = false) =>
		(await select(fleet, { names: some, tags, all })).map(({ machine }) => machine);
	assert.deepEqual(await names(["db01", "web01"]), ["web01", "db01"]);
	assert.deepEqual(await names([], ["web"]), ["web01", "web02"]);
	assert.deepEqual(await names(["web02"], ["eu"]), ["web01", "web02", "db01"]);
	assert.deepEqual(await names([], [], true), ["web01", "web02", "db01"]);
});

test("what is chosen wrongly is said with what was probably meant", async () => {
	const fleet = { ...(await loadConfig(fileOf(FLEET))), file: "f.yaml" };
	const fault = async (names: string[], tags: string[] = [], all = false) => {
		try {
			await select(fleet, { names, tags, all });
		} catch (error) {
			assert.ok(error instanceof HoldfastError && error.exit === "usage");
			return `${error.message} → ${error.hint}`;
		}
		return "";
	};
	assert.equal(await fault(["web1"]), 'there is no machine "web1" in f.yaml → did you mean "web01"?');
	assert.equal(await fault([], ["wbe"]), 'no machine in f.yaml has the tag "wbe" → did you mean "web"?');
	assert.match(await fault([]), /which machine\? → the machines are: web01, web02, db01; or use --all/);
	assert.match(await fault(["web01"], [], true), /--all cannot be combined/);
	assert.match(await fault(["s"]), /"s" is a state of web01: name it with --service s/);
	await assert.rejects(
		select({ ...fleet, names: [] }, { names: [], tags: [], all: true }),
		/f.yaml has no machine/,
	);
});

test("a tag's options go under the machine's: maps merge, lists add up, the machine has the last word", async () => {
	const machines = await config(`
tags:
  web:
    maxAge: 30h
    schedule: { create: "*-*-* 02:00:00", randomizedDelay: 5m }
    state: { notes: { folders: [/srv/notes], exclude: ["*.tmp"] } }
    providers: { tar: { destinations: { disk: { path: /b } } } }
machines:
  web01:
    tags: [web]
    maxAge: 2h
    state: { notes: { exclude: ["*.bak"] } }
    providers: { tar: { level: 9 } }
`);
	const web01 = machines.get("web01");
	assert.equal(web01?.maxAge, 7200);
	assert.deepEqual(web01?.schedule, { create: "*-*-* 02:00:00", randomizedDelay: 300 });
	assert.deepEqual(web01?.state.notes?.folders, ["/srv/notes"]);
	assert.deepEqual(web01?.state.notes?.exclude, ["*.bak", "*.tmp"]);
	const tar = { type: "tar", level: 9, destinations: { disk: { path: "/b" } } };
	assert.deepEqual(JSON.parse(JSON.stringify(web01?.providers.tar)), tar);
});

test("two tags that say different things are a fault, unless the machine says it itself", async () => {
	const both = (own: string) => `
tags: { a: { maxAge: 1h }, b: { maxAge: 2h } }
machines:
  web01: { tags: [a, b], ${own}${STATE} }
`;
	await assert.rejects(config(both("")), (error: HoldfastError) =>
		/maxAge is set to "1h" by tag "a" and to "2h" by tag "b"/.test(
			[error.message, ...error.details].join("\n"),
		),
	);
	assert.equal((await config(both("maxAge: 3h, "))).get("web01")?.maxAge, 10800);
});

test("a fault in a tag is shown where the tag says it", async () => {
	const text = `tags:
  web:
    stat: {}
    providers: { tar: { destinations: { disk: { paht: /b } } } }
machines:
  web01: { tags: [web], ${STATE} }
`;
	await assert.rejects(config(text), (error: HoldfastError) => {
		assert.match(
			[error.message, ...error.details].join("\n"),
			/yaml:3:5: unknown key "stat".*yaml:4:49: unknown key "paht"/s,
		);
		return true;
	});
});

test("a host, a schedule and a mail address that cannot be are faults with their lines", async () => {
	for (const [own, said] of [
		["host: -oProxyCommand=evil", "is not a host"],
		['schedule: { create: "daily\\nExecStart=/bin/x" }', "is not a calendar event"],
		["notify: [{ email: --help@x }]", "is not a mail address"],
		["maxAge: soon", "write an age such as"],
	] as const)
		await assert.rejects(config(`machines:\n  web01: { ${own}, ${STATE} }\n`), (error: HoldfastError) => {
			assert.match([error.message, ...error.details].join("\n"), new RegExp(said));
			return true;
		});
});

test("a manifest stands for a config, and is of the machine that it lies on", async () => {
	const machines = await config(`machines:\n  web01: { host: root@web01, ${STATE} }\n`);
	const file = join(folder, "manifest.json");
	writeFileSync(file, JSON.stringify(machines.get("web01")));
	const loaded = (await loadMachines(file)).get("web01");
	assert.equal(loaded?.host, undefined);
	assert.deepEqual(loaded?.state, machines.get("web01")?.state);
	writeFileSync(file, JSON.stringify({ version: 1, machine: "web01", state: {} }));
	await assert.rejects(loadMachines(file), /providers/);
});
