// A machine with the signs of every application: what init proposes for it is a config that validates.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { loadMachines } from "../../src/config/load.ts";
import { LIBRARY } from "../../src/modules/library.ts";
import { propose } from "../../src/modules/propose.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("all-signs");

/** Of the library, with an instance of each template. NixOS runs Valkey as redis.service, and has no other name for it. */
const unitsOf = (nixos: boolean) =>
	[...LIBRARY.values()]
		.flatMap(({ signs }) => (signs?.units ?? []).map((unit) => unit.replace("@.", "@anna.")))
		.filter((unit) => !nixos || !/^(valkey|redis-server)/.test(unit));
/** Instances that another application brings. */
const OTHERS = [
	"redis-paperless.service",
	"redis-immich.service",
	"redis-a.b.service",
	"wg-quick@wg0.service",
];

describe("all signs together", () => {
	for (const nixos of [false, true])
		for (const has of [true, false])
			test(`${nixos ? "NixOS" : "Debian"}, ${has ? "every path exists" : "no path exists"}`, async () => {
				const { modules } = propose({
					units: [...unitsOf(nixos), ...OTHERS].map((unit) => ({ unit, stateDirectory: [] })),
					has: () => has,
					read: () => undefined,
					owner: () => undefined,
					nixos,
				});
				const services = Object.fromEntries(modules.map(({ name, options }) => [name, options]));
				const file = join(folder, `${nixos}-${has}.json`);
				const machine = {
					...(nixos ? { system: "nixos" } : {}),
					services,
					providers: { tar: { destinations: { disk: { path: "/mnt/archives" } } } },
				};
				writeFileSync(file, JSON.stringify({ machines: { web01: machine } }));
				const loaded = (await loadMachines(file)).get("web01");
				assert.ok(Object.keys(loaded?.state ?? {}).length > 40);
			});
});
