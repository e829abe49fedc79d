// Every command's output with --json, as the commands themselves say it.
import type { Command, CommandContext, RouteMap } from "@stricli/core";
import { toJsonSchema } from "@valibot/to-json-schema";
import * as v from "valibot";
import { errorReportSchema } from "../../values/error-report.ts";
import { outputsOf } from "../command.ts";
import { HELP, PROGRAM } from "./machines.ts";
import type { Output, OutputCase } from "./output.ts";

/** By command line. */
export type OutputsByCommand = Readonly<Record<string, readonly OutputCase[]>>;

export async function outputsByCommand(commands: RouteMap<CommandContext>): Promise<OutputsByCommand> {
	const cases = commandsBelow(commands).map(async ([name, command]) => [name, await outputsOf(command)]);
	return {
		...Object.fromEntries(await Promise.all(cases)),
		"--help": [{ output: HELP }],
		"--version": [{ output: PROGRAM }],
	};
}

function commandsBelow(group: RouteMap<CommandContext>, before = ""): [string, Command<CommandContext>][] {
	return group.getAllEntries().flatMap(({ name, target }) => {
		const line = before + name["convert-camel-to-kebab"];
		return "getAllEntries" in target
			? commandsBelow(target, `${line} `)
			: [[line, target] satisfies [string, unknown]];
	});
}

/** What every command prints instead if it fails. */
export const ERROR: Output = {
	title: "Error",
	form: "document",
	schema: v.object({ error: errorReportSchema }),
};

/** Of everything that a command prints: of a document, or of each of its lines. */
export function outputJsonSchema(command: string, outputs: readonly OutputCase[]): object {
	const cases = [...outputs, { when: "failure", output: ERROR }];
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
