// Write docs/reference/, and what the NixOS module reads, from the definitions that the program itself uses; with --check,
// only say whether they differ.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateHelpTextForAllCommands } from "@stricli/core";
import { dump } from "js-yaml";
import { allCommands, application } from "../src/cli/application.ts";
import { outputsByCommand } from "../src/cli/outputs/list.ts";
import { configJsonSchema, manifestJsonSchema } from "../src/config/json-schema.ts";
import { DATABASES } from "../src/databases/list.ts";
import { ENGINES } from "../src/engines/list.ts";
import { type JsonSchema, keysOf } from "../src/manifest/json-keys.ts";
import { optionsJsonSchema, usually } from "../src/modules/describe.ts";
import { LIBRARY } from "../src/modules/library.ts";
import { ERROR_CODES, EXIT } from "../src/values/error-codes.ts";
import { patternFault } from "../src/values/patterns.ts";
import { outputsPage } from "./outputs-page.ts";
import { FOLDER as APP, EXAMPLES, PATHS, REFUSED, REFUSED_THERE } from "./pattern-examples.ts";

const ROOT = join(import.meta.dirname, "..");
const pages: Record<string, string> = {
	"config.md": page(
		"The config",
		"Every key that `holdfast.yaml`, `holdfast.json` and the default export of `holdfast.ts` can have. `<name>` is a name that you choose (letters, digits, `_` and `-`), `[ ]` an item of a list, and `<hook>` one of `preBackup`, `postBackup`, `preRestore` and `postRestore`. You can name a provider as you like if its `type` says which engine it is. `holdfast schema` prints the same as JSON Schema, for editors.",
		rowsOf(configJsonSchema()),
	),
	"manifest.md": page(
		"The manifest",
		"The resolved description of one machine: what `holdfast manifest` prints and the runtime reads. Version 1. `holdfast schema --manifest` prints the same as JSON Schema.",
		rowsOf(manifestJsonSchema()),
	),
	"modules.md": modulesPage(),
	"patterns.md": patternsPage(),
	"errors.md": errorsPage(),
	"outputs.md": outputsPage(await outputsByCommand(await allCommands()), NOTE(), table),
	"commands.md": `# Commands\n\n${NOTE()}\n\n${generateHelpTextForAllCommands(await application())
		.map(([route, text]) => `## ${route}\n\n\`\`\`\n${text.trimEnd()}\n\`\`\`\n`)
		.join("\n")}`,
};

const files = {
	...Object.fromEntries(Object.entries(pages).map(([name, text]) => [`docs/reference/${name}`, text])),
	// What a run that died waits for at boot.
	"nix/database-units.json": `${JSON.stringify(
		DATABASES.flatMap(({ units }) => units?.names ?? []),
		null,
		"\t",
	)}\n`,
	"nix/engines.json": enginesOfNix(),
};

for (const [name, text] of Object.entries(files)) {
	const file = join(ROOT, name);
	if (!process.argv.includes("--check")) writeFileSync(file, text);
	else if (readFileSync(file, "utf8") !== text) {
		process.stderr.write(`${name} is not what the program says; write it with: npm run reference\n`);
		process.exitCode = 1;
	}
}

/** By engine: packages of nixpkgs, those for addresses that begin so, and whether a timer checks it. */
function enginesOfNix(): string {
	const engines = ENGINES.map(({ type, programs, reachedBy = [], checks }) => {
		const packages = programs.flatMap(({ nixPackage }) => nixPackage ?? []);
		const reached = reachedBy.flatMap(({ address, program: { nixPackage } }) =>
			nixPackage === undefined ? [] : [[address, nixPackage]],
		);
		return [type, { packages, reachedBy: Object.fromEntries(reached), checks }] as const;
	});
	const lines = engines.map(([type, facts]) => `\t${JSON.stringify(type)}: ${JSON.stringify(facts)}`);
	return `{\n${lines.join(",\n")}\n}\n`;
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
			`Tested with ${module.proven === "application" ? "the application itself" : "a stand-in with its layout, units and database settings"}.`,
			rows.length === 0 ? "No options." : table(["option", "value", "what it is"], rows),
			state === undefined
				? "What it declares depends on its options."
				: `Without options it declares${asks.length > 0 ? ` (the database through ${asks.join(", ")})` : ""}:\n\n\`\`\`yaml\n${dump(state, { noRefs: true, quoteStyle: "double" }).trimEnd()}\n\`\`\``,
			`Sources: ${module.sources.map((source) => `<${source}>`).join(", ")}`,
			"",
		].join("\n\n");
	});
	return `# Modules

${NOTE()}

Applications that \`machines.<name>.services\` may name. A module turns a few options into states, which you can add to
or override under \`state\`. \`holdfast modules show NAME\` shows the same, with the result for your config.

${sections.join("\n")}`;
}

function errorsPage(): string {
	const rows = Object.entries(ERROR_CODES).map(([code, { exit, about, subject = "" }]) => [
		`\`${code}\``,
		String(EXIT[exit]),
		cell(about),
		cell(subject),
	]);
	return `# Errors

${NOTE()}

Every error has a code that keeps its meaning, for scripts. With \`--json\`, a command that fails prints
\`{"error": { … }}\`; the events of a run (\`step-failed\`, \`scope-failed\`, \`undo-failed\`, \`run-ended\`), the journal
(\`holdfast runs show --json\`) and lists of failures have the same shape:

| key | value | what it is |
| --- | --- | --- |
| \`code\` | a word of the table below | absent in what Holdfast 0.1.0 wrote |
| \`subject\` | a text, optional | what it is about, alone: a path, a unit, a database; for some codes it is always there, see below |
| \`message\` | a text | what happened, for people; its words may change |
| \`hint\` | a text, optional | what to do next |
| \`details\` | a list of texts, optional | the last lines of the program that failed, or the lines of the config that are wrong |

A program that reads codes should expect ones that it does not know: newer versions may add some.

${table(["code", "exit code", "what it means", "`subject`"], rows)}`;
}

function patternsPage(): string {
	const code = (text: string) => `\`${text.replaceAll("|", "\\|").replaceAll("\n", "⏎")}\``;
	const list = (texts: readonly string[]) => texts.map(code).join(", ");
	const reason = (pattern: string) => (patternFault(pattern) ?? "").replace(/^.*? is not a pattern: /s, "");
	return `# Patterns

${NOTE()}

\`exclude\` lists what is left out of a state's archives. A pattern means the same for every engine: \`test/engines/patterns.test.ts\`
tests the tables below on each of them, along with random patterns and names.

- **Without a slash** a pattern is a name: it matches every file and folder with that name, at any depth below the state's folders.
- **With a slash inside**, or with \`./\` in front, it is a path that begins at each of the state's folders.
- **With a slash in front** it is an absolute path. If a folder of the state is a symbolic link, or is reached through one,
  write the path as it is in the config.
- If a folder matches, everything in it is left out too. A slash at the end makes no difference, nor do \`//\` and \`/./\`.
- \`*\` matches any number of characters, including none, but never a slash. \`**\` alone between slashes matches any number of
  folders, including none; a pattern can have up to three.
- \`?\` matches any one ASCII character, \`[a-z_]\` one from a set, and \`[!a-z]\` or \`[^a-z]\` any one ASCII character that is not
  in the set. Write other characters out, or use \`*\`.
- Put a backslash before a special character to match that character itself.
- Names are compared byte by byte, so upper and lower case differ, and so do \`Ü\` as one character and as two. A name that is
  not valid UTF-8 is matched by \`*\`.
- A pattern applies to its own state only, never to another state's folder inside one of its folders.

## Examples

The folder of the state is \`${APP}\`. It contains ${list(PATHS.filter((path) => path !== "U\u0308bung"))}, and
\`Übung\` once more, with the two dots as a separate character.

${table(
	["pattern", "leaves out", ""],
	EXAMPLES.map(({ pattern, leavesOut, why }) => [
		code(pattern),
		leavesOut.length === 0 ? "nothing" : list(leavesOut),
		why.replaceAll("|", "\\|"),
	]),
)}
## Refused patterns

A config with one of these is rejected; \`holdfast validate\` shows the line.

${table(
	["pattern", "why"],
	REFUSED.map((pattern) => [pattern === "" ? "nothing" : code(pattern), cell(reason(pattern))]),
)}
A pattern that would exclude an entire folder of its state is refused too: ${list(REFUSED_THERE)} for \`${APP}\`. So is one that
excludes the folder of a file database of the state: the file itself is left out without a pattern, and a restore
places its dump there.

## From other tools

| from | here |
| --- | --- |
| restic, rsnapshot, tar: \`/srv/app/cache\` | the same |
| restic: \`cache\`, \`*.tmp\` | the same |
| borg: \`sh:srv/app/**/cache\` | \`/srv/app/**/cache\` |
| borg: \`pp:srv/app/cache\` | \`/srv/app/cache\` |
| borg without a style, where \`*\` also matches a slash: \`*/cache\` | \`cache\` |
| \`.gitignore\`: \`/build\` | \`./build\` |
| \`.gitignore\`, restic: \`!keep\` | not supported: use a more exact pattern |
| \`{a,b}.tmp\` | two patterns |
`;
}
