// A holdfast.ts is typed down to the options of each module: the compiler checks this file, and the test verifies
// that it loads.
import assert from "node:assert/strict";
import { test } from "node:test";
import { defineConfig } from "../../src/config/define.ts";

test("the options of modules are typed in defineConfig", () => {
	const config = defineConfig({
		machines: {
			web01: {
				services: {
					grafana: { dataDir: "/srv/grafana", database: { type: "postgresql" } },
					vaultwarden: null,
				},
			},
			web02: {
				services: {
					// @ts-expect-error a folder is a string
					grafana: { dataDir: 7 },
				},
			},
			web03: {
				services: {
					// @ts-expect-error no such option
					grafana: { dataDirr: "/srv/grafana" },
				},
			},
			web04: {
				// @ts-expect-error no such module
				services: { grafanna: {} },
			},
		},
	});
	assert.equal(config.machines.web01?.services?.grafana?.dataDir, "/srv/grafana");
});
