// A run completes even if its output goes nowhere (a closed terminal, a dropped connection, a pipe that nobody reads
// any more). A command that only reads ends with its reader.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("audience");
/** More than one: every command in every case. Otherwise a restore in all cases, and the others in one. */
const moments = Number(process.env.HOLDFAST_ROUNDS) || 1;

/** Two archives of a state whose hooks signal that a run is in progress, and take a second, or as long as there is a file. */
async function setUp(waits?: string) {
	const place = new Place(folder);
	place.write("notes/file", "as it was");
	const wait = waits === undefined ? "sleep 1" : `while test -e ${place.path(waits)}; do sleep 0.1; done`;
	const hook = `touch ${place.path("begun")}; ${wait}; touch ${place.path("went-on")}`;
	place.declare({
		state: { notes: { folders: [place.path("notes")], hooks: { preBackup: hook, preRestore: hook } } },
		providers: {
			tar: { retention: { keepLast: 1 }, destinations: { disk: { path: place.path("archives") } } },
		},
	});
	const ok = async (...words: string[]) => {
		const { code, stdout, stderr } = await place.holdfast(...words);
		assert.equal(code, 0, stderr);
		return stdout;
	};
	await ok("create");
	await ok("create");
	writeFileSync(place.path("notes/file"), "changed");
	for (const name of ["begun", "went-on"]) rmSync(place.path(name));
	return { place, ok };
}

interface Command {
	prepare?(place: Place, ok: (...words: string[]) => Promise<string>): Promise<unknown>;
	words(place: Place, prepared: unknown): string[];
	/** The result after it has run to its end. */
	check(place: Place, ok: (...words: string[]) => Promise<string>): Promise<void>;
	/** Whether its hooks signal that it is in progress. */
	readonly hooks: boolean;
}
const file = (place: Place) => readFileSync(place.path("notes/file"), "utf8");
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
		const argv = [...[`${import.meta.dirname}/../../bin/holdfast`], ...words]
			.map((word) => `'${word}'`)
			.join(" ");
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
		const argv = [...[`${import.meta.dirname}/../../bin/holdfast`], ...words]
			.map((word) => `'${word}'`)
			.join(" ");
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
		const argv = [...[`${import.meta.dirname}/../../bin/holdfast`], ...words]
			.map((word) => `'${word}'`)
			.join(" ");
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
			test(`goes on when it ${how}`, { timeout: 120_000 }, async () => {
				for (let moment = 0; moment < (how === "is sent SIGHUP" ? moments : 1); moment++) {
					const { place, ok } = await setUp();
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

interface Row {
	readonly id: string;
	readonly outcome: string | null;
}
/** Newest first; read during a run. */
function runs(place: Place): Row[] {
	const { stdout } = spawnSync(`${import.meta.dirname}/../../bin/holdfast`, ["runs", "--json"], {
		cwd: place.folder,
		env: place.env,
		encoding: "utf8",
	});
	return JSON.parse(stdout) as Row[];
}

test("what only reads ends with its reader, quietly", async () => {
	const { place } = await setUp();
	for (const words of ["schema", "list --json", "runs --json", "archives browse latest --provider tar"]) {
		const line = `${import.meta.dirname}/../../bin/holdfast ${words} 2>err | head -c 1 >/dev/null; cat err`;
		const { stdout } = spawnSync("sh", ["-c", line], { cwd: place.folder, env: place.env, encoding: "utf8" });
		assert.equal(stdout, "", words);
	}
});

test("an answer that could not be written is a failure; a run that went well stays one", async () => {
	const { place } = await setUp();
	for (const [words, code] of [
		["list", 1],
		["list --json", 1],
		["status --json", 1],
		["schema", 1],
		["create --json", 0],
	] as const) {
		const line = `${import.meta.dirname}/../../bin/holdfast ${words} >/dev/full`;
		const { status, stderr } = spawnSync("sh", ["-c", line], {
			cwd: place.folder,
			env: place.env,
			encoding: "utf8",
		});
		assert.equal(status, code, `${words}: ${stderr}`);
		assert.match(stderr, /the output could not be written: .*ENOSPC/, words);
	}
});

test("a file that the output goes to is written on, not over", async () => {
	const { place } = await setUp();
	const line = `(echo start; $0 create; echo middle; $0 create; echo end) >out 2>&1; cat out`;
	const { stdout } = spawnSync("sh", ["-c", line, `${import.meta.dirname}/../../bin/holdfast`], {
		cwd: place.folder,
		env: place.env,
		encoding: "utf8",
	});
	assert.match(stdout, /^start\n✔ [\s\S]*\ndone: run .*\nmiddle\n✔ [\s\S]*\ndone: run .*\nend\n$/);
});

test("a question ends with its terminal, and nothing was begun", async () => {
	const { place } = await setUp();
	const argv = `${import.meta.dirname}/../../bin/holdfast restore tar latest`;
	const child = spawn("script", ["-qec", argv, "/dev/null"], {
		cwd: place.folder,
		env: { ...place.env, TERM: "xterm", SHELL: "/bin/sh" },
		stdio: ["pipe", "pipe", "ignore"],
	});
	let text = "";
	child.stdout.on("data", (chunk) => {
		text += chunk;
	});
	while (!text.includes("[y/N]")) await pause(20);
	const known = runs(place).length;
	child.kill("SIGKILL");
	await pause(500);
	assert.equal(runs(place).length, known);
	assert.equal(file(place), "changed");
	assert.equal(spawnSync("pgrep", ["-f", `--config ${place.folder}|${place.folder}`]).stdout.toString(), "");
});

test("a run that died is told as died, at its step, until it is brought to its end", async () => {
	const { place, ok } = await setUp("waits");
	place.write("waits", "");
	const { child, ended } = place.start(["restore", "--yes", "tar", "latest"]);
	while (!existsSync(place.path("begun"))) await pause(10);
	const during = await place.holdfast("runs");
	assert.match(during.stdout, /restore +web01 +running/);
	child.kill("SIGKILL");
	rmSync(place.path("waits"));
	await ended;
	const [last] = runs(place);
	assert.equal(last?.outcome, "died");
	const table = await ok("runs");
	assert.match(table, /restore +web01 +died \(holdfast recover\)/);
	const { code, stdout } = await place.holdfast("status");
	assert.equal(code, 1);
	assert.match(
		stdout,
		new RegExp(`✘ web01: the restore ${last?.id} died at ".*preRestore.*": .*holdfast recover`),
	);
	await ok("recover");
	assert.equal((await place.holdfast("status")).code, 0);
});

test("a destination that cannot be asked is the error, not that it holds nothing", async () => {
	const place = new Place(folder);
	place.write("notes/file", "as it was");
	const passphraseFile = place.write("passphrase", "right\n");
	place.declare({
		state: { notes: { folders: [place.path("notes")] } },
		providers: { restic: { destinations: { disk: { repo: place.path("repo"), passphraseFile } } } },
	});
	assert.equal((await place.holdfast("create")).code, 0);
	writeFileSync(passphraseFile, "wrong\n");
	const restored = await place.holdfast("restore", "--yes", "restic", "latest");
	assert.equal(restored.code, 1);
	assert.match(
		restored.stderr,
		/^holdfast: restic\/disk could not be listed: the passphrase of .* is wrong/m,
	);
	assert.doesNotMatch(restored.stderr, /no archive/);
	const listed = await place.holdfast("list");
	assert.doesNotMatch(listed.stdout, /no archives yet/);
	assert.match(listed.stderr, /is wrong/);
});
