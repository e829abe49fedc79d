// What is said of a run that died follows from the steps that it had done.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { Journal } from "../../src/run/journal.ts";
import { lineOf, unfinishedRuns } from "../../src/run/unfinished-runs.ts";
import { aside } from "../../src/steps/aside.ts";
import type { Step } from "../../src/steps/plan.ts";
import { unitsStart } from "../../src/steps/units-start.ts";
import { unitsStop } from "../../src/steps/units-stop.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("unfinished");
const common = { scope: "state:app", touches: [] };
const own = [{ unit: "app.service" }];
const stop = unitsStop.step({ ...common, id: unitsStop.id("app"), title: "stop app.service", units: own });
const start = unitsStart.step({
	...{ ...common, id: unitsStart.id("app"), title: "start app.service" },
	...{ stopped: unitsStop.id("app"), units: own },
});
const move = aside.step({
	...{ ...common, id: aside.id("app", 0), title: "move /srv/app aside" },
	place: {
		...{ folder: "/srv/app", stored: "/srv/app", live: "/srv/app", mode: "rename" as const },
		...{ area: "/srv/.holdfast-r1", staged: "/srv/.holdfast-r1/new", old: "/srv/.holdfast-r1/old" },
	},
});

/** The line about a restore of these steps, of which this many began. */
function said(began: number, wasUp = true, hasStarted = true): string {
	const steps: readonly Step[] = [stop, start, move];
	const journal = Journal.open(join(folder, `${began}-${wasUp}-${hasStarted}`));
	try {
		journal.begin({
			...{ version: 1, run: "r1", operation: "restore", steps, goals: [] },
			manifest: { version: 1, machine: "web01", state: {}, providers: {} },
		});
		for (const { id } of steps.slice(0, began)) {
			journal.add("r1", id, "begin");
			if (id === stop.id) journal.add("r1", id, "note", { units: [{ unit: "app.service", wasUp }] });
			if (id === start.id && hasStarted) journal.add("r1", id, "note", { became: [], started: [] });
			journal.add("r1", id, "done");
		}
		return unfinishedRuns(journal, join(folder, "run")).map(lineOf).join("\n");
	} finally {
		journal.close();
	}
}

test("of a run that has changed nothing", () => {
	assert.match(said(0), /died: no unit is down and no data are moved because of it; .*holdfast recover$/);
	assert.match(said(1, false), /"stop app.service": no unit is down/);
});

test("of one whose units are down, or up again", () => {
	assert.match(said(1), /: units that it stopped are still down; finish/);
	assert.match(said(2), /: no unit is down/);
	assert.match(
		said(2, true, false),
		/: units that it stopped are still down/,
		"a start that was passed over",
	);
});

test("of one that has put data aside", () => {
	assert.match(said(3), /: data that it put aside are not back; finish/);
});
