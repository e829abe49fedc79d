// The program: arguments in, exit code out. What needs no parser is answered without loading one.
import { sayWhenGone } from "../host/standing.ts";
import { linesIn, parserStreams, print, printMessage } from "../report/terminal.ts";
import { EXIT } from "../values/error-codes.ts";
import { VERSION } from "../values/version.ts";
import { commandFirst } from "./argv.ts";

/** Written out here, so that no other command loads what is behind it; see fleet/protocol.ts. */
const SERVE = "__serve";

/** What the parser and the proposals of completion run in. */
const CONTEXT = {
	process: {
		...parserStreams,
		env: process.env,
		get exitCode() {
			return process.exitCode ?? null;
		},
		set exitCode(code: number | string | null) {
			process.exitCode = code ?? undefined;
		},
	},
};

// What Node would print of these may quote text from anywhere.
process.removeAllListeners("warning").on("warning", ({ name, message }) => {
	if (name !== "ExperimentalWarning") printMessage(`! ${message}`);
});
process.on("uncaughtException", (error: unknown) => {
	const { message, stack } = error instanceof Error ? error : new Error(String(error));
	const shown = process.argv.includes("--debug") ? linesIn(stack ?? "") : [];
	printMessage([
		`holdfast: ${message}`,
		...shown,
		"  → this is a fault of Holdfast's own; see more with --debug",
	]);
	process.exit(EXIT.failed);
});

sayWhenGone();

void main(commandFirst(process.argv.slice(2)));

async function main(args: readonly string[]): Promise<void> {
	const [command = ""] = args;
	if (command === "--version" || command === "-v") print(VERSION);
	else if (command === SERVE)
		await (await import("./serve.ts")).serve((words) => {
			return runCommand(commandFirst(words));
		});
	else if (command === "__install" || command === "__uninstall")
		await (await import("./install.ts")).install(args);
	else if (command === "__complete")
		await (await import("./commands/completion.ts")).complete(args.slice(1), CONTEXT);
	else await runCommand(args);
}

async function runCommand(args: readonly string[]): Promise<void> {
	const [{ run }, { application }] = await Promise.all([import("@stricli/core"), import("./application.ts")]);
	try {
		await run(await application(args), args, CONTEXT);
	} catch (error) {
		const flags = { json: args.includes("--json"), debug: args.includes("--debug"), quiet: false };
		await (await import("./flags.ts")).guard(flags, () => Promise.reject(error));
	}
	// The library's own codes for unusable arguments are negative.
	if (typeof process.exitCode === "number" && process.exitCode < 0) process.exitCode = EXIT.usage;
}
