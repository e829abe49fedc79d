// Something that never answers, such as a named pipe that nobody writes to, blocks nothing: it is reported as an
// error. Anything that hangs anyway is ended by a signal, except an undo in progress.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { openStore } from "../../src/fleet/secrets.ts";
import { readBounded } from "../../src/host/read-file.ts";
import { stopWaitingOnAbort } from "../../src/run/abort.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("hangs");
const SIGNALS = join(import.meta.dirname, "../../src/cli/signals.ts");

function pipeAt(path: string): string {
	execFileSync("mkfifo", [path]);
	return path;
}

describe("a named pipe in place of a file", () => {
	/** By the file that the pipe replaces; the command must end by itself. */
	const ways: Readonly<Record<string, (place: Place) => readonly string[]>> = {
		"the config, found": (place) => {
			pipeAt(place.path("holdfast.yaml"));
			return ["list"];
		},
		"the config, named": (place) => ["list", "--config", pipeAt(place.path("c.yaml"))],
		"a config of code": (place) => ["list", "--config", pipeAt(place.path("c.ts"))],
		"a passphrase of borg's": (place) => {
			const passphraseFile = pipeAt(place.path("secret"));
			const destinations = { d: { repo: place.path("repo"), passphraseFile } };
			place.declare({ state: {}, providers: { borgbackup: { destinations } } });
			return ["list"];
		},
		"a passphrase of restic's": (place) => {
			const passphraseFile = pipeAt(place.path("secret"));
			const destinations = { d: { repo: place.path("repo"), passphraseFile } };
			place.declare({ state: {}, providers: { restic: { destinations } } });
			return ["list"];
		},
		"the variables of restic's": (place) => {
			const passphraseFile = place.write("secret", "x\n");
			const environmentFile = pipeAt(place.path("variables"));
			const destinations = { d: { repo: place.path("repo"), passphraseFile, environmentFile } };
			place.declare({ state: {}, providers: { restic: { destinations } } });
			return ["list"];
		},
		"what Clan declares": (place) => ["import", "clan", pipeAt(place.path("clan.json"))],
	};
	for (const [what, make] of Object.entries(ways))
		test(what, { timeout: 60_000 }, async (context) => {
			const place = new Place(folder);
			const { child, ended } = place.start(make(place));
			context.signal.addEventListener("abort", () => child.kill("SIGKILL"));
			const { stdout, stderr } = await ended;
			assert.match(stdout + stderr, /is a named pipe, not a regular file/);
		});

	test("an age identity", { timeout: 60_000 }, async () => {
		const place = new Place(folder);
		const identity = pipeAt(place.path("age.key"));
		const store = openStore({ folder: place.path("secrets"), identity });
		await assert.rejects(store.set("web01/borg", "x"), /cannot read the age identity/);
		place.write("secrets/web01/borg.age", "x");
		await assert.rejects(store.get("web01/borg"), /cannot read the age identity/);
	});
});

test("a device, a folder, a socket, and what is too large or grows, are errors in words", () => {
	for (const [path, words] of [
		["/dev/zero", /is a device, not a regular file/],
		["/dev/tty0", /is a device|ENOENT|ENXIO|EACCES/],
		[folder, /it is a folder, not a regular file/],
		["/proc/self/mountinfo", /is larger than 1 KiB/],
	] as const)
		assert.throws(() => readBounded(path, { most: 1024 }), words);
	const file = join(folder, "large");
	writeFileSync(file, "x".repeat(2_000));
	assert.throws(() => readBounded(file, { most: 1024 }), /it is larger than 1 KiB/);
	assert.equal(readBounded(file, { most: 2_000 }).length, 2_000);
});

/** A process with our signal handling that does this. */
async function underSignals(work: string, ...signals: readonly (readonly [NodeJS.Signals, number])[]) {
	const text = `const { interruptible, untilUndone, untilUndoneThere, secondSignal } = await import(${JSON.stringify(SIGNALS)});
		const { promises: fs, writeFileSync } = await import("node:fs");
		const { setTimeout: pause } = await import("node:timers/promises");
		const signal = interruptible();
		setInterval(() => {}, 1_000);
		console.log("ready");
		${work}`;
	const argv = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", text];
	const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "pipe"] });
	await new Promise((resolve) => child.stdout.once("data", resolve));
	const began = performance.now();
	const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) =>
		child.on("close", (code, signal) => resolve({ code, signal })),
	);
	for (const [signal, after] of signals) {
		await pause(after);
		child.kill(signal);
	}
	const late = setTimeout(() => child.kill("SIGKILL"), 25_000);
	const end = await ended;
	clearTimeout(late);
	return { ...end, seconds: (performance.now() - began) / 1000 };
}

describe("what hangs", { concurrency: true }, () => {
	const pipe = pipeAt(join(folder, "nobody-writes"));
	const hang = `await fs.open(${JSON.stringify(pipe)});`;

	test("a second signal ends it at once", async () => {
		const { signal, seconds } = await underSignals(hang, ["SIGINT", 100], ["SIGTERM", 200]);
		assert.equal(signal, "SIGTERM");
		assert.ok(seconds < 5, `${seconds} s`);
	});

	test("one signal ends it in a while, when it does not heed it [long]", async () => {
		const { signal, seconds } = await underSignals(hang, ["SIGTERM", 100]);
		assert.equal(signal, "SIGTERM");
		assert.ok(seconds < 20, `${seconds} s`);
	});

	test("an undo is ended by no signal, and what hangs after it is", async () => {
		const done = join(folder, "undone");
		const work = `await untilUndone(async () => { await pause(2_000); writeFileSync(${JSON.stringify(done)}, ""); }); ${hang}`;
		const { signal, seconds } = await underSignals(
			work,
			["SIGINT", 100],
			["SIGINT", 100],
			["SIGTERM", 100],
			["SIGINT", 2_500],
		);
		assert.ok(existsSync(done), "the undo came to its end");
		assert.equal(signal, "SIGINT");
		assert.ok(seconds < 10, `${seconds} s`);
	});

	test("a step that only reads is waited for until it had its time", async () => {
		const asked = new AbortController();
		const never = new Promise<string>(() => {});
		const heard = stopWaitingOnAbort(never, asked.signal, 100);
		await pause(200);
		asked.abort();
		await assert.rejects(heard, { code: "interrupted" });
		assert.equal(await stopWaitingOnAbort(Promise.resolve("done"), asked.signal, 100), "done");
		await assert.rejects(stopWaitingOnAbort(Promise.reject(new Error("own")), asked.signal, 100), /own/);
		await assert.rejects(stopWaitingOnAbort(never, asked.signal, 100), { code: "interrupted" });
	});

	test("another machine's undo is waited for, until a second signal", async () => {
		const left = join(folder, "left");
		const work = `const leave = new Promise((resolve) => secondSignal.addEventListener("abort", resolve));
			await untilUndoneThere(async () => { await leave; writeFileSync(${JSON.stringify(left)}, ""); }); process.exit();`;
		const { code } = await underSignals(work, ["SIGINT", 100], ["SIGINT", 500]);
		assert.equal(code, 0);
		assert.ok(existsSync(left));
	});

	test("an engine that never answers, and heeds nothing", async () => {
		const place = new Place(folder);
		const asked = place.path("asked");
		const commands = {
			list: `trap '' TERM INT; touch ${asked}; sleep 1000`,
			create: "true",
			restore: "true",
		};
		place.declare({ state: {}, providers: { mine: { type: "command", ...commands } } });
		const { child, ended } = place.start(["list"]);
		while (!existsSync(asked)) await pause(20);
		child.kill("SIGTERM");
		await pause(300);
		child.kill("SIGTERM");
		const { code, signal } = await ended;
		assert.ok(signal === "SIGTERM" || code === 130, `${code} ${signal}`);
	});

	test("a question that nobody answers", async () => {
		const place = new Place(folder);
		place.write("data/file", "x");
		place.declare({ state: { data: { folders: [place.path("data")] } } });
		assert.equal((await place.holdfast("create")).code, 0);
		const words = `stty -echo; exec ${join(import.meta.dirname, "../../bin/holdfast")} restore --service data tar latest`;
		const child = spawn("script", ["-qec", words, "/dev/null"], {
			cwd: place.folder,
			env: { ...place.env, SHELL: "/bin/sh" },
			stdio: ["pipe", "pipe", "inherit"],
		});
		let text = "";
		let pressed = false;
		child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
			text += chunk;
			if (pressed || !text.includes("[y/N]")) return;
			pressed = true;
			// As the terminal's driver turns it into SIGINT.
			child.stdin.write("\u0003");
		});
		const code = await new Promise((resolve) => child.on("close", resolve));
		assert.equal(code, 130, text);
		assert.match(text, /interrupted; nothing was changed/);
	});
});
