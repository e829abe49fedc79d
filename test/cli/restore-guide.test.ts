// `holdfast restore` alone: it leads through on a terminal, and refuses without one.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { onTerminal, type Reply } from "../support/terminal.ts";

const HOLDFAST = join(import.meta.dirname, "../../bin/holdfast");
const ENTER = "\r";
const DOWN = "\x1b[B";
const CTRL_C = "\x03";

const place = new Place(scratch("restore-guide"));
let ids: string[] = [];

before(async () => {
	place.declare({
		state: {
			letters: { folders: [place.path("letters")] },
			notes: { folders: [place.path("notes")], hooks: { preBackup: `test ! -e ${place.path("broken")}` } },
		},
	});
	for (const content of ["first", "second", "third"]) {
		for (const state of ["letters", "notes"]) place.write(`${state}/file`, content);
		if (content === "third") place.write("broken", "");
		await place.holdfast("create");
	}
	const { stdout } = await place.holdfast("list", "--json");
	ids = JSON.parse(stdout).archives.map(({ id }: { id: string }) => id);
	assert.equal(ids.length, 3);
});

const run = (replies: readonly Reply[], ...words: string[]) =>
	onTerminal([HOLDFAST, "restore", ...words], { cwd: place.folder, env: place.env, replies, columns: 120 });

const contents = () => ["letters", "notes"].map((state) => readFileSync(place.path(state, "file"), "utf8"));

function lose() {
	for (const state of ["letters", "notes"]) place.write(`${state}/file`, "lost");
}

test("service, archive (newest first, with age and outcome), plan, question; and the command to learn", async () => {
	lose();
	const { code, text } = await run([
		{ after: /What is to be restored\?[\s\S]*all 2 of them/, type: DOWN },
		{ after: /● notes/, type: ENTER },
		{ after: /From when\?[\s\S]*good[\s\S]*good/, type: ENTER },
		{ after: "[y/N]", type: "y\n" },
	]);
	assert.equal(code, 0, text);
	// The newest archive does not hold it.
	assert.match(text, /tar\/disk {2}failed/);
	assert.match(text, /20..-..-.. ..:..:.. {2}[\d.]+ \w+ ago {2}tar\/disk {2}good/);
	assert.ok(text.includes(`the same without questions: holdfast restore --service notes ${ids[1]}`), text);
	assert.match(text, /1\. check what the restore of notes needs/);
	assert.deepEqual(contents(), ["lost", "second"]);
});

test("an older archive; what the flags say is not asked", async () => {
	lose();
	const { code, text } = await run(
		[
			{ after: /From when\?[\s\S]*good[\s\S]*good[\s\S]*good/, type: DOWN },
			{ after: /○ [^\n]*\n[^\n]*● /, type: DOWN },
			{ after: /○ [^\n]*\n[^\n]*● /, type: ENTER },
			{ after: "[y/N]", type: "y\n" },
		],
		"--service",
		"letters",
	);
	assert.equal(code, 0, text);
	assert.doesNotMatch(text, /What is to be restored/);
	assert.ok(text.includes(`holdfast restore --service letters ${ids[0]}`), text);
	assert.deepEqual(contents(), ["first", "lost"]);
});

for (const [when, replies] of [
	["at the first question", [{ after: /What is[\s\S]*all 2 of them/, type: CTRL_C }]],
	[
		"at the second",
		[
			{ after: /What is[\s\S]*all 2 of them/, type: ENTER },
			{ after: /From when\?[\s\S]*good/, type: CTRL_C },
		],
	],
	[
		"at the plan",
		[
			{ after: /What is[\s\S]*all 2 of them/, type: ENTER },
			{ after: /From when\?[\s\S]*good/, type: ENTER },
			{ after: "[y/N]", type: CTRL_C },
		],
	],
] as const)
	test(`Ctrl-C ${when} leaves everything untouched`, async () => {
		lose();
		const { code, text } = await run(replies);
		assert.equal(code, 130, text);
		assert.match(text, /interrupted; nothing was changed/);
		assert.deepEqual(contents(), ["lost", "lost"]);
		const { stdout } = await place.holdfast("runs", "--json");
		assert.doesNotMatch(stdout, /"running"/);
	});

test("without a terminal, or with --yes, it names what is missing", async () => {
	const { code, stderr } = await place.holdfast("restore");
	assert.equal(code, 2);
	assert.match(stderr, /^holdfast: ARCHIVE is missing\n.*holdfast restore --help$/m);
	const yes = await run([], "--yes");
	assert.equal(yes.code, 2);
	assert.match(yes.text, /ARCHIVE is missing/);
});
