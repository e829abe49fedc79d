// Names that every JavaScript object knows: no machine, state, provider or destination disappears because of its
// name, and none is found that does not exist.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import * as v from "valibot";
import { configSchema } from "../../src/config/schema.ts";
import { faultsOf } from "../../src/manifest/faults.ts";
import { name } from "../../src/values/fields.ts";
import { record } from "../../src/values/record.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("names");
const NAMES = ["__proto__", "constructor", "toString", "prototype", "hasOwnProperty"] as const;

/** As JSON, since an object literal would take `__proto__` for the prototype. */
const mapOf = (value: (name: string) => string, names: readonly string[] = NAMES) =>
	`{${names.map((one) => `${JSON.stringify(one)}: ${value(one)}`).join(", ")}}`;

test("a map of names holds every name, and no other", () => {
	const schema = record(name, v.number());
	const found = v.parse(schema, JSON.parse(mapOf(() => "1")));
	assert.deepEqual(Object.keys(found), NAMES);
	for (const one of ["valueOf", "__defineGetter__", "isPrototypeOf"]) assert.equal(found[one], undefined);
	assert.equal(v.safeParse(schema, JSON.parse('{"__proto__": "x"}')).success, false);
	assert.equal(v.safeParse(schema, []).success, false);
	const faults = faultsOf(configSchema, JSON.parse('{"machines": {"__proto__": {"constructor": 1}}}'));
	assert.deepEqual(
		faults.map(({ path, message }) => [path, message]),
		[[["machines", "__proto__", "constructor"], 'unknown key "constructor"']],
	);
});

test("machines, states, providers and destinations of these names are backed up, shown and restored", async () => {
	const place = new Place(folder);
	for (const one of NAMES) place.write(`data/${one}/file`, one);
	const state = mapOf((one) => `{"folders": ["${place.path("data", one)}"]}`);
	const destinations = mapOf((one) => `{"path": "${place.path("archives", one)}"}`, NAMES.slice(0, 3));
	const providers = `{"toString": {"type": "tar", "retention": {"daily": 7}, "destinations": ${destinations}}}`;
	place.write(
		"holdfast.json",
		`{"machines": {"__proto__": {"state": ${state}, "providers": ${providers}, "schedule": {"create": false}}}}`,
	);
	const ok = async (...words: string[]) => {
		const { code, stdout, stderr } = await place.holdfast(...words);
		assert.equal(code, 0, stdout + stderr);
		return stdout;
	};
	await ok("create");
	const { archives } = JSON.parse(await ok("list", "--json"));
	assert.equal(archives.length, 3);
	for (const { machine, metadata } of archives) {
		assert.equal(machine, "__proto__");
		assert.deepEqual(Object.keys(metadata.states).sort(), [...NAMES].sort());
	}
	const status = JSON.parse(await ok("status", "--json"));
	assert.equal(status.archives.length, 3 * NAMES.length);
	for (const one of NAMES) writeFileSync(place.path("data", one, "file"), "changed");
	await ok("restore", "--yes", "--service", "__proto__", "toString", "latest");
	assert.equal(readFileSync(place.path("data/__proto__/file"), "utf8"), "__proto__");
	assert.equal(readFileSync(place.path("data/constructor/file"), "utf8"), "changed");
	await ok("restore", "--yes", "toString", "latest");
	for (const one of NAMES) assert.equal(readFileSync(place.path("data", one, "file"), "utf8"), one);
	await ok("check");
	await ok("prune", "--yes");
	const unknown = await place.holdfast("restore", "--yes", "--service", "valueOf", "toString", "latest");
	assert.equal(unknown.code, 2);
	assert.match(unknown.stderr, /has no state "valueOf"/);
});
