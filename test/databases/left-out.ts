// What a create and a restore say was left out.
import assert from "node:assert/strict";
import type { Place } from "../support/place.ts";

export async function saidBy(place: Place, expected: number, words: readonly string[]): Promise<string> {
	const { code, stdout, stderr } = await place.holdfast(...words);
	assert.equal(code, expected, stdout + stderr);
	return stderr;
}

/** Restores the latest archive. */
export async function leftOutOf(place: Place): Promise<string> {
	const { code, stdout, stderr } = await place.holdfast("restore", "--yes", "--json", "tar", "latest");
	assert.equal(code, 0, stdout + stderr);
	const events = stdout
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line));
	return events.flatMap(({ result }) => result?.warnings ?? []).join("\n");
}
