// What a hurried person does, and what they are told.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { onTerminal } from "../support/terminal.ts";

const place = new Place(scratch("three-am"));
const HOLDFAST = `${import.meta.dirname}/../../bin/holdfast`;

before(async () => {
	for (const name of ["letters", "photos"]) place.write(`${name}/file`, "old");
	place.declare({
		state: {
			letters: { folders: [place.path("letters")] },
			photos: { folders: [place.path("photos")] },
		},
	});
	for (const words of [["create"], ["create", "--service", "letters"]])
		assert.equal((await place.holdfast(...words)).code, 0);
});

test("undo latest, when no restore has kept a copy, says how to keep one", async () => {
	const { code, stderr } = await place.holdfast("undo", "latest");
	assert.equal(code, 2);
	assert.match(stderr, /no restore has kept its old copy\n.*holdfast restore --keep-old 7d/);
});

test("a shell that stands in a folder that a restore replaces is still in the old one, which is said", async () => {
	const from = (where: string, ...words: string[]) =>
		place.start(
			[
				"restore",
				"--yes",
				"--config",
				place.path("holdfast.json"),
				"--service",
				"photos",
				...words,
				"latest",
			],
			["env", "-C", where],
		).ended;
	const said = /! your shell is still in the old copy of .*photos; to change to what is there now: cd \.$/m;
	for (const words of [[], ["--keep-old", "1h"]])
		assert.match((await from(place.path("photos"), ...words)).stderr, said);
	assert.doesNotMatch((await from(place.path("letters"))).stderr, /your shell/);
});

test("latest says that a newer archive with a part of the states was passed over", async () => {
	const { stderr } = await place.holdfast("restore", "--yes", "latest");
	assert.match(stderr, /passed over: \S+ contains only letters/);
});

test("an id that was pasted with a blank is found", async () => {
	const { archives } = JSON.parse((await place.holdfast("list", "--json")).stdout);
	const { code, stderr } = await place.holdfast(
		"restore",
		"--yes",
		"--service",
		"letters",
		`${archives[0].id} `,
	);
	assert.equal(code, 0, stderr);
});

test("the shell from which a restore is started, in the lost folder, is not to be ended", async () => {
	place.write("letters/file", "newer");
	const shell = spawn(
		"sh",
		[
			"-c",
			`"${HOLDFAST}" restore --yes --config "${place.path("holdfast.json")}" --service letters latest; true`,
		],
		{
			cwd: place.path("letters"),
			env: { ...place.env },
			stdio: ["ignore", "ignore", "pipe"],
		},
	);
	let said = "";
	shell.stderr.setEncoding("utf8").on("data", (text: string) => {
		said += text;
	});
	await new Promise((done) => shell.once("close", done));
	assert.doesNotMatch(said, /end it with: kill/);
	assert.equal(readFileSync(place.path("letters/file"), "utf8"), "old");
});

test("a terminal that does not know its size gets whole lines", async () => {
	const { text } = await onTerminal(["sh", "-c", `stty cols 0 rows 0; exec "${HOLDFAST}" restore`], {
		cwd: place.folder,
		env: place.env,
		replies: [{ after: /photos/, type: "\u0003" }],
	});
	assert.match(text, /What is to be restored\?/);
});
