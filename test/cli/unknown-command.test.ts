// What is typed that is no command, or asks for help on none: the word that was meant, or the help that fits.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type CommandContext, run } from "@stricli/core";
import { application, requireSubject } from "../../src/cli/application.ts";
import { commandFirst } from "../../src/cli/argv.ts";
import { asksForHelp, withoutHelpWord } from "../../src/cli/typed.ts";
import { reportOf } from "../../src/values/error.ts";

/** What the program prints for a line that starts no command: the first line of help, or the error with its hint. */
async function answerTo(line: string): Promise<string> {
	const words = await commandFirst(withoutHelpWord(line.split(" ")));
	let text = "";
	const stream = { write: (part: string) => (text += part) };
	const process = { stdout: stream, stderr: stream, env: {}, exitCode: null };
	try {
		const program = await application(words);
		if (asksForHelp(words)) requireSubject(program, words);
		await run(program, words, { process } as CommandContext);
		return text.split("\n").slice(0, 2).join("\n").trim();
	} catch (error) {
		const { message, hint } = reportOf(error);
		return `${message}\n${hint}`;
	}
}

const ROOT = "USAGE\n  holdfast COMMAND";
const ALL = "see all commands with: holdfast --help";

for (const [line, answer] of [
	["help", ROOT],
	["help help", ROOT],
	["help --help", ROOT],
	["help create", "back up the states of machines to all destinations"],
	["help runs show", "show the steps and the log of a run"],
	["runs --help", "past runs"],
	["help --foo", `unknown option --foo\n${ALL}`],
	["hlep", `unknown command "hlep"; did you mean "help"?\n${ALL}`],
	["stat", `unknown command "stat"; did you mean "status"?\n${ALL}`],
	["help crate", `unknown command "crate"; did you mean "create"?\n${ALL}`],
	["xyzzy", `unknown command "xyzzy"\n${ALL}`],
	["rest", `unknown command "rest"\n${ALL}`],
	["--hepl", "a command must come before --hepl\ndid you mean: holdfast --help"],
	["--verison", "a command must come before --verison\ndid you mean: holdfast --version"],
	["--dry-run", `a command must come before --dry-run\n${ALL}`],
	["notify --hlep", "unknown option --hlep; did you mean --help?\nfor usage, see: holdfast notify --help"],
	[
		"help runs shwo",
		'unknown command "runs shwo"; did you mean "runs show"?\nsee all commands with: holdfast runs --help',
	],
	[
		"modules shwo --help",
		'unknown command "modules shwo"; did you mean "modules show"?\nsee all commands with: holdfast modules --help',
	],
	[
		"runs shwo",
		'unexpected argument "shwo": this command takes only options\ndid you mean: holdfast runs show',
	],
	[
		"archives shwo",
		'unknown command "archives shwo"; did you mean "archives show"?\nsee all commands with: holdfast archives --help',
	],
] as const)
	test(`holdfast ${line}`, async () => {
		assert.equal((await answerTo(line)).startsWith(answer), true, await answerTo(line));
	});
