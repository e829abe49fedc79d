// Thirty machines: the display, the limit, the table. simulated.ts describes these machines.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { noMachines } from "../machine/machine.ts";
import { scratch } from "../support/scratch.ts";
import { COLUMNS, type SimulatedFleet, simulatedFleet } from "./simulated.ts";

const folder = scratch("many");

describe("thirty machines", { skip: noMachines }, () => {
	let fleet: SimulatedFleet;
	before(async () => {
		fleet = await simulatedFleet(folder, 30, "sleep 1");
	});
	after(() => fleet.close());

	test("on a terminal each that is at work has a row that fits, and no more than --parallel are", async () => {
		const { code, stdout } = await fleet.onTerminal(["create", "--all", "--parallel", "6"]);
		assert.equal(code, 0, stdout);
		// biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal is told
		const plain = stdout.replaceAll(/\u001b\[[0-9;?]*[A-Za-z]/g, "");
		const frames = plain.split(/ machines done, .*/);
		const rows = frames.map((frame) => [...frame.matchAll(/^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] m\d\d/gm)].length);
		assert.ok(Math.max(...rows) <= 6, `${Math.max(...rows)} rows`);
		assert.ok(Math.max(...rows) >= 4, `${Math.max(...rows)} rows`);
		for (const line of plain.split(/[\r\n]+/))
			if (/^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] m/.test(line)) assert.ok(line.length <= COLUMNS, line);
		assert.equal([...plain.matchAll(/^m\d\d +done/gm)].length, 30);
	});

	test("a machine without systemd is not deployed to", async () => {
		const { code, stderr } = await fleet.holdfast(["deploy", "m01", "--yes"]);
		assert.equal(code, 1);
		assert.match(stderr, /m01 does not run under systemd/);
	});

	test("list and status of all thirty", async () => {
		const listed = await fleet.holdfast(["list", "--all", "--json"]);
		assert.equal(listed.code, 0, listed.stderr);
		const { archives } = JSON.parse(listed.stdout) as { archives: { machine: string }[] };
		assert.deepEqual([...new Set(archives.map(({ machine }) => machine))], fleet.names);
		const status = await fleet.holdfast(["status", "--all"]);
		assert.equal(status.code, 0, status.stderr);
		assert.equal([...status.stdout.matchAll(/^✔ +m\d\d/gm)].length, 30);
	});
});

test("behind a jump host that takes no more than ten at once, all are reached", {
	skip: noMachines,
}, async () => {
	const fleet = await simulatedFleet(scratch("jump"), 16, "true", "MaxStartups 10:100:10");
	try {
		const created = await fleet.holdfast(["create", "--all"]);
		assert.equal(created.code, 0, created.stderr);
		const status = await fleet.holdfast(["status", "--all"]);
		assert.equal(status.code, 0, status.stderr);
		assert.equal([...status.stdout.matchAll(/^✔ +m\d\d/gm)].length, 16);
	} finally {
		await fleet.close();
	}
});
