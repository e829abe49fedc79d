// Completion as the shells run it: commands, flags, and the names in the config.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("completion");
const HOLDFAST = join(import.meta.dirname, "../../bin/holdfast");
symlinkSync(HOLDFAST, join(folder, "holdfast"));

const place = new Place(folder);
place.declare({ state: { notes: { folders: ["/srv/notes"] }, photos: { folders: ["/srv/photos"] } } });

const shells: Record<string, (line: string) => [string, string[]]> = {
	bash: (line) => [
		"bash",
		[
			"-c",
			`source <(holdfast completion bash); COMP_WORDS=(${line}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _holdfast; printf '%s\\n' "\${COMPREPLY[@]}"`,
		],
	],
	// Without a terminal there is no menu; the arguments of _describe show what would be offered.
	zsh: (line) => [
		"zsh",
		[
			"-c",
			`compdef() { :; }; source <(holdfast completion zsh); _describe() { printf '%s\\n' "\${(@)proposed%%:*}"; }; _files() { :; }; words=(${line}); CURRENT=$#words; _holdfast`,
		],
	],
	fish: (line) => [
		"fish",
		[
			"-c",
			`holdfast completion fish | source; complete -C ${JSON.stringify(line.replaceAll('""', ""))} | cut -f1`,
		],
	],
};

for (const [shell, words] of Object.entries(shells)) {
	const missing = spawnSync(shell, ["--version"]).error ? `${shell} is not installed` : false;
	test(`${shell} completes commands and names`, { skip: missing }, () => {
		const complete = (line: string) => {
			const [program, args] = words(line);
			const { stdout, stderr } = spawnSync(program, args, {
				cwd: place.folder,
				env: { ...place.env, PATH: `${folder}:${process.env.PATH}` },
				encoding: "utf8",
			});
			assert.equal(stderr, "");
			return stdout.split("\n").filter((word) => word !== "");
		};
		assert.deepEqual(complete("holdfast cre"), ["create"]);
		assert.deepEqual(complete('holdfast create --service ""').sort(), ["notes", "photos"]);
		assert.ok(complete('holdfast restore --service notes ""').includes("tar"));
	});
}
