// What machines of one config must not share: a repository on a backup server, and a host.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { requireSameMachine } from "../../src/cli/rollout.ts";
import { loadMachines } from "../../src/config/load.ts";
import { layoutOf } from "../../src/fleet/layout.ts";
import type { Place } from "../../src/fleet/place.ts";
import { targetHere } from "../../src/fleet/target.ts";
import type { HoldfastError } from "../../src/values/error.ts";
import { scratch } from "../support/scratch.ts";

const below = scratch("servers");
const STATE = "state: { s: { folders: [/srv/a] } }";
const TAR = "providers: { tar: { destinations: { d: { path: /b } } } }";

function load(text: string) {
	const file = join(below, "holdfast.yaml");
	writeFileSync(file, text);
	return loadMachines(file);
}

const refused = (text: string, ...said: RegExp[]) =>
	assert.rejects(load(text), (error: HoldfastError) => {
		for (const words of said) assert.match([error.message, ...error.details].join("\n"), words);
		return true;
	});

describe("destinations on a backup server", () => {
	const providers = (text: string) =>
		`machines:\n  nas: { host: root@nas, borgServer: {} }\n  box: { host: root@box, borgServer: {} }\n  web01: { host: root@web01, ${STATE}, providers: ${text} }\n`;

	test("two of one server are refused, in one provider and in two; each of its own is right", async () => {
		await refused(
			providers("{ borgbackup: { destinations: { one: { server: nas }, two: { server: nas } } } }"),
			/yaml:4:.*borgbackup\/one and borgbackup\/two would share the repository of this machine on "nas"/,
		);
		await refused(
			providers(
				"{ borgbackup: { destinations: { one: { server: nas } } }, other: { type: borgbackup, destinations: { two: { server: nas } } } }",
			),
			/borgbackup\/one and other\/two would share/,
		);
		await load(providers("{ borgbackup: { destinations: { one: { server: nas }, two: { server: box } } } }"));
	});

	for (const [host, reached] of [
		["root@fd00::5", "[fd00::5]"],
		["ssh://root@[fd00::5]:2222", "[fd00::5]:2222"],
		["root@fe80::1%eth0", "[fe80::1%eth0]"],
		["::ffff:192.0.2.1", "[::ffff:192.0.2.1]"],
		["root@192.0.2.1", "192.0.2.1"],
		["ssh://root@nas:2222", "nas:2222"],
		["ssh://root@192.0.2.1:22", "192.0.2.1:22"],
		["nas.example.org", "nas.example.org"],
	] as const)
		test(`the address of a server at ${host}`, async () => {
			const machines = await load(
				`machines:\n  nas: { host: "${host}", borgServer: {} }\n  web01: { ${STATE}, providers: { borgbackup: { destinations: { d: { server: nas } } } } }\n`,
			);
			const provider = machines.get("web01")?.providers.borgbackup;
			assert.ok(provider?.type === "borgbackup");
			assert.equal(provider.destinations.d?.repo, `ssh://borg@${reached}/var/lib/holdfast-borg/web01`);
		});

	test("a server's own address is in brackets as well", async () => {
		const machines = await load(
			`machines:\n  nas: { borgServer: { address: "fd00::5" } }\n  web01: { ${STATE}, providers: { borgbackup: { destinations: { d: { server: nas } } } } }\n`,
		);
		assert.match(JSON.stringify(machines.get("web01")?.providers), /ssh:\/\/borg@\[fd00::5\]\/var/);
	});
});

describe("a host", () => {
	const two = (one: string, other: string) =>
		`machines:\n  web01: { ${one}, ${STATE}, ${TAR} }\n  web02: { ${other}, ${STATE}, ${TAR} }\n`;

	for (const [one, other] of [
		["host: root@web01", "host: root@web01"],
		["host: root@web01", "host: ssh://root@WEB01:22"],
	] as const)
		test(`of two machines is refused for both: ${one}, ${other}`, () =>
			refused(
				two(one, other),
				/yaml:2:.*machine "web02" has the same host/,
				/yaml:3:.*machine "web01" has the same host/,
			));

	test("of another user or port, and this machine, are not the same", async () => {
		for (const [one, other] of [
			["host: root@web01", "host: alice@web01"],
			["host: ssh://root@web01:2222", "host: ssh://root@web01:2223"],
			["host: localhost", "host: localhost"],
			["tags: []", "tags: []"],
		] as const)
			assert.equal((await load(two(one, other))).size, 2);
	});

	test("that is deployed as another machine is refused, with what to do", async () => {
		const folder = join(below, "etc");
		mkdirSync(folder);
		const manifest = join(folder, "manifest.json");
		const place = (machine: string) =>
			({ target: targetHere(machine), layout: { ...layoutOf(), manifest } }) as Place;
		await requireSameMachine(place("web01"));
		writeFileSync(manifest, JSON.stringify({ version: 1, machine: "web01" }));
		await requireSameMachine(place("web01"));
		await assert.rejects(requireSameMachine(place("web02")), (error: HoldfastError) => {
			assert.match(error.message, /the host of web02 is already deployed as "web01"/);
			assert.match(String(error.hint), /undeploy it with its old name/);
			return true;
		});
		for (const damaged of ["{", '{"machine": "\\u001b[2J"}', "[".repeat(10_000)]) {
			writeFileSync(manifest, damaged);
			await requireSameMachine(place("web02"));
		}
	});
});
