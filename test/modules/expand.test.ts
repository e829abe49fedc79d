// Modules that use each other: in which order they are asked, and circles.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import * as v from "valibot";
import { expandServices } from "../../src/modules/expand.ts";
import { defineModule, type Module } from "../../src/modules/module.ts";

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
			{ path: ["services", "a"], message: "the modules use each other in a cycle: a → b → c → a" },
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
