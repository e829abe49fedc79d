// A Redis whose commands are renamed or denied to its user, as with hosting providers and in hardened setups.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const below = scratch("redis-refused");

interface Case {
	readonly title: string;
	readonly conf: string;
	/** The state is stored; otherwise the output says that it is not, and what to do about it. */
	readonly stored: boolean;
	readonly said?: RegExp;
	readonly appendOnly?: boolean;
}

const renamed = (...names: string[]) => names.map((name) => `rename-command ${name} ""`).join("\n");

const CASES: readonly Case[] = [
	{ title: "CONFIG is renamed", conf: renamed("CONFIG"), stored: true },
	{
		title: "CONFIG is renamed, and it has an append-only file",
		conf: `${renamed("CONFIG")}\nappendonly yes`,
		stored: true,
		appendOnly: true,
	},
	{
		title: "CONFIG and what replicas use are renamed",
		conf: renamed("CONFIG", "SYNC", "PSYNC"),
		stored: true,
		said: /refuses SYNC: .*saved by the server itself/,
	},
	{
		title: "its user may not",
		conf: "user default on nopass ~* +@all -config -sync -psync -replconf",
		stored: true,
		said: /refuses SYNC/,
	},
	{
		title: "nothing of it may be used",
		conf: renamed("CONFIG", "SYNC", "PSYNC", "BGSAVE"),
		stored: false,
		said: /the server denied permission[\s\S]*unknown command 'BGSAVE'[\s\S]*→ to back up Redis, the user needs these commands in its ACL: .*\+bgsave/,
	},
	{
		title: "its user may not even ask what it is",
		conf: "user default on nopass ~* +@all -info",
		stored: false,
		said: /NOPERM[\s\S]*→ to back up Redis/,
	},
];

for (const { title, conf, stored, said, appendOnly = false } of CASES)
	test(`Redis: ${title}`, async () => {
		const place = new Place(below);
		mkdirSync(place.path("own"));
		const socket = place.path("s");
		const file = place.write(
			"redis.conf",
			`port 0\nunixsocket ${socket}\ndir ${place.path("own")}\nsave ""\nlogfile /dev/null\nrepl-diskless-sync-delay 0\n${conf}\n`,
		);
		const cli = (...words: string[]) =>
			execFileSync("redis-cli", ["-s", socket, ...words], {
				encoding: "utf8",
				stdio: ["ignore", "pipe", "ignore"],
			}).trim();
		const answers = () => {
			try {
				return cli("PING") === "PONG";
			} catch {
				return false;
			}
		};
		const start = async () => {
			const server = spawn("redis-server", [file], { stdio: "ignore" });
			for (let tries = 0; tries < 1000 && !answers(); tries++) await pause(50);
			return server;
		};
		const stop = async (server: Awaited<ReturnType<typeof start>>) => {
			if (server.exitCode !== null || server.signalCode !== null) return;
			const ended = once(server, "exit");
			server.kill("SIGKILL");
			await ended;
		};
		let server = await start();
		try {
			cli("SET", "key", "as it was");
			const dump = { redis: place.path("own/dump.rdb"), socket };
			place.declare({
				state: { s: { folders: [place.path("own")], dumps: [dump] } },
			});
			const { code, stderr } = await place.holdfast("create");
			assert.equal(code, stored ? 0 : 1, stderr);
			if (said) assert.match(stderr, said);
			if (!stored) return;
			cli("SET", "key", "newer");
			await stop(server);
			const restored = await place.holdfast("restore", "--yes", "tar", "latest");
			assert.equal(restored.code, 0, restored.stderr);
			assert.equal(existsSync(place.path("own/appendonlydir")), appendOnly);
			server = await start();
			assert.equal(cli("GET", "key"), "as it was");
		} finally {
			await stop(server);
		}
	});
