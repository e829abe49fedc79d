// What modules declare agrees with the facts in `facts.json`, each read in the source that its row names. To review a row, open
// the source; to renew it, change `at`, the commit or version, and `read`, the day.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import * as v from "valibot";
import { stateSchema } from "../../src/manifest/state.ts";
import { declares } from "../../src/modules/describe.ts";
import { LIBRARY } from "../../src/modules/library.ts";
import type { Module } from "../../src/modules/module.ts";
import { below, leavesOut } from "../../src/values/patterns.ts";

interface Fact {
	readonly module: string;
	readonly options?: object;
	/** With the names of NixOS. */
	readonly nixos?: true;
	readonly source: { readonly from: string; readonly at: string; readonly read: string };
	/** What must come back: each is one of a state's folders or in one, and is not left out. */
	readonly paths?: readonly string[];
	/** Units that write there: a restore stops each. */
	readonly units?: readonly string[];
	/** The keys that one of the dumps has, with these values. */
	readonly database?: Readonly<Record<string, string>>;
	/** Where it listens; false if not at a port that is the same everywhere. */
	readonly port?: number | false;
}

const FACTS: readonly Fact[] = JSON.parse(readFileSync(join(import.meta.dirname, "facts.json"), "utf8"));

describe("modules agree with the facts", () => {
	for (const {
		module: name,
		nixos = false,
		options = {},
		source,
		paths = [],
		units = [],
		database,
		port,
	} of FACTS)
		test(`${name}: ${source.from}`, () => {
			const { state, faults } = declares(LIBRARY.get(name) as Module, LIBRARY, options, nixos);
			assert.deepEqual(faults, []);
			const states = Object.values(state).map((one) => v.parse(stateSchema, one));
			for (const path of paths) {
				const holds = states.some(({ folders, exclude }) =>
					folders.some(
						(root) =>
							root === path ||
							(path.startsWith(`${root}/`) &&
								!leavesOut(
									exclude.flatMap((pattern) => below(root, pattern)),
									path.slice(root.length + 1).split("/"),
								)),
					),
				);
				assert.ok(holds, `${path} is not in an archive`);
			}
			const stopped = states.flatMap(({ stopOnRestore }) => stopOnRestore.map(({ unit }) => unit));
			assert.deepEqual(
				units.filter((unit) => !stopped.includes(unit)),
				[],
				"units that go on writing",
			);
			if (database !== undefined)
				assert.ok(
					states.some(({ dumps }) =>
						dumps.some((dump) =>
							Object.entries(database).every(([key, value]) => Reflect.get(dump, key) === value),
						),
					),
					`${JSON.stringify(database)} is not dumped`,
				);
			if (port === undefined) return;
			const asked = states.flatMap(({ healthChecks }) =>
				healthChecks.flatMap((check) => ("http" in check ? [new URL(check.http)] : [])),
			);
			assert.deepEqual(
				asked.map((url) => [url.hostname, Number(url.port)]),
				port === false ? [] : [["localhost", port]],
			);
		});
});
