// Prune of another machine: what was shown and agreed to here is what is removed there.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fleetOf } from "../support/fleet.ts";
import { scratch } from "../support/scratch.ts";

const HOLDFAST = join(import.meta.dirname, "../../bin/holdfast");
const folder = scratch("prune-there");
await fleetOf(folder, [], { keepLast: 1 });
const own = join(folder, "honest");

/** On the machine itself. */
function create(): void {
	const { status, stderr } = spawnSync(HOLDFAST, ["create", "--config", join(folder, "local.json")], {
		env: {
			...process.env,
			HOLDFAST_STATE_DIR: join(own, "state"),
			HOLDFAST_RUNTIME_DIR: join(own, "run"),
		},
		encoding: "utf8",
	});
	assert.equal(status, 0, stderr);
}

const archives = () => readdirSync(join(own, "archives")).filter((name) => name.startsWith("honest-"));

/** `meanwhile`: between the question and the answer. */
function prune(meanwhile: () => void): Promise<string> {
	const command = `${HOLDFAST} prune honest --config ${join(folder, "holdfast.json")}`;
	const child = spawn("script", ["-qec", command, "/dev/null"], {
		env: { ...process.env, HOLDFAST_STATE_DIR: join(folder, "operator") },
		stdio: ["pipe", "pipe", "inherit"],
	});
	let text = "";
	let isAsked = false;
	child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
		text += chunk;
		if (isAsked || !text.includes("[y/N]")) return;
		isAsked = true;
		meanwhile();
		child.stdin.write("y\n");
	});
	return new Promise((resolve) => child.on("close", () => resolve(text)));
}

test("an archive that nobody was shown stays, even if no rule keeps it by the time of the answer", async () => {
	// A name has seconds only.
	const [first] = archives();
	create();
	const second = archives().find((name) => name !== first);
	assert.ok(first && second);
	const text = await prune(create);
	assert.match(text, /Permanently remove 1 archive\? \[y\/N\]/);
	assert.match(text, new RegExp(`PRUNE .*${first}`));
	const left = archives();
	assert.ok(!left.includes(first), text);
	assert.ok(left.includes(second), "the newest when it was shown");
	assert.equal(left.length, 2);
});

test("nothing to remove asks nothing", async () => {
	await prune(() => {});
	const text = await prune(() => {});
	assert.doesNotMatch(text, /\[y\/N\]/);
	assert.equal(archives().length, 1);
});
