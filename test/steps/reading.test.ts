// Which states are whole though their units start while archives are still written.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadMachines } from "../../src/config/load.ts";
import { planBackup } from "../../src/plan/backup.ts";
import { archiveCreate } from "../../src/steps/archive-create.ts";
import { STARTS_LANE, statesRead } from "../../src/steps/states-read.ts";
import {
	beginReading,
	endReading,
	mayRunAgain,
	readingOf,
	watchReading,
} from "../../src/steps/work/reading.ts";
import { scratch } from "../support/scratch.ts";

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

test("what an earlier attempt learns late releases no unit", async () => {
	const plan = { steps: [statesRead.step(wait)] };
	beginReading(write, plan);
	let answer: (disturbed: ReadonlySet<string>) => void = () => {};
	const first = watchReading(write, roots, { plan }, () => new Promise((resolve) => (answer = resolve)));
	for (const root of all) first.passed(root);
	beginReading(write, plan);
	answer(new Set());
	await first.seen();
	assert.equal(readingOf(plan).past.size, 0);
});

test("a start that nobody waited for makes what is still read live", async () => {
	const plan = { steps: [statesRead.step(wait)] };
	const reading = watchReading(write, roots, { plan }, async () => new Set());
	endReading({}, plan);
	reading.passed("/srv/files");
	endReading({ lane: STARTS_LANE }, plan);
	reading.passed("/srv/notes");
	reading.passed("/srv/mail");
	assert.deepEqual((await reading.seen()).again, new Set(["notes", "mail"]));
});

test("units start meanwhile only where no dump of their states is read after the folders", async () => {
	const file = join(scratch("reading"), "holdfast.yaml");
	const waits = async (dumps: string, tellsPassed = true) => {
		writeFileSync(
			file,
			`machines:
  web01:
    state:
      app: { folders: [/srv/app], stopOnBackup: [app.service]${dumps} }
      photos: { folders: [/srv/photos] }
    providers: { tar: { destinations: { d: { path: /mnt/d } } } }
`,
		);
		const manifest = (await loadMachines(file)).get("web01");
		assert.ok(manifest);
		const targets = [{ provider: "tar", destination: "d", streams: true, tellsPassed }];
		const { steps } = planBackup({ manifest, run: "r", services: ["app", "photos"], spool: "/s", targets });
		return statesRead.among(steps).length > 0;
	};
	assert.equal(await waits(""), true);
	assert.equal(await waits(", dumps: [{ sqlite: /srv/app/db.sqlite }]"), false);
	assert.equal(await waits("", false), false);
});
