// How several definitions of one option are combined, and when they conflict.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import * as v from "valibot";
import { configSchema, machineSchema, userStateSchema } from "../../src/config/schema.ts";
import { manifestSchema } from "../../src/manifest/schema.ts";
import { stateSchema } from "../../src/manifest/state.ts";
import { LIBRARY } from "../../src/modules/library.ts";
import { byDefault, type Conflict, merge } from "../../src/modules/merge.ts";
import * as f from "../../src/values/fields.ts";

describe("merging", () => {
	const json = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);

	const any = v.unknown();

	test("one definition is itself; one that is repeated changes nothing", () => {
		fc.assert(
			fc.property(json, (value) => {
				const conflicts: Conflict[] = [];
				const one = { value, by: "a" };
				assert.deepEqual(merge([one], conflicts, any), value);
				const merged = merge([one, one], conflicts, any);
				assert.deepEqual(merge([one, one, one], conflicts, any), merged);
				assert.deepEqual(conflicts, []);
			}),
		);
	});

	test("a command is one value: no word of it is left out, and two are not made one", () => {
		const conflicts: Conflict[] = [];
		const own = { hooks: { preBackup: ["sh", "-c", "x", "sh"] }, healthChecks: [{ command: ["a", "a"] }] };
		const theirs = { hooks: { preBackup: ["true"] }, healthChecks: [{ command: ["a", "a"] }] };
		assert.deepEqual(merge([{ value: own, by: "a" }], conflicts, stateSchema), own);
		assert.deepEqual(
			merge(
				[
					{ value: own, by: "a" },
					{ value: theirs, by: "b", isDefault: true },
				],
				conflicts,
				stateSchema,
			),
			own,
		);
		assert.equal(conflicts.length, 0);
		merge(
			[
				{ value: own, by: "a" },
				{ value: theirs, by: "b" },
			],
			conflicts,
			stateSchema,
		);
		assert.match(
			conflicts[0]?.message ?? "",
			/hooks\.preBackup is set to \["sh","-c","x","sh"\] by a and to \["true"\] by b/,
		);
	});

	test("every key that a config or a module's options have for a command is known as one", () => {
		const commands = new Set<string>();
		const seen = new Set<unknown>();
		/** Every map, and those of its keys whose value may be a program with its arguments. */
		const walk = (node: unknown, key: string, map: unknown) => {
			if (typeof node !== "object" || node === null) return;
			if (node === f.argv) isOneValue(key, map as v.GenericSchema);
			if (seen.has(node) && node !== f.argv) return;
			seen.add(node);
			const { entries, ...rest } = node as Record<string, unknown>;
			for (const [name, one] of Object.entries(entries ?? {})) walk(one, name, node);
			for (const one of Object.values(rest)) walk(one, key, map);
		};
		const isOneValue = (key: string, map: v.GenericSchema) => {
			commands.add(key);
			const conflicts: Conflict[] = [];
			const one = { value: { [key]: ["a", "b", "a"] }, by: "x" };
			const other = { value: { [key]: ["c"] }, by: "y", isDefault: true };
			assert.deepEqual(merge([one, other], conflicts, map), { [key]: ["a", "b", "a"] }, key);
		};
		for (const schema of [configSchema, machineSchema, userStateSchema, manifestSchema])
			walk(schema, "", undefined);
		for (const module of LIBRARY.values()) walk(module.options, "", undefined);
		for (const key of ["command", "passphraseCommand", "preBackup", "get", "occ"])
			assert.ok(commands.has(key), [...commands].join(" "));
	});

	test("a list of a module's own is a command where its schema says so, and adds up otherwise", () => {
		const schema = v.strictObject({
			some: v.optional(v.strictObject({ tool: v.optional(v.pipe(f.argv, v.description("a tool"))) })),
			words: v.optional(v.array(f.text)),
		});
		const one = { value: { some: { tool: ["a", "a"] }, words: ["x"] }, by: "a" };
		const other = { value: { some: { tool: ["b"] }, words: ["y"] }, by: "b", isDefault: true };
		const merged = { some: { tool: ["a", "a"] }, words: ["x", "y"] };
		assert.deepEqual(merge([one, other], [], schema), merged);
	});

	test("a default gives way, whatever the order; two that are firm and differ are named both", () => {
		const firm = { value: { port: 1 }, by: "holdfast.yaml" };
		const soft = { value: { port: byDefault(2) }, by: 'module "x"' };
		for (const definitions of [
			[firm, soft],
			[soft, firm],
		]) {
			const conflicts: Conflict[] = [];
			assert.deepEqual(merge(definitions, conflicts, any), { port: 1 });
			assert.deepEqual(conflicts, []);
		}
		const conflicts: Conflict[] = [];
		merge([firm, { value: { port: 3 }, by: 'module "y"' }], conflicts, any);
		assert.match(conflicts[0]?.message ?? "", /port is set to 1 by holdfast.yaml and to 3 by module "y"/);
	});
});
