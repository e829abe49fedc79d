// A Redis server belongs to its service: whatever it answers, a backup ends, in bounded memory, and costs only its own state.
// A program of this test's answers in Redis's place, because a real server does none of this.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, test } from "node:test";
import { watchPeak } from "../support/peak.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("hostile-redis");
const MAX_MB = 150;
const ESCAPE = "\u001b]0;owned\u0007\u001b[2J";

type Answer = (socket: Socket, command: string) => void;

const bulk = (text: string) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
const INFO = bulk("# Server\r\nredis_version:7.0.15\r\naof_enabled:0\r\n");
/** As a real one would, up to what a test is about. */
const honest: Answer = (socket, command) => {
	if (command === "info") socket.write(INFO);
	else if (command === "config") socket.write("*2\r\n$10\r\nappendonly\r\n$2\r\nno\r\n");
	else if (command === "ping") socket.write("+PONG\r\n");
	else socket.write(`-ERR unknown command '${command}'\r\n`);
};
/** Without end, as fast as it is read. */
const endless = (socket: Socket, piece: string) => {
	const more = () => {
		while (socket.writable && socket.write(piece));
		if (socket.writable) socket.once("drain", more);
	};
	more();
};

const on = (name: string, answer: (socket: Socket) => void): Answer => {
	return (socket, command) => (command === name ? answer(socket) : honest(socket, command));
};

const CASES: readonly (readonly [what: string, answer: Answer])[] = [
	["an answer without end [long]", on("info", (socket) => endless(socket, `+${"x".repeat(65_536)}`))],
	["a list without end", on("info", (socket) => endless(socket, `*1000000000\r\n${bulk("x").repeat(1000)}`))],
	["an answer of 64 MiB", on("info", (socket) => socket.write(bulk("x".repeat(64 << 20))))],
	[
		"an answer larger than memory, announced [long]",
		on("info", (socket) => socket.write("$99999999999999\r\nx")),
	],
	["an error of 8 MiB with escapes", on("info", (socket) => socket.write(`-${ESCAPE.repeat(500_000)}\r\n`))],
	[
		"a version that is none",
		on("info", (socket) => socket.write(bulk(`redis_version:${ESCAPE}__proto__\r\n`))),
	],
	["a transfer that is no dataset", on("sync", (socket) => socket.write(bulk("#!/bin/sh\nid\n")))],
	["a transfer that stops", on("sync", (socket) => socket.end("$1000000\r\nREDIS0009"))],
	["a transfer that is refused with escapes", on("sync", (socket) => socket.write(`-${ESCAPE}\r\n`))],
	["a hang-up at each command", (socket) => socket.destroy()],
];

describe("a server that a service has put in Redis's place", { concurrency: true }, () => {
	for (const [what, answer] of CASES) {
		test(what, { timeout: 120_000 }, async (context) => {
			const server = createServer((socket) => {
				socket.on("error", () => {});
				socket.on("data", (data) => {
					const words = [...data.toString("latin1").matchAll(/\$\d+\r\n([^\r]*)\r\n/g)].map(
						([, word = ""]) => word,
					);
					const [command = data.toString("latin1").trim()] = words;
					answer(socket, command.toLowerCase());
				});
			});
			server.listen(0, "127.0.0.1");
			context.after(() => server.close());
			await new Promise((listening) => server.once("listening", listening));
			const { port } = server.address() as AddressInfo;
			const place = new Place(folder);
			mkdirSync(place.path("own"));
			place.write("other/file", "x");
			place.declare({
				state: {
					app: { folders: [place.path("own")], dumps: [{ redis: place.path("own/dump.rdb"), port }] },
					other: { folders: [place.path("other")] },
				},
			});
			const { child, ended } = place.start(["create"]);
			assert.ok(child.pid);
			const peak = watchPeak(child.pid);
			const { code, stdout, stderr } = await ended;
			const megabytes = peak();
			assert.equal(code, 3, stdout + stderr);
			assert.match(stderr, /✘ .*(dump\.rdb|state app)/);
			assert.ok(stderr.length < 64_000, `${stderr.length} characters of output`);
			// biome-ignore lint/suspicious/noControlCharactersInRegex: the terminal's door lets none through
			assert.doesNotMatch(stderr + stdout, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
			assert.ok(megabytes < MAX_MB, `${megabytes} MB`);
			const { archives } = JSON.parse((await place.holdfast("list", "--json")).stdout);
			assert.equal(archives[0].metadata.states.other.outcome, "good");
			assert.equal(archives[0].metadata.states.app.outcome, "failed");
		});
	}
});
