// Every command's output with --json.
import { toJsonSchema } from "@valibot/to-json-schema";
import * as v from "valibot";
import { errorReportSchema } from "../../values/error-report.ts";
import * as archives from "./archives.ts";
import * as machines from "./machines.ts";
import type { Output } from "./output.ts";
import * as runs from "./runs.ts";

export interface Case {
	/** When a command prints this and not its first output. */
	readonly when?: string;
	readonly output: Output;
}

const one = (output: Output): readonly Case[] => [{ output }];
const run = (...more: readonly Case[]): readonly Case[] => [{ output: runs.EVENTS }, ...more];
const DRY: Case = { when: "--dry-run", output: runs.PLAN };
const LISTED: readonly Case[] = [
	{ output: archives.ARCHIVES },
	{ when: "several machines", output: archives.ARCHIVES_OF_SEVERAL },
];
const CHANGED: readonly Case[] = [
	{ output: machines.CHANGES },
	...run().map((one) => ({ ...one, when: "afterwards" })),
];

/** By command line. */
export const OUTPUTS: Readonly<Record<string, readonly Case[]>> = {
	create: run(DRY),
	list: LISTED,
	restore: run(DRY),
	"backups create": run(DRY),
	"backups list": LISTED,
	"backups restore": run(DRY),
	diff: one(archives.DIFFERENCES),
	undo: run(DRY),
	recover: run({ when: "--abandon", output: runs.ABANDONED }),
	check: run(DRY),
	prune: run({ when: "--dry-run", output: archives.PRUNE }),
	"archives show": one(archives.ARCHIVE),
	"archives browse": one(archives.ENTRIES),
	"archives extract": one(archives.EXTRACTED),
	"archives mount": one(archives.MOUNTED),
	"archives hold": one(archives.HOLDS),
	"archives release": one(archives.HOLDS),
	adopt: one(archives.ADOPTED),
	"recovery-sheet": one(archives.SHEET),
	deploy: CHANGED,
	undeploy: CHANGED,
	status: [{ output: machines.STATUS }, { when: "several machines", output: machines.STATUS_OF_SEVERAL }],
	notify: one(machines.NOTIFIED),
	attach: run(),
	"runs list": one(runs.RUNS),
	"runs show": one(runs.RUN),
	"import nix": one(machines.IMPORTED),
	"import clan": one(machines.IMPORTED),
	"clan list": one(archives.CLAN_NAMES),
	"clan restore": run(),
	init: one(machines.CONFIG),
	"modules list": one(machines.MODULES),
	"modules show": one(machines.MODULE),
	validate: one(machines.VALID),
	manifest: one(machines.MANIFEST),
	schema: one(machines.SCHEMA),
	completion: one(machines.SCRIPT),
	"--help": one(machines.HELP),
	"--version": one(machines.PROGRAM),
};

/** What every command prints instead if it fails. */
export const ERROR: Output = {
	title: "Error",
	form: "document",
	schema: v.object({ error: errorReportSchema }),
};

/** Of everything that a command prints: of a document, or of each of its lines. */
export function outputJsonSchema(command: string): object {
	const cases = [...(OUTPUTS[command] ?? []), { when: "failure", output: ERROR }];
	const anyOf = cases.map(({ when, output }) => ({
		title: output.title,
		...(when === undefined ? {} : { description: when }),
		...bareSchema(output),
	}));
	return {
		$schema: "http://json-schema.org/draft-07/schema#",
		title: `holdfast ${command} --json`,
		anyOf,
	};
}

/** The values are described as they are printed. */
export function bareSchema({ schema }: Output): object {
	const { $schema: _, ...bare } = toJsonSchema(schema, { errorMode: "ignore", typeMode: "input" });
	return bare;
}
