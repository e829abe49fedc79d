// What an error is about, as scripts find it: `subject`, in a command's error and in the events and failures of a run.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { test } from "node:test";
import type { RunEvent } from "../../src/run/event.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("subjects");

function declared(): Place {
	const place = new Place(folder);
	mkdirSync(place.path("notes"));
	const folders = [place.path("notes")];
	place.declare({
		state: {
			hooked: { folders: [place.path("hooked")], hooks: { preBackup: "exit 7" } },
			gone: { folders: [place.path("gone")] },
			app: { folders: [place.path("app")], dumps: [{ sqlite: place.path("app/app.db") }] },
			notes: { folders, healthChecks: [{ command: ["false"], within: 1 }] },
		},
	});
	place.write("hooked/file", "x");
	place.write("app/file", "x");
	place.write("notes/file", "x");
	return place;
}

test("a run says of each failure which hook, folder, database or check it is about", async () => {
	const place = declared();
	const failures = async (...words: string[]) => {
		const { stdout } = await place.holdfast(...words, "--json");
		const events = stdout
			.trim()
			.split("\n")
			.map((line): RunEvent => JSON.parse(line));
		return events.flatMap((event) =>
			event.type === "step-failed" ? [[event.error.code, event.error.subject]] : [],
		);
	};
	assert.deepEqual((await failures("create")).sort(), [
		["database-not-found", place.path("app/app.db")],
		["folder-not-found", place.path("gone")],
		["hook-failed", "preBackup of hooked"],
	]);
	const [failure, ...others] = await failures("restore", "--yes", "--service", "notes", "tar", "latest");
	assert.deepEqual(others, []);
	assert.equal(failure?.[0], "health-check-failed");
	assert.match(failure?.[1] ?? "", /false/);
});

test("a command that fails says which file, state, provider, repository or run it is about", async () => {
	const place = declared();
	const subject = async (...words: string[]) => {
		const { stdout } = await place.holdfast(...words, "--json");
		const { error } = JSON.parse(stdout);
		return [error.code, error.subject];
	};
	assert.deepEqual(await subject("create", "--service", "other"), ["state-not-found", "other"]);
	assert.deepEqual(await subject("list", "--provider", "other"), ["provider-not-found", "other"]);
	assert.deepEqual(await subject("restore", "--dry-run", "tar", "other"), [
		"repository-not-found",
		place.path("archives"),
	]);
	assert.deepEqual(await subject("runs", "show", "other"), ["run-not-found", "other"]);
	place.write("broken.yaml", "machines: { web01: { stat: {} } }\n");
	assert.deepEqual(await subject("validate", "--config", place.path("broken.yaml")), [
		"config-invalid",
		"broken.yaml",
	]);
});
