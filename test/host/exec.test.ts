// Programs are started in the same way as engines and servers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { start } from "../../src/host/exec.ts";

test("one that cannot be started is told to whoever asks, whenever that is, and ends nobody else", async () => {
	const child = await start(["true"], { cwd: "/not/there", pipeOut: true });
	// An unhandled rejection would end this process, and with it a run that is half done.
	await pause(50);
	await assert.rejects(child.done, /cannot start true: /);
});
