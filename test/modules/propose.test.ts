// `holdfast init` finds every application of the library by each of its signs, and writes a config that is valid.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { machinesIn } from "../../src/config/load.ts";
import { firstConfig } from "../../src/config/write.ts";
import { readYaml } from "../../src/config/yaml.ts";
import { LIBRARY } from "../../src/modules/library.ts";
import { propose, type SeenUnit } from "../../src/modules/propose.ts";

/** Those for any application, which only a person can declare. */
const GENERAL = ["folders", "sqlite", "systemd-service", "volumes"];

const unitsOf = (...names: string[]) => names.map((unit) => ({ unit, stateDirectory: ["x"] }));
const seen = ({ units = [], folders = [] }: { units?: readonly SeenUnit[]; folders?: readonly string[] }) =>
	propose({
		units,
		has: (path) => folders.includes(path),
		read: () => undefined,
		owner: () => undefined,
		nixos: false,
	});

async function statesOf(proposal: ReturnType<typeof propose>, nixos: boolean) {
	const text = firstConfig({
		...{
			machine: "web01",
			nixos,
			proposal,
			folders: { states: [], optional: { name: "", about: "", folders: [] } },
		},
		providers: ["tar: { destinations: { disk: { path: /mnt/archives } } }"],
	});
	return (await machinesIn(readYaml({ file: "config", text }), "config")).flatMap(({ state }) =>
		Object.keys(state),
	);
}

describe("what init proposes", () => {
	for (const { name, signs } of LIBRARY.values()) {
		if (GENERAL.includes(name)) continue;
		test(`${name} is found by each of its signs`, async () => {
			const found = [
				...(signs?.units ?? []).map((unit) => seen({ units: unitsOf(unit.replace("@.", "@anna.")) })),
				...(signs?.folders ?? []).map((folder) => seen({ folders: [folder] })),
			];
			assert.ok(found.length > 0);
			for (const proposal of found) {
				assert.deepEqual(
					proposal.modules.map((one) => one.name),
					[name],
				);
				assert.deepEqual(proposal.services, []);
				for (const nixos of [false, true])
					assert.equal((await statesOf(proposal, nixos)).length > 0, !(nixos && name === "postfix"));
			}
		});
	}

	test("every folder to look for is a sign of one module", () => {
		const folders = [...LIBRARY.values()].flatMap(({ signs }) => signs?.folders ?? []);
		assert.equal(new Set(folders).size, folders.length);
	});

	test("the accounts of a template's instances are written down", async () => {
		const units = unitsOf("syncthing@anna.service", "syncthing@b-c.service", "other@anna.service");
		const { modules, services } = seen({ units });
		assert.deepEqual(modules[0]?.options, { users: ["anna", "b-c"] });
		assert.deepEqual(
			services.map(({ unit }) => unit),
			["other@anna.service"],
		);
	});
});
