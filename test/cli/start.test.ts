// How the program starts: the bundle, with its cached compiled code.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
	chownSync,
	copyFileSync,
	existsSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";

const START = join(import.meta.dirname, "../../dist/start.cjs");
const ROOT = process.getuid?.() === 0;

describe("compiled code is kept", () => {
	let folder: string;
	let bundle: string;
	let kept: string;

	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), "holdfast-start-"));
		bundle = join(folder, "bundle.cjs");
		kept = join(folder, "cache/code/list");
		writeBundle("first");
	});
	afterEach(() => rmSync(folder, { recursive: true, force: true }));

	const writeBundle = (word: string) =>
		writeFileSync(
			bundle,
			`function said(){return "${word}"}
			process.stdout.write(said()+process.argv.slice(2).join());process.exitCode=Number(process.env.CODE??0)`,
		);
	const start = (words: readonly string[], env: NodeJS.ProcessEnv = {}) =>
		spawnSync(process.execPath, [START, ...words], {
			encoding: "utf8",
			env: { HOLDFAST_BUNDLE: bundle, HOLDFAST_CACHE_DIR: join(folder, "cache"), ...env },
		});
	const said = (words: readonly string[], env: NodeJS.ProcessEnv = {}) => {
		const { status, stdout, stderr } = start(words, env);
		assert.equal(status, 0, stderr);
		return stdout;
	};

	test("for each command by itself, where nobody else reads or writes", () => {
		assert.equal(said(["list"]), "firstlist");
		assert.equal(said(["list", "web01"]), "firstlist,web01");
		assert.equal(said(["create"]), "firstcreate");
		assert.deepEqual(readdirSync(join(kept, "..")).sort(), ["create", "list"]);
		assert.equal(statSync(kept).mode & 0o777, 0o600);
		assert.equal(statSync(join(kept, "..")).mode & 0o777, 0o700);
	});

	test("what is there is used, and not written again", () => {
		said(["list"]);
		const { ino, mtimeMs } = statSync(kept);
		said(["list"]);
		assert.deepEqual([statSync(kept).ino, statSync(kept).mtimeMs], [ino, mtimeMs]);
	});

	test("a command that fails, and words that are no command, leave nothing", () => {
		assert.equal(start(["list"], { CODE: "1" }).status, 1);
		said(["../list"]);
		said(["/etc"]);
		said([]);
		assert.ok(!existsSync(join(folder, "cache")));
	});

	test("another bundle of the same length is not run with the code of the one before", () => {
		assert.equal(said(["list"]), "firstlist");
		writeBundle("other");
		assert.equal(said(["list"]), "otherlist");
		const copy = join(folder, "copy.cjs");
		copyFileSync(bundle, copy);
		writeBundle("third");
		assert.equal(said(["list"], { HOLDFAST_BUNDLE: copy }), "otherlist");
		assert.equal(said(["list"]), "thirdlist");
	});

	test("a file that is damaged anywhere, or half, is not used, and made again", () => {
		said(["list"]);
		const whole = readFileSync(kept);
		for (const at of [0, 5, 40, whole.length >> 1, whole.length - 1]) {
			const damaged = Buffer.from(whole);
			damaged[at] = (damaged[at] ?? 0) ^ 0x10;
			writeFileSync(kept, damaged);
			assert.equal(said(["list"]), "firstlist");
			assert.notDeepEqual(readFileSync(kept), damaged);
		}
		for (const length of [0, 10, whole.length >> 1]) {
			writeFileSync(kept, whole.subarray(0, length));
			assert.equal(said(["list"]), "firstlist");
			assert.ok(statSync(kept).size > length);
		}
	});

	test("where it cannot be kept the program runs all the same", () => {
		writeFileSync(join(folder, "cache"), "");
		assert.equal(said(["list"]), "firstlist");
	});

	test("what another user has put there is not read", { skip: !ROOT && "needs root" }, () => {
		said(["list"]);
		chownSync(kept, 65534, 65534);
		const { mtimeMs } = statSync(kept);
		assert.equal(said(["list"]), "firstlist");
		assert.equal(statSync(kept).mtimeMs, mtimeMs);
	});

	test("a TypeScript config is imported as before", () => {
		const config = join(folder, "holdfast.ts");
		writeFileSync(
			config,
			`import { defineConfig } from "holdfast";
			export default defineConfig({ machines: { web01: {
				state: { s: { folders: ["/srv/s"] } }, providers: { tar: { destinations: { d: { path: "/b" } } } } } } });`,
		);
		const program = join(import.meta.dirname, "../../bin/holdfast");
		const env = { PATH: process.env.PATH ?? "", HOLDFAST_CACHE_DIR: join(folder, "cache") };
		for (const _ of [1, 2])
			assert.match(
				execFileSync(program, ["validate", "--config", config], { encoding: "utf8", env }),
				/is valid: web01/,
			);
	});
});
