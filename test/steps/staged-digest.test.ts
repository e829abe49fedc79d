// A file of an archive is not read again for its SHA-256 if it is what the engine wrote.
import assert from "node:assert/strict";
import {
	appendFileSync,
	chmodSync,
	copyFileSync,
	lstatSync,
	renameSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Plan } from "../../src/steps/plan.ts";
import { stage } from "../../src/steps/stage.ts";
import { stagedDigest } from "../../src/steps/work/stage.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("staged-digest");
const file = join(folder, "app.dump");

/** Whether the digest that was told at the extraction still counts after this. */
function counts(then: () => void): boolean {
	rmSync(file, { force: true });
	writeFileSync(file, "a dump");
	const { ino: inode, ctimeMs } = lstatSync(file);
	// The clock of a file system advances in steps of a few milliseconds.
	Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
	then();
	const step = stage.step({
		...{ id: stage.id("app", "dumps"), scope: "state:app", title: "", touches: [], area: folder },
		...{
			provider: "tar",
			destination: "disk",
			archive: "a",
			places: [{ stored: "/app.dump", staged: file }],
		},
	});
	const found = stagedDigest(
		{
			plan: { steps: [step] } as Pick<Plan, "steps"> as Plan,
			handedBy: (kind) => kind.handedIn(step.id, { digests: { [file]: { sha256: "told", inode, ctimeMs } } }),
		},
		file,
	);
	if (found !== undefined) assert.equal(found, "told");
	return found !== undefined;
}

test("it counts for a file that nobody has touched", () => {
	assert.ok(counts(() => {}));
});

test("it does not count for another file or one that was changed, even if it looks the same", () => {
	const copy = `${file}.copy`;
	assert.ok(!counts(() => appendFileSync(file, "; more")));
	assert.ok(!counts(() => writeFileSync(file, "a dumq")));
	assert.ok(!counts(() => chmodSync(file, 0o644)));
	assert.ok(
		!counts(() => {
			copyFileSync(file, copy);
			renameSync(copy, file);
		}),
	);
	assert.ok(!counts(() => rmSync(file)));
});
