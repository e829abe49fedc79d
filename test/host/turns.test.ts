import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as next } from "node:timers/promises";
import fc from "fast-check";
import { Turns } from "../../src/host/side-by-side.ts";

test("never more have a turn than may, all get theirs, in the order in which they came", async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.integer({ min: 1, max: 5 }),
			fc.array(fc.nat({ max: 4 }), { maxLength: 30 }),
			async (most, lengths) => {
				const turns = new Turns(most, 60_000);
				const began: number[] = [];
				let now = 0;
				await Promise.all(
					lengths.map(async (length, index) => {
						const giveBack = await turns.take();
						began.push(index);
						assert.ok(++now <= most);
						for (let step = 0; step < length; step++) await next();
						now--;
						giveBack();
						// As when an answer came, and then the end.
						giveBack();
					}),
				);
				assert.deepEqual(
					began,
					lengths.map((_, index) => index),
				);
			},
		),
	);
});

test("a turn that is not given back ends by itself, and once", async () => {
	const turns = new Turns(1, 50);
	const first = await turns.take();
	const second = await turns.take();
	first();
	let third: unknown;
	void turns.take().then((it) => {
		third = it;
	});
	await next();
	assert.equal(third, undefined);
	second();
	await next();
	assert.notEqual(third, undefined);
});
