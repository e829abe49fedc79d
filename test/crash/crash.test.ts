// A part of the crash matrix in limited time: fault points of a restore, with the process killed or interrupted; some
// with the machine and the power. HOLDFAST_MOMENTS=every, as in the long tier, takes all of them; for the entire
// matrix: npm run crash-matrix.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { type Machine, noMachines } from "../machine/machine.ts";
import { crash, crashRecovery, fillDisk, hangUp, interrupt, pointsOf } from "./crash.ts";
import { begin, crashMachine } from "./live.ts";
import { SCENARIOS, type Scenario } from "./scenario.ts";

const EVERY = process.env.HOLDFAST_MOMENTS === "every";

/** The selected points; the long tier tests the others on a machine, and the simulator tests them in all orders. */
function some(points: readonly string[], picked: readonly string[]): readonly string[] {
	for (const point of picked) assert.ok(points.includes(point), `${point} is not one of ${points.join(" ")}`);
	return EVERY ? points : picked;
}

/** Around everything that a restore does to the live state, and once before and after it. */
const KILLED = [
	"stage:app:0#under-way",
	"stop:app#after",
	"aside:app:0#before",
	"aside:app:0#renamed",
	"aside:app:1#renamed",
	"place:app:0#renamed",
	"place:app:1#renamed",
	"start:app#started-app.service",
	"commit:app#before",
	"commit:app#after",
	"discard:app#removed",
];
const INTERRUPTED = [
	"stage:app:0#under-way",
	"aside:app:0#renamed",
	"place:app:1#renamed",
	"start:app#after",
	"commit:app#before",
	"commit:app#after",
];

describe("after a crash the old state or the new one is whole, and the service runs", {
	skip: noMachines,
}, () => {
	let web01: Machine;
	const [scenario] = SCENARIOS as [Scenario];
	before(async () => {
		web01 = await crashMachine();
		await begin(web01, scenario);
	});

	test("of a restore that is killed at some moment", { timeout: 300_000 }, async () => {
		const ends = new Set<string>();
		for (const point of some(await pointsOf(web01, scenario), KILLED)) {
			const { end, held } = await crash(web01, scenario, point, "process");
			assert.ok(held, `${point}: ${end}`);
			ends.add(end);
		}
		assert.deepEqual([...ends].sort(), ["newer", "old"], "both ways were seen");
	});

	test("of a restore that is interrupted at some moment [long]", { timeout: 300_000 }, async () => {
		for (const point of some(await pointsOf(web01, scenario), INTERRUPTED)) {
			const { code, end } = await interrupt(web01, scenario, point);
			assert.deepEqual([code, end], code === 0 ? [0, "old"] : [130, "newer"], point);
		}
	});

	test("of a restore whose audience has gone, at some moments", { timeout: 300_000 }, async () => {
		const moments = ["stage:app:0#under-way", "stop:app#after", "aside:app:0#renamed", "commit:app#after"];
		for (const point of some(moments, ["aside:app:0#renamed", "commit:app#after"])) {
			const { end, held } = await hangUp(web01, scenario, point);
			assert.ok(held, `${point}: ${end}`);
		}
	});

	test("of a restore whose disk is full from some moment on", { timeout: 300_000 }, async () => {
		const moments = [
			"area:app:0#before",
			"stage:app:0#under-way",
			"stop:app#after",
			"aside:app:0#renamed",
			"place:app:0#after",
			"commit:app#before",
			"commit:app#after",
		];
		for (const point of some(moments, ["stage:app:0#under-way", "aside:app:0#renamed", "commit:app#after"])) {
			const { end, held } = await fillDisk(web01, scenario, point);
			assert.ok(held, `${point}: ${end}`);
		}
	});

	test("of a restore around another's folder, whose disk is full from some moment on", {
		timeout: 300_000,
	}, async () => {
		const around = SCENARIOS.find(({ name }) => name.includes("another service's folder"));
		assert.ok(around);
		await begin(web01, around);
		const moments = ["stage:app:0#after", "place:app:0#after", "keep-nested:app:0#renamed"];
		for (const point of some(moments, ["keep-nested:app:0#renamed"])) {
			const { end, held } = await fillDisk(web01, around, point);
			assert.ok(held, `${point}: ${end}`);
		}
		await begin(web01, scenario);
	});

	test("of a restore whose recovery is killed too [long]", { timeout: 300_000 }, async () => {
		for (const { point, end, held } of await crashRecovery(
			web01,
			scenario,
			"place:app:1#renamed",
			EVERY ? 1 : 4,
		))
			assert.ok(held, `${point}: ${end}`);
	});

	for (const fault of ["machine", "power"] as const) {
		test(`of a restore whose ${fault} goes`, { timeout: 300_000 }, async () => {
			const moments = [
				"aside:app:0#renamed",
				"place:app:0#renamed",
				"commit:app#after",
				"discard:app#before",
			];
			for (const point of some(moments, ["place:app:0#renamed", "commit:app#after"])) {
				const { end, held } = await crash(web01, scenario, point, fault);
				assert.ok(held, `${point}: ${end}`);
			}
		});
	}
});
