// The README's output of `create` is that of the README's config.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const README = readFileSync(join(import.meta.dirname, "../../README.md"), "utf8");
const RUN = /\d{4}-\d\d-\d\dT\d{6}Z-\w{4}/;

test("create in the README has a line for each step of the plan of its config", async () => {
	const [, config = ""] = /^```yaml\n([\s\S]*?)^```$/m.exec(README) ?? [];
	const [, printed = ""] = /^\$ holdfast create\n([\s\S]*?)^\$/m.exec(README) ?? [];
	const place = new Place(scratch("readme"));
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
