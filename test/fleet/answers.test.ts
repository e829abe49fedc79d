// What a machine lists becomes words of a command line, and is shown.
import assert from "node:assert/strict";
import { test } from "node:test";
import { answerOf, isArchiveId, listedSchema } from "../../src/fleet/answers.ts";

const address = { machine: "web01", host: "web01", sudo: false };
const ID = "tar/disk::/srv/my archives::web01-2026";
const archive = (id: string) => ({ id, machine: "web01", provider: "tar", destination: "disk", name: "x" });
const read = (more: object) =>
	answerOf(
		address,
		listedSchema,
		JSON.stringify({ archives: [], failures: [], others: [], upkeep: [], ...more }),
		{ code: 0, stderr: [] },
	);

test("what was lost is examined before it is used", () => {
	const lost = { id: ID, name: "x", created: "2026-01-02T03:04:05Z", states: ["app"] };
	read({ lost: [lost] });
	read({});
	for (const one of [null, {}, { ...lost, states: [null] }])
		assert.throws(() => read({ lost: [one] }), /sent an invalid answer/);
});

test("what is offered to be restored cannot pass for an option, and is not endless", () => {
	assert.ok(isArchiveId(ID));
	for (const id of [
		"--config=x",
		"--a::b::c",
		"x",
		"a::b::",
		"a::\x1b[2J::c",
		`a::${"b".repeat(10_000)}::c`,
	]) {
		assert.ok(!isArchiveId(id), id.slice(0, 50));
		// Whoever can write to a destination can call an archive so: the others are listed all the same.
		read({ archives: [archive(id), archive(ID)] });
	}
});
