// The whole story on one application, as a person would type it. Everything is below one temporary folder.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	realpathSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import { styleText } from "node:util";

const ROWS = 20_000;
const FILES = 300;
const holdfast = join(import.meta.dirname, "../bin/holdfast");
const notes = join(import.meta.dirname, "notes.ts");
const home = realpathSync(mkdtempSync(join(tmpdir(), "holdfast-demo-")));
const data = join(home, "notes");
const env = {
	...process.env,
	HOLDFAST_STATE_DIR: join(home, "state"),
	HOLDFAST_RUNTIME_DIR: join(home, "run"),
	HOLDFAST_CACHE_DIR: join(home, "cache"),
};

const say = (text: string) => process.stdout.write(`\n${styleText("bold", text)}\n`);

process.on("SIGINT", () => {
	tidy();
	process.exit(130);
});
try {
	await story();
} finally {
	tidy();
}

async function story(): Promise<void> {
	const port = await freePort();
	mkdirSync(join(data, "attachments"), { recursive: true });
	writeScripts(port);
	shell(join(home, "start"));
	await answers(port);
	fill();
	const before = facts();
	say(
		`A notes application runs on port ${port}: ${before.rows} notes in SQLite, ${before.files} attachments, in ${data}`,
	);

	say("Its state is declared once, in holdfast.yaml:");
	writeFileSync(join(home, "holdfast.yaml"), declaration());
	process.stdout.write(declaration());

	type("create");
	type("list");

	say("Somebody deletes everything:");
	shell(`${home}/stop; rm -rf ${data}`, true);
	if (await alive(port)) throw new Error("the application still answers");

	type("restore --service notes disk latest --yes");
	await answers(port);
	const after = facts();
	const same = JSON.stringify(after) === JSON.stringify(before);

	say("And once more while it runs, over a database that has gone wrong since:");
	const db = new DatabaseSync(join(data, "notes.sqlite"));
	db.exec("UPDATE note SET text = 'garbage'");
	db.close();
	const watch = longestSilence(port);
	quietly("restore --service notes disk latest --yes --quiet");
	await answers(port);
	const silence = await watch.end();
	const again = JSON.stringify(facts()) === JSON.stringify(before);

	say("What matters:");
	process.stdout.write(
		[
			`  ${same && again ? "✔" : "✘"} ${after.rows} of ${before.rows} notes and ${after.files} of ${before.files} attachments are back, byte for byte`,
			`  ✔ the service was down for ${Math.round(silence)} ms, most of it its own start`,
			"",
		].join("\n"),
	);
	if (!same || !again) process.exitCode = 1;
}

function declaration(): string {
	return `machines:
  here:
    state:
      notes:
        folders: [${data}]
        exclude: ["notes.sqlite*"]            # the live database; a consistent copy is stored instead
        hooks:
          preBackup: ${home}/snapshot
          preRestore: ${home}/stop
          postRestore: ${home}/start
    providers:
      disk:
        type: tar
        destinations: { here: { path: ${home}/archives } }
`;
}

/** What a service manager does on a server, where `stopOnRestore: [notes.service]` would stand in the declaration. */
function writeScripts(port: number): void {
	const node = `${process.execPath} --disable-warning=ExperimentalWarning ${notes}`;
	const scripts = {
		start: `setsid ${node} serve ${data} ${port} </dev/null >${home}/log 2>&1 &\necho $! >${home}/pid`,
		// Like a service manager, it waits for the end: until then the application has its files open.
		stop: `pid=$(cat ${home}/pid)\nkill $pid 2>/dev/null || exit 0\nwhile [ -n "$(ls /proc/$pid/fd 2>/dev/null)" ]; do sleep 0.01; done`,
		snapshot: `${node} snapshot ${data}`,
	};
	for (const [name, script] of Object.entries(scripts))
		writeFileSync(join(home, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

function fill(): void {
	const db = new DatabaseSync(join(data, "notes.sqlite"));
	const insert = db.prepare("INSERT INTO note (text) VALUES (?)");
	db.exec("BEGIN");
	for (let row = 0; row < ROWS; row++) insert.run(`note ${row}: ${"lorem ipsum ".repeat(row % 20)}`);
	db.exec("COMMIT");
	db.close();
	for (let file = 0; file < FILES; file++)
		writeFileSync(
			join(data, "attachments", `photo ${file}.jpg`),
			Buffer.alloc(50_000 + file * 100, `bytes ${file}`),
		);
}

/** How many notes and attachments there are, and a hash of all they hold. */
function facts(): { rows: number; files: number; hash: string } {
	const hash = createHash("sha256");
	const db = new DatabaseSync(join(data, "notes.sqlite"), { readOnly: true });
	const rows = db.prepare("SELECT id, text FROM note ORDER BY id").all();
	db.close();
	hash.update(JSON.stringify(rows));
	const files = readdirSync(join(data, "attachments")).sort();
	for (const name of files) hash.update(name).update(readFileSync(join(data, "attachments", name)));
	return { rows: rows.length, files: files.length, hash: hash.digest("hex") };
}

function type(words: string): void {
	say(`$ holdfast ${words}`);
	const { status } = spawnSync(holdfast, words.split(" "), {
		cwd: home,
		env,
		stdio: ["ignore", "inherit", "inherit"],
	});
	if (status !== 0) throw new Error(`holdfast ${words} ended with exit code ${status}`);
}

/** Whoever asks for quiet hears of what is wrong alone: here nothing is. */
function quietly(words: string): void {
	say(`$ holdfast ${words}`);
	const { status, stdout, stderr } = spawnSync(holdfast, words.split(" "), {
		cwd: home,
		env,
		encoding: "utf8",
	});
	process.stdout.write(stdout + stderr);
	if (status !== 0 || stdout + stderr !== "")
		throw new Error(`holdfast ${words} was not quiet: exit code ${status}`);
}

function shell(command: string, shown = false): void {
	if (shown) process.stdout.write(`$ ${command}\n`);
	spawnSync("sh", ["-c", command], { stdio: "inherit" });
}

async function alive(port: number): Promise<boolean> {
	return fetch(`http://127.0.0.1:${port}/`).then(
		(response) => response.ok,
		() => false,
	);
}

async function answers(port: number): Promise<void> {
	for (let attempt = 0; attempt < 500; attempt++) {
		if (await alive(port)) return;
		await pause(20);
	}
	throw new Error(`the application does not answer:\n${readFileSync(join(home, "log"), "utf8")}`);
}

/** Asks in another process, every few milliseconds, so that nothing here slows the measure. */
function longestSilence(port: number): { end(): Promise<number> } {
	const asker = spawn(process.execPath, [
		"-e",
		`let last = performance.now(), longest = 0;
		process.stdin.on("end", () => { process.stdout.write(String(longest)); process.exit(); }).resume();
		(async () => { for (;;) {
			try { await fetch("http://127.0.0.1:${port}/"); longest = Math.max(longest, performance.now() - last); last = performance.now(); }
			catch { await new Promise((resolve) => setTimeout(resolve, 2)); }
		} })();`,
	]);
	let printed = "";
	asker.stdout.on("data", (chunk) => {
		printed += chunk;
	});
	return {
		end: () =>
			new Promise((resolve) => {
				asker.on("close", () => resolve(Number(printed)));
				asker.stdin.end();
			}),
	};
}

function freePort(): Promise<number> {
	return new Promise((resolve) => {
		const server = createServer().listen(0, "127.0.0.1", () => {
			const { port } = server.address() as { port: number };
			server.close(() => resolve(port));
		});
	});
}

function tidy(): void {
	shell(`kill $(cat ${home}/pid 2>/dev/null) 2>/dev/null`);
	rmSync(home, { recursive: true, force: true });
}
