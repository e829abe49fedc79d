// The program: arguments in, exit code out.
import { buildApplication, buildRouteMap, run } from "@stricli/core";
import { EXIT } from "../manifest/error.ts";
import { create } from "./create.ts";
import { manifest, schema, validate } from "./inspect.ts";
import { list } from "./list.ts";
import { restore } from "./restore.ts";
import { runs } from "./runs.ts";

const backups = { create, list, restore };
const application = buildApplication(
	buildRouteMap({
		routes: {
			...backups,
			runs,
			validate,
			manifest,
			schema,
			backups: buildRouteMap({
				routes: backups,
				docs: { brief: "the same three commands, under the name that Clan gives them" },
			}),
		},
		docs: { brief: "Declarative backup and restore for Linux services" },
	}),
	{
		name: "holdfast",
		versionInfo: { currentVersion: "0.1.0" },
		scanner: { caseStyle: "allow-kebab-for-camel", allowArgumentEscapeSequence: true },
		documentation: { disableAnsiColor: !process.stdout.isTTY || Boolean(process.env.NO_COLOR) },
	},
);

await run(application, process.argv.slice(2), {
	process: process as typeof process & { exitCode: number | string | null },
});
// The library's own codes for unusable arguments are negative.
if (typeof process.exitCode === "number" && process.exitCode < 0) process.exitCode = EXIT.usage;
