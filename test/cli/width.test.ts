// Nothing that people read is wider than a terminal of 80 columns: help, and the tables on such a terminal.
import assert from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import { generateHelpTextForAllCommands } from "@stricli/core";
import { application } from "../../src/cli/application.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { onTerminal } from "../support/terminal.ts";

const HOLDFAST = join(import.meta.dirname, "../../bin/holdfast");
const place = new Place(scratch("width"));
const STATES = ["nextcloud-and-its-database", "photos", "a-state-with-a-long-name", "mail"];

before(async () => {
	for (const name of STATES) place.write(`${name}/file`, "precious");
	place.declare({
		state: Object.fromEntries(STATES.map((name) => [name, { folders: [place.path(name)] }])),
		providers: {
			tar: {
				retention: { daily: 1, weekly: 4 },
				destinations: { "a-disk-in-the-other-building": { path: place.path("archives") } },
			},
		},
	});
	await place.holdfast("create");
});

const widest = (lines: readonly string[]) => lines.filter((line) => line.length > 80);

test("help has 80 columns, a brief line first, and every argument in its usage", async () => {
	for (const [route, text] of generateHelpTextForAllCommands(await application())) {
		const lines = text.split("\n");
		assert.deepEqual(widest(lines), [], route);
		assert.match(text, /^[^\n]+(\n[^\n]+)?\n\nUSAGE\n {2}holdfast/);
	}
	for (const command of ["check", "prune", "recovery-sheet", "manifest", "notify"])
		assert.match(
			(await place.holdfast(command, "--help")).stdout,
			new RegExp(`\nUSAGE\n {2}holdfast ${command} \\[MACHINE\\]\n`),
		);
});

test("the commands are in groups", async () => {
	const { stdout } = await place.holdfast("--help");
	assert.deepEqual(widest(stdout.split("\n")), []);
	for (const group of ["EVERY DAY", "RESTORE", "UPKEEP", "CONFIG"])
		assert.match(stdout, new RegExp(`^${group}$`, "m"));
	assert.match((await place.holdfast("archives", "--help")).stdout, /\nCOMMANDS\n {2}show /);
});

for (const [words, shown] of [
	[["list"], STATES],
	[["modules"], ["nextcloud", "vaultwarden"]],
	[["status"], STATES],
	[["runs"], ["create"]],
	[["prune", "--dry-run"], ["keep"]],
] as const)
	test(`holdfast ${words.join(" ")} fits`, async () => {
		const { text } = await onTerminal([HOLDFAST, ...words], {
			cwd: place.folder,
			env: place.env,
			columns: 80,
		});
		const lines = text.split("\r\n");
		// An id must stay in one piece: it has a line of its own.
		assert.deepEqual(
			widest(lines).filter((line) => !/^ {2}\S+::\S+$/.test(line)),
			[],
		);
		for (const word of shown) assert.ok(text.includes(word), `${word} is missing in:\n${text}`);
		// In a pipe, for other programs, a row is a line.
		const { stdout } = await place.holdfast(...words);
		assert.ok(stdout.split("\n").length <= lines.length);
	});
