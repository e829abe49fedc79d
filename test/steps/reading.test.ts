// Which states are whole though their units start while archives are still written.
import assert from "node:assert/strict";
import { test } from "node:test";
import { archiveCreate } from "../../src/steps/archive-create.ts";
import { statesRead } from "../../src/steps/states-read.ts";
import { beginReading, mayRunAgain, readingOf, watchReading } from "../../src/steps/work/reading.ts";

const write = { id: archiveCreate.id("tar", "one") };
const wait = { id: statesRead.id(), title: "", scope: "reading", touches: [], by: [write.id], stops: [] };
const roots = new Map([
	["notes", ["/srv/notes", "/srv/files"]],
	["mail", ["/srv/mail"]],
]);
const all = ["/srv/notes", "/srv/files", "/srv/mail"];

test("the units wait until the last root is read, and it is known who was disturbed", async () => {
	const plan = { steps: [statesRead.step(wait)] };
	const { past } = readingOf(plan);
	const reading = watchReading(write, roots, { plan }, async () => new Set(["mail"]));
	for (const root of ["/srv/files", "/srv/mail", "/srv/another"]) reading.passed(root);
	assert.equal(past.size, 0);
	reading.passed("/srv/notes");
	assert.equal(past.size, 0);
	assert.deepEqual(await reading.seen(), { disturbed: new Set(["mail"]), again: new Set() });
	assert.deepEqual([...past], [write.id]);
	assert.equal(mayRunAgain({ plan }), false);
});

test("what an engine reads again is not whole if the units may have been started", async () => {
	const plan = { steps: [statesRead.step(wait)] };
	const reading = watchReading(write, roots, { plan }, async () => new Set());
	for (const root of [...all, ...all]) reading.passed(root);
	assert.deepEqual((await reading.seen()).again, new Set(), "they are still down");
	readingOf(plan).isOver = true;
	reading.passed("/srv/mail");
	assert.deepEqual((await reading.seen()).again, new Set(["mail"]));
	beginReading(write, plan);
	assert.equal(readingOf(plan).past.size, 0);
	assert.equal(mayRunAgain({ plan }), true, "a further attempt knows it");
});

test("where nobody waits, it is asked when the archive is complete", async () => {
	let asked = 0;
	const reading = watchReading(write, roots, { plan: { steps: [] } }, async () => new Set([`${++asked}`]));
	for (const root of all) reading.passed(root);
	assert.equal(asked, 0);
	assert.deepEqual((await reading.seen()).disturbed, new Set(["1"]));
});
