// What every notification service must do, each used for real. A new one gets a line in `WAYS`.
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import * as v from "valibot";
import { NOTIFICATIONS, notificationKind, notifySchema } from "../../src/notify/list.ts";
import type { Notification } from "../../src/notify/notification.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("notify-kinds");
let heard = "";
/** Of the last request's body. */
let lastBytes = 0;
/** By the services' documentation; for the others there is none. */
const MAX_BYTES: Record<string, number> = { healthchecks: 10_000, ntfy: 4_096 };
const server = createServer((request, response) => {
	heard += `${request.method} ${request.url}\n`;
	const chunks: Buffer[] = [];
	request.on("data", (chunk) => chunks.push(chunk));
	request.on("end", () => {
		heard += Buffer.concat(chunks).toString();
		lastBytes = Buffer.concat(chunks).length;
	});
	request.on("end", () => response.writeHead(request.url?.startsWith("/bad") ? 500 : 200).end());
});
before(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
after(() => server.close());

const address = (path: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
const file = join(folder, "heard");
const received = () => heard + (existsSync(file) ? readFileSync(file, "utf8") : "");
const program = (text: string) => {
	const path = join(folder, "program");
	writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
	return path;
};

/** By key: one that accepts the message, and one that fails; test/fleet/units.test.ts sends mail on a machine. */
const WAYS: Record<string, { good: () => object; bad: () => object } | "elsewhere"> = {
	healthchecks: {
		good: () => ({ healthchecks: address("/check") }),
		bad: () => ({ healthchecks: address("/bad-secret") }),
	},
	ntfy: { good: () => ({ ntfy: address("/topic") }), bad: () => ({ ntfy: address("/bad-secret") }) },
	email: "elsewhere",
	command: {
		good: () => ({ command: [program(`cat >${file}`)] }),
		bad: () => ({ command: [program("exit 3"), "secret"] }),
	},
};

const failure: Notification = {
	...{ event: "failure", machine: "web01", operation: "create", run: "r1" },
	...{ title: "holdfast: create of web01: failed", body: "the disk is on fire", log: [] },
};

for (const { key, usualEvents } of NOTIFICATIONS)
	describe(key, () => {
		const way = WAYS[key];
		assert.ok(way, `${key} has no line in WAYS`);
		assert.ok(usualEvents.includes("failure"));
		if (way === "elsewhere") return;

		test("the message arrives", async () => {
			heard = "";
			const whom = v.parse(notifySchema, way.good());
			const kind = notificationKind(whom);
			assert.equal(kind.key, key);
			await kind.send(whom, failure);
			assert.match(received(), /the disk is on fire/);
		});

		test("of a long message the title, the run and the reason arrive, and the end of the log, within the limit", async () => {
			heard = "";
			const whom = v.parse(notifySchema, way.good());
			const log = Array.from({ length: 60 }, (_, index) => `${index} ${"ü€".repeat(150)}`);
			await notificationKind(whom).send(whom, { ...failure, log: [...log, "and that was the end"] });
			const sent = received();
			assert.match(sent, /the disk is on fire\n(.*\n)*and that was the end/);
			assert.ok(lastBytes <= (MAX_BYTES[key] ?? Number.POSITIVE_INFINITY), `${lastBytes} bytes`);
			heard = "";
			const body = `run r1\nthe reason\n${"x".repeat(200_000)}\n→ what to do`;
			await notificationKind(whom).send(whom, { ...failure, body, log });
			assert.match(received(), /run r1\nthe reason\n/);
			assert.match(received(), /→ what to do/);
			assert.ok(lastBytes <= (MAX_BYTES[key] ?? Number.POSITIVE_INFINITY), `${lastBytes} bytes`);
		});

		test("one that could not be sent is an error, and neither that nor the label has what may be secret", async () => {
			const whom = v.parse(notifySchema, way.bad());
			const kind = notificationKind(whom);
			await assert.rejects(kind.send(whom, failure), ({ message }) => !/secret/.test(message));
			assert.doesNotMatch(kind.label(whom), /secret/);
		});
	});
