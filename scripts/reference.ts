// Write docs/reference/ from the definitions that the program itself uses; with --check, only say whether they differ.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateHelpTextForAllCommands } from "@stricli/core";
import { stringify } from "yaml";
import { application } from "../src/cli/application.ts";
import { configJsonSchema, manifestJsonSchema } from "../src/config/json-schema.ts";
import { type JsonSchema, keysOf } from "../src/manifest/json-keys.ts";
import { optionsJsonSchema, usually } from "../src/modules/describe.ts";
import { LIBRARY } from "../src/modules/library.ts";

const FOLDER = join(import.meta.dirname, "../docs/reference");
const pages: Record<string, string> = {
	"config.md": page(
		"The config",
		"What `holdfast.yaml`, `holdfast.json` and the default export of `holdfast.ts` may hold. `<name>` stands for a name of yours (letters, digits, `_` and `-`), `[ ]` for the items of a list, `<hook>` for `preBackup`, `postBackup`, `preRestore` or `postRestore`. A provider may have any name when its `type` names the engine. `holdfast schema` prints the same as JSON Schema, for editors.",
		rowsOf(configJsonSchema()),
	),
	"manifest.md": page(
		"The manifest",
		"The resolved description of one machine: what `holdfast manifest` prints and the runtime reads. Version 1. `holdfast schema --manifest` prints the same as JSON Schema.",
		rowsOf(manifestJsonSchema()),
	),
	"modules.md": modulesPage(),
	"commands.md": `# Commands\n\n${NOTE()}\n\n${generateHelpTextForAllCommands(await application())
		.map(([route, text]) => `## ${route}\n\n\`\`\`\n${text.trimEnd()}\n\`\`\`\n`)
		.join("\n")}`,
};

for (const [name, text] of Object.entries(pages)) {
	const file = join(FOLDER, name);
	if (!process.argv.includes("--check")) writeFileSync(file, text);
	else if (readFileSync(file, "utf8") !== text) {
		process.stderr.write(
			`docs/reference/${name} is not what the program says; write it with: npm run reference\n`,
		);
		process.exitCode = 1;
	}
}

function NOTE(): string {
	return "<!-- Written by `npm run reference`; change the definitions in src/, not this page. -->";
}

function page(title: string, intro: string, rows: readonly (readonly string[])[]): string {
	return `# ${title}\n\n${NOTE()}\n\n${intro}\n\n${table(["key", "value", "what it is"], rows)}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
	return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |\n`).join("");
}

function rowsOf(schema: JsonSchema): string[][] {
	return keysOf(schema).map(({ path, kind, required, description }) => [
		`\`${path}\``,
		kind + (required ? ", required" : ""),
		cell(description),
	]);
}

function cell(text: string): string {
	return text.replaceAll("|", "\\|");
}

function modulesPage(): string {
	const sections = [...LIBRARY.values()].map((module) => {
		const rows = rowsOf(optionsJsonSchema(module));
		const { state, asks } = usually(module);
		return [
			`## ${module.name}`,
			`${module.about}.`,
			`Proven on ${module.proven === "application" ? "the application itself" : "a stand-in with its layout, units and database settings"}.`,
			rows.length === 0 ? "No options." : table(["option", "value", "what it is"], rows),
			state === undefined
				? "What it declares depends on its options."
				: `With no options it declares${asks.length > 0 ? ` (the database by way of ${asks.join(", ")})` : ""}:\n\n\`\`\`yaml\n${stringify(state).trimEnd()}\n\`\`\``,
			`Sources: ${module.sources.map((source) => `<${source}>`).join(", ")}`,
			"",
		].join("\n\n");
	});
	return `# Modules

${NOTE()}

Applications that \`machines.<name>.services\` may name. A module turns a few options into states, which you can add to
or override under \`state\`. \`holdfast modules show NAME\` tells the same, with what your config makes of it.

${sections.join("\n")}`;
}
