// Write docs/reference/ from the definitions that the program itself uses; with --check, only say whether they differ.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateHelpTextForAllCommands } from "@stricli/core";
import { application } from "../src/cli/application.ts";
import { configJsonSchema, type JsonSchema, manifestJsonSchema } from "../src/config/json-schema.ts";
import { HOOKS } from "../src/manifest/schema.ts";

const FOLDER = join(import.meta.dirname, "../docs/reference");
const pages: Record<string, string> = {
	"config.md": page(
		"The config",
		"What `holdfast.yaml`, `holdfast.json` and the default export of `holdfast.ts` may hold. `<name>` stands for a name of yours (letters, digits, `_` and `-`), `[ ]` for the items of a list, `<hook>` for `preBackup`, `postBackup`, `preRestore` or `postRestore`. A provider may have any name when its `type` names the engine. `holdfast schema` prints the same as JSON Schema, for editors.",
		keysOf(configJsonSchema()),
	),
	"manifest.md": page(
		"The manifest",
		"The resolved description of one machine: what `holdfast manifest` prints and the runtime reads. Version 1. `holdfast schema --manifest` prints the same as JSON Schema.",
		keysOf(manifestJsonSchema()),
	),
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
	const head = ["key", "value", "what it is"];
	const table = [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |\n`).join("");
	return `# ${title}\n\n${NOTE()}\n\n${intro}\n\n${table}`;
}

/** A row for every key, with its path. */
function keysOf(schema: JsonSchema, path = "", required = true): string[][] {
	const rows: string[][] = [];
	if (path !== "" && (schema.description !== undefined || !isMap(schema)))
		rows.push([
			`\`${path}\``,
			kindOf(schema) + (required ? ", required" : ""),
			cell(schema.description ?? ""),
		]);
	for (const [key, value] of Object.entries(schema.properties ?? {}))
		rows.push(...keysOf(value, below(path, key), schema.required?.includes(key) ?? false));
	// Providers under an engine's name have the keys of the same engine under any other name.
	if (typeof schema.additionalProperties === "object" && !schema.properties)
		for (const form of alternatives(schema.additionalProperties))
			rows.push(...keysOf(form, `${path}.<name>`, false));
	const objects = alternatives(schema).filter((form) => form !== schema && isMap(form));
	for (const { description, ...form } of objects) rows.push(...keysOf(form, path, false));
	const item = schema.items;
	if (item)
		for (const form of alternatives(item).filter(isMap)) rows.push(...keysOf(form, `${path}[ ]`, false));
	return rows.filter((row, index) => rows.findIndex((other) => other.join() === row.join()) === index);
}

/** The four hooks have the same keys. */
function below(path: string, key: string): string {
	const part = (HOOKS as readonly string[]).includes(key) ? "<hook>" : key;
	return path === "" ? part : `${path}.${part}`;
}

function isMap(schema: JsonSchema): boolean {
	return schema.type === "object";
}

function alternatives(schema: JsonSchema): readonly JsonSchema[] {
	return schema.anyOf ?? schema.oneOf ?? [schema];
}

function kindOf(schema: JsonSchema): string {
	if (schema.const !== undefined) return `\`${schema.const}\``;
	if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(" or ");
	if (schema.anyOf ?? schema.oneOf) return [...new Set(alternatives(schema).map(kindOf))].join(", or ");
	if (schema.type === "array") return `list of ${schema.items ? kindOf(schema.items) : "values"}`;
	return (
		{ object: "map", string: "text", integer: "whole number" }[schema.type ?? ""] ?? schema.type ?? "any"
	);
}

function cell(text: string): string {
	return text.replaceAll("|", "\\|");
}
