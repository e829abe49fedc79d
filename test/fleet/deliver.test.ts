// What a deploy sends includes passphrases: none of it stays when the deploy is interrupted or killed while it sends. An
// sshd on loopback, whose tar gets stuck.
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { deliver } from "../../src/fleet/deliver.ts";
import { Connection } from "../../src/fleet/ssh.ts";
import { type Target, targetHere, targetOver } from "../../src/fleet/target.ts";
import { scratch } from "../support/scratch.ts";
import { freePort, knownHost, listening, makeSshKeys, startSshd } from "../support/sshd.ts";

const PROJECT = join(import.meta.dirname, "../..");
const skip = process.getuid?.() !== 0 ? "an sshd of its own needs root" : undefined;
const folder = scratch("deliver");
const never = new AbortController().signal;

async function until(what: string, holds: () => boolean): Promise<void> {
	for (const end = performance.now() + 20_000; !holds(); await pause(20))
		if (performance.now() > end) assert.fail(what);
}

test("what is sent arrives, readable by its owner only, and is removed after the work", async () => {
	const arrivals = join(folder, "here");
	const file = join(folder, "program");
	writeFileSync(file, randomBytes(3 * 1024 * 1024 + 7));
	const sum = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");
	const contents = new Map([
		["empty", { text: "" }],
		["secret", { text: "pässword\n" }],
		["block", { text: "x".repeat(512) }],
		["program", { file }],
	]);
	const answer = await deliver(targetHere("here"), arrivals, contents, never, async () => {
		assert.deepEqual(readdirSync(arrivals).sort(), ["block", "empty", "program", "secret"]);
		assert.equal(readFileSync(join(arrivals, "secret"), "utf8"), "pässword\n");
		assert.equal(sum(join(arrivals, "program")), sum(file));
		const modes = spawnSync("stat", ["-c", "%a", arrivals, join(arrivals, "secret")], { encoding: "utf8" });
		assert.equal(modes.stdout, "700\n600\n");
		return "done";
	});
	assert.equal(answer, "done");
	assert.ok(!existsSync(arrivals));
	await assert.rejects(
		deliver(targetHere("here"), arrivals, contents, never, async () => {
			throw new Error("it failed");
		}),
		/it failed/,
	);
	assert.ok(!existsSync(arrivals));
});

describe("sending to another machine", { skip }, () => {
	const config = join(folder, "ssh.conf");
	let daemon: ChildProcess | undefined;
	after(() => daemon?.kill("SIGKILL"));
	before(async () => {
		const keys = makeSshKeys(folder);
		const port = await freePort();
		const bin = join(folder, "bin");
		mkdirSync(bin);
		const stuck = '#!/bin/sh\nfor last; do :; done; echo password >"$last/secret"; exec sleep 1000\n';
		writeFileSync(join(bin, "tar"), stuck, { mode: 0o755 });
		daemon = startSshd(folder, keys, `127.0.0.1:${port}`, [`SetEnv PATH=${bin}:/usr/bin:/bin`]);
		writeFileSync(join(folder, "known_hosts"), knownHost(`[127.0.0.1]:${port}`, keys));
		writeFileSync(
			config,
			`Host web01\n  HostName 127.0.0.1\n  Port ${port}\n  User root\n  IdentityFile ${keys.key}\n  UserKnownHostsFile ${folder}/known_hosts\n`,
		);
		await listening(port);
	});

	async function over<T>(work: (target: Target) => Promise<T>): Promise<T> {
		const address = { machine: "web01", host: "web01", sudo: false, config };
		const connection = await Connection.open(address, never);
		try {
			return await work(targetOver(connection));
		} finally {
			await connection.close();
		}
	}

	test("Ctrl-C reaches the transfer, and nothing stays there", async () => {
		const arrivals = join(folder, "interrupted");
		const stop = new AbortController();
		const sending = over((target) =>
			deliver(target, arrivals, new Map([["secret", { text: "password" }]]), stop.signal, async () =>
				assert.fail("it was sent"),
			),
		);
		await until("it arrives", () => existsSync(join(arrivals, "secret")));
		const began = performance.now();
		stop.abort();
		await assert.rejects(sending, { name: "AbortError" });
		assert.ok(performance.now() - began < 15_000);
		await until("it is removed", () => !existsSync(arrivals));
	});

	/** An operator's process, which waits after it has sent, or handed over. */
	async function killed(arrivals: string, work: string, path: string) {
		const program = join(folder, "operator.ts");
		writeFileSync(
			program,
			`import { deliver } from "${PROJECT}/src/fleet/deliver.ts";
import { Connection } from "${PROJECT}/src/fleet/ssh.ts";
import { targetOver } from "${PROJECT}/src/fleet/target.ts";
const signal = new AbortController().signal;
const connection = await Connection.open({ machine: "web01", host: "web01", sudo: false, config: "${config}" }, signal);
await deliver(targetOver(connection), "${arrivals}", new Map([["secret", { text: "password" }]]), signal, async (handOver) => { ${work} });
`,
		);
		const operator = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", program], {
			stdio: "inherit",
			env: { ...process.env, TMPDIR: join(folder, "temporary"), PATH: path },
		});
		mkdirSync(join(folder, "temporary"), { recursive: true });
		return operator;
	}

	test("an operator that is killed while it sends leaves nothing, there or here", async () => {
		const arrivals = join(folder, "killed");
		const operator = await killed(arrivals, "", process.env.PATH ?? "");
		await until("it arrives", () => existsSync(join(arrivals, "secret")));
		operator.kill("SIGKILL");
		await until("it is removed", () => !existsSync(arrivals));
		assert.deepEqual(readdirSync(join(folder, "temporary")), []);
	});

	test("what was handed over to a run stays for it when the operator is killed", async () => {
		const arrivals = join(folder, "state/deploy/handed-over");
		writeFileSync(join(folder, "bin/tar"), '#!/bin/sh\nexec /usr/bin/tar "$@"\n', { mode: 0o755 });
		const mark = join(folder, "mark");
		const work = `handOver(); (await import("node:fs")).writeFileSync("${mark}", ""); await new Promise((go) => setTimeout(go, 60_000));`;
		const operator = await killed(arrivals, work, process.env.PATH ?? "");
		await until("it is handed over", () => existsSync(mark));
		await pause(200);
		operator.kill("SIGKILL");
		await pause(1_000);
		assert.ok(existsSync(join(arrivals, "secret")));
	});

	test("the next run, such as recover, removes what was left, except what another operator is sending", async () => {
		const used = join(folder, "state/deploy/used");
		mkdirSync(used, { recursive: true });
		const other = spawn("sleep", ["1000"], { cwd: used, stdio: "ignore" });
		after(() => other.kill());
		const { status, stderr } = spawnSync(join(PROJECT, "bin/holdfast"), ["recover"], {
			encoding: "utf8",
			env: {
				...process.env,
				HOLDFAST_STATE_DIR: join(folder, "state"),
				HOLDFAST_RUNTIME_DIR: join(folder, "run"),
			},
		});
		assert.equal(status, 0, stderr);
		assert.deepEqual(readdirSync(join(folder, "state/deploy")), ["used"]);
	});
});
