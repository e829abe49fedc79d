// The recovery sheet, followed: its commands are run on another machine with an empty home, with nothing but what it says is
// needed, for every engine and every option that decides how a destination is reached.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { Place } from "../support/place.ts";
import { isRoot } from "../support/tree.ts";
import { below, CASES, SECRET } from "./sheet-cases.ts";

const HOLDFAST = join(import.meta.dirname, "../../bin/holdfast");

/** The shell's commands in the part of the sheet that tells what to do, each in one line. */
function commandsIn(sheet: string): string[] {
	const [, part = ""] = /\n {2}on the new machine:\n((?: {4}.*\n)+)/.exec(sheet) ?? [];
	return part
		.replaceAll(/ \\\n +/g, " ")
		.trimEnd()
		.split("\n");
}

/** The lines of borg's paper key, without their labels. */
const paperKey = (sheet: string) =>
	[...sheet.matchAll(/^ +(?:id|\d+): (.*)$/gm)].map(([, line]) => `${line}\n`).join("");

/** A second machine: another name, an empty home, and a `holdfast` that keeps its config there and does not ask. */
function newMachine() {
	const place = new Place(below);
	const home = place.path("home");
	mkdirSync(join(home, "bin"), { recursive: true });
	const config = join(home, "holdfast.yaml");
	writeFileSync(
		join(home, "bin/holdfast"),
		`#!/bin/sh
case $1 in adopt) exec ${HOLDFAST} "$@" --output ${config} --yes ;; *) exec ${HOLDFAST} "$@" --config ${config} --yes ;; esac
`,
	);
	chmodSync(join(home, "bin/holdfast"), 0o755);
	const env = {
		...place.env,
		HOME: home,
		XDG_CONFIG_HOME: undefined,
		XDG_CACHE_HOME: undefined,
		CREDENTIALS_DIRECTORY: undefined,
		PATH: `${join(home, "bin")}:${process.env.PATH}`,
	};
	// A server of this process may have to answer meanwhile.
	const run = async (line: string, input: string) => {
		const words = ["bash", "-c", line];
		const [program = "", ...rest] = isRoot
			? ["unshare", "--uts", "sh", "-c", 'hostname another; exec "$@"', "sh", ...words]
			: words;
		const child = spawn(program, rest, { cwd: home, env });
		child.stdin.end(input);
		const [stdout, stderr, [status]] = await Promise.all([
			text(child.stdout),
			text(child.stderr),
			once(child, "close"),
		]);
		assert.equal(status, 0, `${line}\n${stdout}${stderr}`);
	};
	return { home, config, run };
}

describe("a recovery sheet, followed on an empty machine", () => {
	for (const [name, { missing, provider, needs = [], typed, brought, keepsConfig = false }] of Object.entries(
		CASES,
	))
		test(name, { skip: missing }, async () => {
			const first = new Place(below);
			const at = first.path("kept");
			const file = first.write("notes/deep/file", "as it was");
			writeFileSync(join(below, "environment"), "RESTIC_COMPRESSION=max\n", { mode: 0o600 });
			if (name.includes("REST")) mkdirSync(at);
			const state = { notes: { folders: [first.path("notes")] } };
			first.declare({ state, providers: await provider(at) });
			const ok = async (...words: string[]) => {
				const { code, stdout, stderr } = await first.holdfast(...words);
				assert.equal(code, 0, `${words.join(" ")}\n${stdout}${stderr}`);
				return stdout;
			};
			await ok("create");
			const sheet = await ok("recovery-sheet");
			for (const need of needs) assert.match(sheet, need);
			assert.doesNotMatch(sheet, new RegExp(`${SECRET}|p-4711`));

			const second = newMachine();
			if (keepsConfig) copyFileSync(first.path("holdfast.json"), second.config);
			const input = { passphrase: SECRET, ...typed?.(at) } as Readonly<Record<string, string>>;
			for (const gone of ["state", "run", "config", "cache", "notes", "holdfast.json", "kept.key"])
				rmSync(first.path(gone), { recursive: true, force: true });
			brought?.(at, second.home);
			const lines = commandsIn(sheet);
			assert.match(lines.at(-1) ?? "", /holdfast restore web01 \w+ latest$/);
			for (const line of lines) {
				const [, asked = ""] = /cat >(\w+)\)/.exec(line) ?? [];
				await second.run(line, line.includes("key import") ? paperKey(sheet) : `${input[asked] ?? ""}\n`);
			}
			assert.equal(readFileSync(file, "utf8"), "as it was");
		});

	test("a repository with archives of several machines: the sheet names this one", async () => {
		const first = new Place(below);
		const file = first.write("notes/file", "as it was");
		first.declare({ state: { notes: { folders: [first.path("notes")] } } });
		assert.equal((await first.holdfast("create")).code, 0);
		const config = readFileSync(first.path("holdfast.json"), "utf8");
		first.write("holdfast.json", config.replace("web01", "web02"));
		assert.equal((await first.holdfast("create")).code, 0);
		const { stdout } = await first.holdfast("recovery-sheet");
		rmSync(file);
		const second = newMachine();
		for (const line of commandsIn(stdout)) await second.run(line, "");
		assert.ok(existsSync(file));
	});
});
