// The program: arguments in, exit code out. Only the file of the command that is asked for is loaded.
import { buildApplication, buildRouteMap, type Command, type RouteMap, run } from "@stricli/core";
import { EXIT } from "../manifest/error.ts";
import { VERSION } from "../manifest/version.ts";
import { commandFirst } from "./argv.ts";

type Context = { process: NodeJS.Process };
type Loader = () => Promise<Command<Context> | RouteMap<Context>>;

const BACKUPS: Record<string, Loader> = {
	create: async () => (await import("./create.ts")).create,
	list: async () => (await import("./list.ts")).list,
	restore: async () => (await import("./restore.ts")).restore,
};
const COMMANDS: Record<string, Loader> = {
	...BACKUPS,
	runs: async () => (await import("./runs.ts")).runs,
	validate: async () => (await import("./inspect.ts")).validate,
	manifest: async () => (await import("./inspect.ts")).manifest,
	schema: async () => (await import("./inspect.ts")).schema,
	backups: async () =>
		buildRouteMap({
			routes: await load(BACKUPS),
			docs: { brief: "the same three commands, under the name that Clan gives them" },
		}),
};

const args = commandFirst(process.argv.slice(2));
const [command = ""] = args;

if (command === "--version" || command === "-v") process.stdout.write(`${VERSION}\n`);
else await runCommand();

async function runCommand(): Promise<void> {
	const named = COMMANDS[command];
	const application = buildApplication(
		buildRouteMap({
			routes: await load(named ? { [command]: named } : COMMANDS),
			docs: {
				brief: "Declarative backup and restore for Linux services",
				fullDescription: [
					"Declare the state a service owns once; back it up with any engine; restore one service with one command.",
					"",
					"Examples:",
					"  holdfast create",
					"  holdfast list",
					"  holdfast restore --service notes disk latest",
				].join("\n"),
			},
		}),
		{
			name: "holdfast",
			versionInfo: { currentVersion: VERSION },
			scanner: { caseStyle: "allow-kebab-for-camel", allowArgumentEscapeSequence: true },
			documentation: { disableAnsiColor: !process.stdout.isTTY || Boolean(process.env.NO_COLOR) },
		},
	);
	await run(application, args, {
		process: process as typeof process & { exitCode: number | string | null },
	});
	// The library's own codes for unusable arguments are negative.
	if (typeof process.exitCode === "number" && process.exitCode < 0) process.exitCode = EXIT.usage;
}

async function load(loaders: Record<string, Loader>) {
	return Object.fromEntries(
		await Promise.all(Object.entries(loaders).map(async ([name, loader]) => [name, await loader()] as const)),
	);
}
