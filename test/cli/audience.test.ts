// A run completes even if its output goes nowhere (a closed terminal, a dropped connection, a pipe that nobody reads
// any more).
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { file, HOLDFAST, runs, setUp } from "./notes-place.ts";

const folder = scratch("audience");
/** More than one: every command in every case. Otherwise a restore in all cases, and the others in one. */
const moments = Number(process.env.HOLDFAST_ROUNDS) || 1;

interface Command {
	prepare?(place: Place, ok: (...words: string[]) => Promise<string>): Promise<unknown>;
	words(place: Place, prepared: unknown): string[];
	/** The result after it has run to its end. */
	check(place: Place, ok: (...words: string[]) => Promise<string>): Promise<void>;
	/** Whether its hooks signal that it is in progress. */
	readonly hooks: boolean;
}
const archives = async (ok: (...words: string[]) => Promise<string>) =>
	(JSON.parse(await ok("list", "--json")) as { archives: unknown[] }).archives.length;
const COMMANDS: Readonly<Record<string, Command>> = {
	create: {
		words: () => ["create"],
		hooks: true,
		check: async (_, ok) => assert.equal(await archives(ok), 3),
	},
	restore: {
		words: () => ["restore", "--yes", "tar", "latest"],
		hooks: true,
		check: async (place) => assert.equal(file(place), "as it was"),
	},
	undo: {
		async prepare(place, ok) {
			await ok("restore", "--yes", "--keep-old", "1d", "tar", "latest");
			for (const name of ["begun", "went-on"]) rmSync(place.path(name));
			const [last] = JSON.parse(await ok("runs", "--json")) as { id: string }[];
			return last?.id;
		},
		words: (_, run) => ["undo", "--yes", String(run)],
		hooks: false,
		check: async (place) => assert.equal(file(place), "changed"),
	},
	prune: {
		words: () => ["prune", "--yes"],
		hooks: false,
		check: async (_, ok) => assert.equal(await archives(ok), 1),
	},
};

type Leave = (place: Place, words: string[], underWay: () => Promise<void>) => Promise<void>;
const AUDIENCES: Readonly<Record<string, Leave>> = {
	async "is sent SIGHUP"(place, words, underWay) {
		const { child, ended } = place.start(words);
		await underWay();
		child.kill("SIGHUP");
		await pause(20);
		child.kill("SIGHUP");
		const { code, signal } = await ended;
		// After all work is done and Node has removed its handlers, this is an acceptable end too.
		assert.ok(code === 0 || signal === "SIGHUP", `${code} ${signal}`);
	},
	async "has its standard output and error closed"(place, words, underWay) {
		const { child, ended } = place.start(words);
		child.stdout?.destroy();
		child.stderr?.destroy();
		await underWay();
		assert.equal((await ended).code, 0);
	},
	async "loses its terminal"(place, words, underWay) {
		const argv = [...[HOLDFAST], ...words].map((word) => `'${word}'`).join(" ");
		const child = spawn("script", ["-qec", `${argv}; true`, "/dev/null"], {
			cwd: place.folder,
			env: { ...place.env, TERM: "xterm", SHELL: "/bin/sh" },
			stdio: ["pipe", "ignore", "ignore"],
		});
		const closed = new Promise((resolve) => child.once("close", resolve));
		await underWay();
		child.kill("SIGKILL");
		await closed;
	},
	async "has its terminal stopped (Ctrl-S)"(place, words, underWay) {
		const argv = [...[HOLDFAST], ...words].map((word) => `'${word}'`).join(" ");
		const known = runs(place).length;
		const child = spawn("script", ["-qec", argv, "/dev/null"], {
			cwd: place.folder,
			env: { ...place.env, TERM: "xterm", SHELL: "/bin/sh" },
			stdio: ["pipe", "pipe", "ignore"],
		});
		let text = "";
		child.stdout.setEncoding("utf8").on("data", (chunk) => {
			text += chunk;
		});
		// It may have ended before it is told to stop or to go on.
		child.stdin.on("error", () => {});
		const closed = new Promise((resolve) => child.once("close", resolve));
		await underWay();
		child.stdin.write("\x13");
		const until = Date.now() + 20_000;
		while ((runs(place).length === known || runs(place)[0]?.outcome === null) && Date.now() < until)
			await pause(50);
		assert.equal(runs(place)[0]?.outcome, "done", "it waits for its terminal");
		child.stdin.write("\x11");
		assert.equal(await closed, 0);
		assert.match(text, /done: run /);
	},
	async "has a pager that sleeps"(place, words, underWay) {
		const argv = [...[HOLDFAST], ...words].map((word) => `'${word}'`).join(" ");
		// Nobody reads the pipe, so it fills up.
		const known = runs(place).length;
		const child = spawn(
			"sh",
			["-c", `{ yes | head -c 65536; exec ${argv}; } 2>&1 | { read line; exec sleep 100; }`],
			{
				cwd: place.folder,
				env: place.env,
				detached: true,
			},
		);
		await underWay();
		const until = Date.now() + 20_000;
		while ((runs(place).length === known || runs(place)[0]?.outcome === null) && Date.now() < until)
			await pause(50);
		assert.equal(runs(place)[0]?.outcome, "done", "it waits for its pager");
		process.kill(-(child.pid ?? 0), "SIGKILL");
	},
};

for (const [name, command] of Object.entries(COMMANDS))
	describe(name, () => {
		for (const [how, leave] of Object.entries(AUDIENCES).filter(
			([how]) => moments > 1 || name === "restore" || how === "loses its terminal",
		))
			test(`goes on when it ${how}${["create", "restore", "undo"].includes(name) ? "" : " [long]"}`, {
				timeout: 120_000,
			}, async () => {
				for (let moment = 0; moment < (how === "is sent SIGHUP" ? moments : 1); moment++) {
					const { place, ok } = await setUp(folder);
					const prepared = await command.prepare?.(place, ok);
					const known = runs(place).length;
					await leave(place, command.words(place, prepared), async () => {
						while (command.hooks ? !existsSync(place.path("begun")) : runs(place).length === known)
							await pause(5);
						await pause(moment * 350);
					});
					const until = Date.now() + 30_000;
					while (runs(place)[0]?.outcome === null && Date.now() < until) await pause(50);
					const [last, ...before] = runs(place);
					assert.equal(before.length, known, "nothing else was begun");
					assert.equal(last?.outcome, "done");
					if (command.hooks) assert.ok(existsSync(place.path("went-on")));
					await command.check(place, ok);
				}
			});
	});
