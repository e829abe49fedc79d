// Small answers are parsed once; large ones each time, so that they need not fit into memory together.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parsedWhileSmall } from "../../src/host/kept-answer.ts";

test("texts are parsed once until they are too long together", () => {
	const parse = parsedWhileSmall(10);
	const parsed: string[] = [];
	const reader = (text: string) =>
		parse(
			() => text,
			(one) => parsed.push(one),
		);
	const [small, large, last] = [reader("small"), reader("too large"), reader("last")];
	for (let time = 0; time < 6; time++) for (const read of [small, large, last]) read();
	const times = (text: string) => parsed.filter((one) => one === text).length;
	assert.deepEqual([times("small"), times("too large"), times("last")], [1, 6, 1]);
});
