// A program that is alive but does nothing is ended; one that works is left alone, however little it prints.
import assert from "node:assert/strict";
import { test } from "node:test";
import { exec } from "../../src/host/exec.ts";

const run = (script: string) =>
	exec(["bash", "-c", script], { standstillSeconds: 1.5, timeoutSeconds: 10, onStdout: () => {} });

test("one that waits for ever, also while it says so, is ended", async () => {
	for (const script of [
		"exec sleep 60",
		`exec ${process.execPath} -e 'setInterval(() => console.log("100 percent"), 200)'`,
	]) {
		const { stoodStill, timedOut, killedBy } = await run(script);
		assert.deepEqual(
			{ stoodStill, timedOut, killedBy },
			{ stoodStill: true, timedOut: false, killedBy: "SIGTERM" },
		);
	}
});

test("one that computes, reads or writes is not", async () => {
	for (const work of [
		"while [ $SECONDS -lt 4 ]; do :; done",
		'while [ $SECONDS -lt 4 ]; do read -r -N 40000 x < <(head -c 40000 /dev/zero | tr "\\0" x); sleep 0.2; done',
	]) {
		const { stoodStill, timedOut, code } = await run(work);
		assert.deepEqual({ stoodStill, timedOut, code }, { stoodStill: false, timedOut: false, code: 0 });
	}
});
