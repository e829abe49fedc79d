// A journal of 0.1.0 is understood: each step of its plans, each note; and a restore that it was in the middle of is
// undone. The fixtures were made by 0.1.0 (see `test/fixtures/0.1.0`).
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { Journal } from "../../src/run/journal.ts";
import { isForeign, readPlan } from "../../src/run/plan-shape.ts";
import { STEP_KINDS } from "../../src/steps/list.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("journal-of-0.1.0");
const fixture = (name: string) => readFileSync(join(import.meta.dirname, "../fixtures/0.1.0", name), "utf8");

/** The run that was killed, and the one that kept the old copy. */
const DEAD = "2026-11-27T180219Z-704g";
const KEEPING = "2026-11-27T180200Z-xvhg";

/** A place with that journal, as if it had been written there. */
function placeOf010(): Place {
	const place = new Place(folder);
	const file = place.path("state/journal.sqlite");
	mkdirSync(place.path("state"), { mode: 0o700 });
	const db = new DatabaseSync(file);
	db.exec(fixture("journal.sql").replaceAll("/srv/place", place.folder));
	db.exec("UPDATE kept SET until = '2999-01-01T00:00:00.000Z'");
	db.close();
	return place;
}

test("every plan is understood, and every note", () => {
	const place = placeOf010();
	const journal = Journal.open(place.path("state"));
	const runs = journal.runs(100);
	assert.equal(runs.length, 8);
	for (const { id } of runs) {
		const plan = journal.plan(id);
		assert.ok(plan);
		assert.ok(!isForeign(plan), isForeign(plan) ? plan.foreign : "");
		const kinds = new Map(plan.steps.map((step) => [step.id, STEP_KINDS.get(step.kind)]));
		for (const { step, phase, data } of journal.entries(id)) {
			if (phase !== "note") continue;
			kinds.get(step)?.noteIn(step, data);
			kinds.get(step)?.handedIn(step, data);
		}
	}
	assert.deepEqual(
		journal.kept().map((copy) => [copy.run, copy.state, "fault" in copy]),
		[[KEEPING, "notes", false]],
	);
	journal.close();
});

test("plans of databases and of a deploy are understood", () => {
	const plans = JSON.parse(fixture("plans.json")) as readonly { readonly run: string }[];
	for (const plan of plans) {
		const known = readPlan(plan.run, JSON.stringify(plan));
		assert.ok(!isForeign(known), isForeign(known) ? known.foreign : "");
	}
});

test("a restore that it was in the middle of is undone, and an old copy that it kept is brought back", async () => {
	const place = placeOf010();
	const area = `.holdfast-${DEAD}-notes`;
	place.write("notes/a", "as archived");
	mkdirSync(place.path(area, "new"), { recursive: true, mode: 0o700 });
	place.write(`${area}/old/0-notes/a`, "as it was");
	place.write(`${area}/old/0-notes/inner/b`, "as it was");
	place.write("media/m", "as it was");
	mkdirSync(place.path(`.holdfast-${DEAD}-media/old`), { recursive: true, mode: 0o700 });
	place.write(`.holdfast-${DEAD}-media/new${place.folder}/media/m`, "as archived");
	place.write(`.holdfast-${KEEPING}-notes/old/0-notes/a`, "as it was before that restore");
	mkdirSync(place.path(`.holdfast-${KEEPING}-notes/new`), { mode: 0o700 });
	const read = (name: string) => readFileSync(place.path(name), "utf8");

	const recovered = await place.holdfast("recover");
	assert.equal(recovered.code, 0, recovered.stderr);
	assert.equal(read("notes/a"), "as it was");
	assert.equal(read("notes/inner/b"), "as it was");
	assert.equal(read("media/m"), "as it was");
	for (const state of ["notes", "media"])
		assert.equal(existsSync(place.path(`.holdfast-${DEAD}-${state}`)), false, state);

	const undone = await place.holdfast("undo", "--yes", KEEPING);
	assert.equal(undone.code, 0, undone.stderr);
	assert.equal(read("notes/a"), "as it was before that restore");
	assert.equal(existsSync(place.path(`.holdfast-${KEEPING}-notes`)), false);
});
