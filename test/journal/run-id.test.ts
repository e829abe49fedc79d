// Whose id a run has.
import assert from "node:assert/strict";
import { test } from "node:test";
import { givenRunId } from "../../src/run/run-id.ts";

test("a run has the id that whoever started it remotely has chosen; one that a hook or a notification starts has its own", () => {
	const HOLDFAST_RUN = "2026-11-24T010000Z-k3x9";
	assert.equal(givenRunId({ HOLDFAST_RUN }), HOLDFAST_RUN);
	assert.equal(givenRunId({ HOLDFAST_RUN, HOLDFAST_STATE: "notes" }), undefined);
	assert.equal(givenRunId({ HOLDFAST_RUN, HOLDFAST_EVENT: "success" }), undefined);
	assert.equal(givenRunId({ HOLDFAST_RUN: "" }), undefined);
});
