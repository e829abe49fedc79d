// Prune of another machine: what was shown and agreed to here is what is removed there.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fleetOf } from "../support/fleet.ts";
import { scratch } from "../support/scratch.ts";

const { there, archives, asked } = await fleetOf(scratch("prune-there"), [], { keepLast: 1 });
const create = () => there("create");
const prune = (meanwhile: () => void) => asked("prune honest", meanwhile);

test("an archive that nobody was shown stays, even if no rule keeps it by the time of the answer", async () => {
	// A name has seconds only.
	const [first] = archives();
	create();
	const second = archives().find((name) => name !== first);
	assert.ok(first && second);
	const text = await prune(create);
	assert.match(text, /Permanently remove 1 archive\? \[y\/N\]/);
	assert.match(text, new RegExp(`PRUNE .*${first}`));
	const left = archives();
	assert.ok(!left.includes(first), text);
	assert.ok(left.includes(second), "the newest when it was shown");
	assert.equal(left.length, 2);
});

test("nothing to remove asks nothing", async () => {
	await prune(() => {});
	const text = await prune(() => {});
	assert.doesNotMatch(text, /\[y\/N\]/);
	assert.equal(archives().length, 1);
});
