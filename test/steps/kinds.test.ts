// Properties of every kind of step.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadKinds, STEP_KINDS } from "../../src/steps/list.ts";

const steps = join(import.meta.dirname, "../../src/steps");
const files = globSync("*.ts", { cwd: steps }).filter((file) =>
	/= defineStep\(/.test(readFileSync(join(steps, file), "utf8")),
);

test("each has a file of its name, and is in the list", () => {
	assert.deepEqual(files.map((file) => file.replace(/\.ts$/, "")).sort(), [...STEP_KINDS.keys()].sort());
});

test("its work can be loaded; what may be left to do of it can be done later", async () => {
	const some = [...STEP_KINDS.keys()].map((kind) => ({ kind, id: kind, title: "", scope: "", touches: [] }));
	const loaded = await loadKinds(some);
	assert.equal(loaded.size, STEP_KINDS.size);
	for (const { kind, work } of loaded.values()) {
		assert.equal(kind.due !== undefined, work.later !== undefined, `${kind.kind}: due, later`);
		if (kind.tidies) assert.ok(kind.due, `${kind.kind} is tried again before the next run`);
		if (kind.looksFirst) assert.ok(work.beforeUndo, `${kind.kind} looks first`);
		if (kind.standsInPlace || kind.undoesLast) assert.ok(work.undo, `${kind.kind} has an undo`);
	}
});

test("what a step has not noted is not read; what is not understood is said, with its step", () => {
	for (const kind of STEP_KINDS.values()) {
		assert.equal(kind.noteIn("a", undefined), undefined);
		assert.equal(kind.handedIn("a", undefined), undefined);
	}
	const place = STEP_KINDS.get("place");
	assert.throws(() => place?.noteIn("place:a:0", { entries: 7 }), /the journal's entry for place:a:0/);
	assert.deepEqual(place?.noteIn("place:a:0", { entries: ["x"], ofTomorrow: 1 }), {
		entries: ["x"],
		ofTomorrow: 1,
	});
});

test("a note of a stop that is of no version known here is not taken for one of 0.1.0 that stopped nothing", () => {
	const unit = { unit: "a.service", role: "own", wasUp: true, stops: true, invocation: "", shouldRun: false };
	const known = { ...unit, because: "it was running", missed: false, ends: false, level: 0 };
	const stop = STEP_KINDS.get("units-stop");
	assert.ok(stop?.noteIn("stop:a", { units: [known] }));
	assert.ok(stop?.noteIn("stop:a", { wasUp: [{ unit: "a.service" }] }));
	for (const note of [{ units: [{ ...known, role: "of tomorrow" }] }, { units: [unit] }, {}])
		assert.throws(() => stop?.noteIn("stop:a", note), /the journal's entry for stop:a cannot be read/);
});
