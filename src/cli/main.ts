// The program: arguments in, exit code out. Whatever needs no parser is answered without loading one.
import { explainMissingFolder } from "../host/working-folder.ts";
import { formatIn, isText, reporterFor } from "../report/formats.ts";
import type { Result } from "../report/result.ts";
import { linesIn, parserStreams, print, printMessage, resultsAreSeen } from "../report/terminal.ts";
import { EXIT } from "../values/error-codes.ts";
import { VERSION } from "../values/version.ts";
import type { Context } from "./context.ts";

/** Written out here so that other commands do not load the code behind it; see fleet/protocol.ts. */
const SERVE = "__serve";

const [, program = "", ...argv] = process.argv;

// The text of Node's warnings may quote input that nobody has sanitised.
process.removeAllListeners("warning").on("warning", ({ name, message }) => {
	if (name !== "ExperimentalWarning") printMessage(`! ${message}`);
});
process.on("uncaughtException", (error: unknown) => {
	const { message, stack } = error instanceof Error ? error : new Error(String(error));
	const shown = argv.includes("--debug") ? linesIn(stack ?? "") : [];
	printMessage([`holdfast: ${message}`, ...shown, "  → this is a bug in Holdfast; for details, use --debug"]);
	process.exit(EXIT.failed);
});

explainMissingFolder();

void main(argv).then((code) => {
	process.exitCode = code;
});

async function main(args: readonly string[]): Promise<number> {
	const [command = "", ...more] = args;
	switch (command) {
		case "--version":
		case "-v":
			if (isText(formatIn(more))) print(VERSION);
			else await show({ kind: "answer", value: { version: VERSION }, text: VERSION, line: true }, more);
			return EXIT.done;
		case SERVE:
			return (await import("./serve.ts")).serve(runCommand, program);
		case "__install":
		case "__uninstall":
			return (await import("./install.ts")).install(args);
		case "__complete":
			await (await import("./complete.ts")).complete(more, contextOf(more));
			return EXIT.done;
		case "":
			return (
				(resultsAreSeen() ? await (await import("./overview.ts")).overview() : undefined) ?? runCommand(args)
			);
		default:
			return runCommand(args);
	}
}

async function runCommand(args: readonly string[]): Promise<number> {
	const [{ run }, { application, requireSubject }, { commandFirst }, { asksForHelp, withoutHelpWord }] =
		await Promise.all([
			import("@stricli/core"),
			import("./application.ts"),
			import("./argv.ts"),
			import("./typed.ts"),
		]);
	const words = await commandFirst(withoutHelpWord(args));
	const context = contextOf(words);
	try {
		const program = await application(words);
		if (asksForHelp(words)) {
			requireSubject(program, words);
			const document = isText(formatIn(words))
				? undefined
				: (await import("./help-document.ts")).helpDocument(words, program);
			if (document !== undefined) {
				await show({ kind: "document", value: document }, words);
				return EXIT.done;
			}
		}
		await run(program, words, context);
	} catch (error) {
		// Errors from the parser.
		const { finished } = await import("./command.ts");
		const flags = { ...formatIn(words), debug: words.includes("--debug"), quiet: false };
		return finished(flags, () => Promise.reject(error));
	}
	const { exitCode } = context.process;
	// The library's own codes for unusable arguments are negative.
	return typeof exitCode !== "number" || exitCode < 0 ? EXIT.usage : exitCode;
}

/** In the format that the words ask for. */
async function show(result: Result, words: readonly string[]): Promise<void> {
	await (await reporterFor({ ...formatIn(words), quiet: false })).result(result);
}

/** The context in which the parser, a command and completion run. */
function contextOf(words: readonly string[]): Context {
	return {
		words,
		process: { ...parserStreams, env: process.env, exitCode: null },
		commands: async () => (await import("./application.ts")).allCommands(),
	};
}
