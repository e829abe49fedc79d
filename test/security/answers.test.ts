// What a service, a program or a server answers may be of any length: little of it is read, less is shown, and nothing more
// is kept.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as v from "valibot";
import { healthCheckKind, healthCheckSchema } from "../../src/health/list.ts";
import { exec, execText } from "../../src/host/exec.ts";
import { askHttp } from "../../src/host/http.ts";
import { lastLines } from "../../src/host/last-lines.ts";
import { post } from "../../src/notify/post.ts";
import { runToTell } from "../../src/notify/run-to-tell.ts";
import { clip } from "../../src/values/clip.ts";
import { watchPeak } from "../support/peak.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("answers");
const database = join(folder, "notes.db");
const MIB = 1024 ** 2;
/** Characters of a fault in all. */
const MAX_SHOWN = 1_100;
const long = Buffer.alloc(40 * MIB, "x");
const server = createServer((request, response) => {
	if (request.url === "/reason") return response.writeHead(500, "y".repeat(12_000)).end();
	response.writeHead(request.url === "/well" ? 200 : 503);
	if (request.url === "/well") response.write(Buffer.concat([long.subarray(0, MIB), Buffer.from("here")]));
	response.end(long);
});
const address = (path: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
before(async () => {
	execFileSync("sqlite3", [database, "CREATE TABLE note (n)"]);
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
after(() => {
	server.closeAllConnections();
	server.close();
});

/** Megabytes in use, after a garbage collection. */
function megabytes(): number {
	setFlagsFromString("--expose-gc");
	runInNewContext("gc")();
	const { heapUsed, external } = process.memoryUsage();
	return (heapUsed + external) / MIB;
}

function ask(options: object) {
	const check = v.parse(healthCheckSchema, { ...options, within: 0 });
	const signal = new AbortController().signal;
	return healthCheckKind(check).ask(check, { seconds: 30, signal, dumps: [], log: () => {} });
}

const FLOOD = "head -c 30000000 /dev/zero | tr '\\0' x";
describe("a health check shows a little of a long answer", () => {
	const checks: Readonly<Record<string, () => object>> = {
		"of a server": () => ({ http: address("/ill") }),
		"of a server that must say something": () => ({ http: address("/well"), contains: "there" }),
		"of a script": () => ({ script: `${FLOOD}\n${FLOOD} >&2\nfalse` }),
		"of a script, in lines": () => ({ script: "seq 1000000\nseq 1000000 >&2\nfalse" }),
		"of a command": () => ({ command: ["sh", "-c", `${FLOOD}; exit 3`] }),
		"of a database": () => ({ sqlite: database, sql: "SELECT hex(zeroblob(20000000))", expect: "1" }),
		"of a database, as an error": () => ({
			sqlite: database,
			sql: `SELECT * FROM ${"n".repeat(60_000)}`,
		}),
	};
	for (const [what, options] of Object.entries(checks))
		test(what, async () => {
			const fault = await ask(options());
			assert.ok(fault);
			const shown = [fault.what, ...fault.details].join("\n");
			assert.ok(shown.length < MAX_SHOWN, `${shown.length} characters`);
		});

	test("a text is found beyond what is shown", async () => {
		assert.equal(await ask({ http: address("/well"), contains: "here" }), undefined);
	});

	test("a long answer that nothing is expected of is healthy", async () => {
		assert.equal(await ask({ sqlite: database, sql: "SELECT hex(zeroblob(20000000))" }), undefined);
	});

	test("and the rest of the answer is not kept in memory", async () => {
		const began = megabytes();
		const faults: unknown[] = [];
		for (let times = 0; times < 20; times++)
			faults.push(await ask({ http: address("/well"), contains: "there" }));
		assert.ok(megabytes() - began < 30, `${megabytes() - began} MiB`);
		assert.equal(faults.length, 20);
	});
});

test("a check that asks an endless answer again and again stays small", { timeout: 60_000 }, async () => {
	const place = new Place(folder);
	const endless = createServer((_request, response) => {
		const pour = () => {
			while (response.write("x".repeat(65_536)));
			response.once("drain", pour);
		};
		pour();
	}).listen(0, "127.0.0.1");
	await once(endless, "listening");
	const http = `http://127.0.0.1:${(endless.address() as AddressInfo).port}/`;
	place.declare({
		state: { notes: { folders: [place.path("notes")], healthChecks: [{ http, contains: "y", within: 6 }] } },
	});
	place.write("notes/file", "one");
	assert.equal((await place.holdfast("create")).code, 0);
	const { child, ended } = place.start(["restore", "--yes", "tar", "latest"]);
	const peak = watchPeak(child.pid);
	const { code, stderr } = await ended;
	endless.closeAllConnections();
	endless.close();
	assert.equal(code, 1, stderr);
	assert.match(stderr, /does not contain "y"/);
	assert.ok(peak() < 130, `${peak()} MiB`);
});

test("a text is found across the pieces in which an answer comes", async () => {
	const pieces = createServer(async (_request, response) => {
		for (const piece of ["..th", "e", "r", "e.."]) {
			response.write(piece);
			await pause(20);
		}
		response.end();
	}).listen(0, "127.0.0.1");
	await once(pieces, "listening");
	const at = `http://127.0.0.1:${(pieces.address() as AddressInfo).port}/`;
	for (const [seeks, found] of [
		["there", true],
		["these", false],
	] as const)
		assert.equal((await askHttp(at, { timeoutSeconds: 30, seeks })).found, found);
	pieces.close();
});

test("a restore that fails for such a check leaves little in its journal", { timeout: 60_000 }, async () => {
	const place = new Place(folder);
	const healthChecks = [{ script: `${FLOOD}\nfalse`, within: 1 }];
	place.declare({ state: { notes: { folders: [place.path("notes")], healthChecks } } });
	place.write("notes/file", "one");
	assert.equal((await place.holdfast("create")).code, 0);
	const { code, stderr } = await place.holdfast("restore", "--yes", "tar", "latest");
	assert.equal(code, 1, stderr);
	assert.match(stderr, /notes is not healthy/);
	assert.ok(stderr.length < 10_000, `${stderr.length} characters`);
	const bytes = ["", "-wal"].map(
		(end) => statSync(place.path(`state/journal.sqlite${end}`), { throwIfNoEntry: false })?.size ?? 0,
	);
	assert.ok(
		bytes.every((one) => one < MIB),
		`${bytes}`,
	);
});

test("by default 64 KiB of a body are read", async () => {
	const { text } = await askHttp(address("/ill"), { timeoutSeconds: 30 });
	assert.equal(text.length, 64 * 1024);
});

test("of a notification that fails, the same", async () => {
	const isShort = ({ message }: Error) => message.length <= 500 && /^it /.test(message);
	await assert.rejects(runToTell(["sh", "-c", `${FLOOD} >&2; exit 1`], ""), isShort);
	await assert.rejects(runToTell(["sh", "-c", "seq 1000000 >&2; exit 1"], ""), isShort);
	await assert.rejects(post(address("/reason"), "news"), isShort);
});

test("the last lines of a program are limited, and so is the beginning of its output", async () => {
	const { stderr } = await exec(["sh", "-c", `for i in 1 2 3; do ${FLOOD}; echo; done >&2`]);
	assert.deepEqual(
		stderr.map((line) => line.length),
		[4_000, 4_000, 4_000],
	);
	const { text } = await execText(["sh", "-c", FLOOD], { beginning: 1_000 });
	assert.equal(text, "x".repeat(1_000));
	const last = lastLines(2);
	for (const line of ["a", "b", "c".repeat(9_000)]) last.add(line);
	assert.deepEqual(
		last.lines.map((line) => line.length),
		[1, 4_000],
	);
});

test("a text that is cut does not hold what it was cut from", async () => {
	const began = megabytes();
	const kept = Array.from({ length: 30 }, (_, index) => {
		const text = Buffer.alloc(4 * MIB, 97 + (index % 26)).toString("latin1");
		return [clip(text, 500), clip(text.slice(0, 400), 500)];
	});
	// What is held stays for good; what is not may take a while to be collected.
	let grown = megabytes() - began;
	for (let tries = 0; grown >= 20 && tries < 20; tries++) {
		await pause(100);
		grown = megabytes() - began;
	}
	assert.ok(grown < 20, `${grown} MiB`);
	assert.ok(kept.flat().every((text) => text.length <= 500));
});
