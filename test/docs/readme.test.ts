// What the README and the page on names of archives print, for their own configs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { blocksOf, follow, linesOf } from "./page.ts";

const folder = scratch("readme");
const RUN = /\d{4}-\d\d-\d\dT\d{6}Z-\w{4}/;
const [{ text: config } = { text: "" }] = blocksOf("README.md", "yaml");

test("create in the README has a line for each step of the plan of its config", async () => {
	const [{ output: printed } = { output: "" }] = linesOf("README.md");
	const place = new Place(folder);
	const file = place.write("readme.yaml", config);
	const { code, stdout, stderr } = await place.holdfast("create", "--dry-run", "--config", file);
	assert.equal(code, 0, stderr);
	const planned = [...stdout.matchAll(/^ *\d+\. (.*)$/gm)].map(([, title = ""]) => title.replace(RUN, "RUN"));
	const done = [...printed.matchAll(/^✔ (.*) \(\d+ ms\)$/gm)].map(([, title = ""]) =>
		title.replace(RUN, "RUN"),
	);
	assert.ok(planned.length > 3);
	assert.deepEqual(done, planned);
});

test("docs/reference/archives.md: a state in the place of a destination", async () => {
	const place = new Place(folder);
	place.write("holdfast.yaml", config);
	await follow("docs/reference/archives.md", async ({ line }) => {
		const [, ...words] = line.split(" ");
		const { code, stderr } = await place.holdfast(...words);
		assert.equal(code, 2);
		return stderr;
	});
});
