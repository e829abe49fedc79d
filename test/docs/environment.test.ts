// Every environment variable of ours is on its page, or is one of those that only the program itself and tests use.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const PROJECT = join(import.meta.dirname, "../..");
const INTERNAL = ["HOLDFAST_BUNDLE", "HOLDFAST_START", "HOLDFAST_FAULT", "HOLDFAST_FAULT_COMMAND"];

test("the page of environment variables has all of them, and no other", () => {
	const named = (file: string) =>
		readFileSync(join(PROJECT, file), "utf8").match(/HOLDFAST_[A-Z_]*[A-Z]/g) ?? [];
	const used = new Set(["bin/holdfast", ...globSync("src/**/*.ts", { cwd: PROJECT })].flatMap(named));
	const told = new Set(named("docs/reference/environment.md"));
	assert.deepEqual([...told, ...INTERNAL].sort(), [...used].sort());
});
