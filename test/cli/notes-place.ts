// A state whose hooks signal that a run is in progress, with two archives: for tests of who reads the output.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { Place } from "../support/place.ts";

export const HOLDFAST = `${import.meta.dirname}/../../bin/holdfast`;

/** Two archives of a state whose hooks signal that a run is in progress, and take a second, or as long as there is a file. */
export async function setUp(folder: string, waits?: string) {
	const place = new Place(folder);
	place.write("notes/file", "as it was");
	const wait = waits === undefined ? "sleep 1" : `while test -e ${place.path(waits)}; do sleep 0.1; done`;
	const hook = `touch ${place.path("begun")}; ${wait}; touch ${place.path("went-on")}`;
	place.declare({
		state: { notes: { folders: [place.path("notes")], hooks: { preBackup: hook, preRestore: hook } } },
		providers: {
			tar: { retention: { keepLast: 1 }, destinations: { disk: { path: place.path("archives") } } },
		},
	});
	const ok = async (...words: string[]) => {
		const { code, stdout, stderr } = await place.holdfast(...words);
		assert.equal(code, 0, stderr);
		return stdout;
	};
	await ok("create");
	await ok("create");
	writeFileSync(place.path("notes/file"), "changed");
	for (const name of ["begun", "went-on"]) rmSync(place.path(name));
	return { place, ok };
}

export const file = (place: Place) => readFileSync(place.path("notes/file"), "utf8");

interface Row {
	readonly id: string;
	readonly outcome: string | null;
}
/** Newest first; read during a run. */
export function runs(place: Place): Row[] {
	const { stdout } = spawnSync(HOLDFAST, ["runs", "--json"], {
		cwd: place.folder,
		env: place.env,
		encoding: "utf8",
	});
	return JSON.parse(stdout) as Row[];
}
