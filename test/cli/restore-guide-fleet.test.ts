// `holdfast restore` alone with a config of several machines: it asks which one, also when that is reached over SSH.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fleetOf } from "../support/fleet.ts";
import { scratch } from "../support/scratch.ts";
import { onTerminal } from "../support/terminal.ts";

const HOLDFAST = join(import.meta.dirname, "../../bin/holdfast");

test("machine, archive and plan of another machine; and the command to learn", async () => {
	const folder = scratch("restore-guide-fleet");
	const { archives } = await fleetOf(folder, ["silent"]);
	const file = join(folder, "honest/data/file");
	writeFileSync(file, "lost");
	const env = { ...process.env, HOLDFAST_STATE_DIR: join(folder, "operator") };
	const words = [HOLDFAST, "restore", "--config", join(folder, "holdfast.json")];
	const { code, text } = await onTerminal(words, {
		cwd: folder,
		env,
		columns: 200,
		replies: [
			{ after: /On which machine\?[\s\S]*honest/, type: "\x1b[B" },
			{ after: /● honest/, type: "\r" },
			{ after: /From when\?[\s\S]*good/, type: "\r" },
			{ after: "[y/N]", type: "y\n" },
		],
	});
	assert.equal(code, 0, text);
	assert.match(text, new RegExp(`--service notes honest \\S+::${archives()[0]}`));
	assert.match(text, /Restore notes on honest from /);
	assert.equal(readFileSync(file, "utf8"), "precious");
	const { code: alone, text: said } = await onTerminal([...words, "--yes"], {
		...{ cwd: folder, env, columns: 200, replies: [] },
	});
	assert.equal(alone, 2);
	assert.match(said, /ARCHIVE is missing/);
});
