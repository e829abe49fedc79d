// What is said of states of which there is no snapshot.
import assert from "node:assert/strict";
import { test } from "node:test";
import { snapshotSteps } from "../../src/plan/snapshot-steps.ts";
import { linesOf } from "../../src/report/text/lines.ts";

const title = (survey: Parameters<typeof snapshotSteps>[0]) => snapshotSteps(survey, {}).take[0]?.title ?? "";

test("why, but for a folder that does not exist, which another step says", () => {
	const app = { required: false, why: "only root can take one" };
	assert.equal(title(new Map([["app", app]])), `no snapshot of app, which is read as it is: ${app.why}`);
	const gone = { required: true, why: "the folder /srv/gone does not exist", isAbsent: true } as const;
	assert.equal(title(new Map([["gone", gone]])), "no snapshot of gone");
	assert.doesNotMatch(
		title(
			new Map([
				["app", app],
				["gone", gone],
			]),
		),
		/gone/,
	);
});

test("with a check mark only if there are others", () => {
	const done = (result: object) => {
		const step = { step: "snapshot", title: "no snapshot of app", seconds: 0, result } as const;
		return linesOf({ v: 1, time: "", run: "r", type: "step-done", ...step }, false)[0] ?? "";
	};
	assert.match(done({ caught: 0, spread: 0 }), /^– no snapshot of app/);
	assert.match(done({ caught: 1, spread: 0 }), /^✔ /);
});
