// The reference page of what commands print with --json.
import { bareSchema, ERROR, type OutputsByCommand } from "../src/cli/outputs/list.ts";
import type { Output } from "../src/cli/outputs/output.ts";
import { type JsonSchema, keysOf } from "../src/manifest/json-keys.ts";

export function outputsPage(
	outputs: OutputsByCommand,
	note: string,
	table: (head: string[], rows: string[][]) => string,
): string {
	const cases = Object.entries(outputs).flatMap(([command, some]) =>
		some.map(({ when = "", output }) => ({ command, when, output })),
	);
	const distinct = [...new Set(cases.map(({ output }) => output)), ERROR];
	return `# Output for programs

${note}

With \`--json\` a command prints one JSON document on standard output, or lines, each of which is a JSON document; what people
read goes to standard error. \`holdfast schema COMMAND\` prints the JSON Schema. A command that fails before it has anything
else to print prints an [error](#error). Newer versions may add keys, and types of events.

${table(
	["command", "when", "prints", "form"],
	cases.map(({ command, when, output: { title, form } }) => [
		`\`${command}\``,
		when.startsWith("--") ? `\`${when}\`` : when,
		`[${title}](#${title.toLowerCase().replaceAll(" ", "-")})`,
		form,
	]),
)}
${distinct.map((output) => section(output, table)).join("\n")}`;
}

function section(output: Output, table: (head: string[], rows: string[][]) => string): string {
	const schema = bareSchema(output) as JsonSchema;
	const head = ["key", "value", "what it is"];
	const form = output.form === "lines" ? "Each line is a map.\n\n" : "";
	if (output.title === "Manifest") return `## Manifest\n\nSee [the manifest](manifest.md).\n`;
	if (schema.anyOf === undefined || output.form === "document")
		return `## ${output.title}\n\n${form}${body(schema, head, table)}`;
	const parts = schema.anyOf.map((one) => {
		const title = one.properties?.type?.const ?? one.description ?? "";
		return `### ${title}\n\n${table(head, rowsOf(one))}`;
	});
	return `## ${output.title}\n\n${form}${parts.join("\n")}`;
}

function body(
	schema: JsonSchema,
	head: string[],
	table: (head: string[], rows: string[][]) => string,
): string {
	const rows = rowsOf(schema.items ?? schema);
	const list = schema.items ? "A list of maps.\n\n" : "";
	return rows.length === 0 ? `${list}A map.\n` : `${list}${table(head, rows)}`;
}

function rowsOf(schema: JsonSchema): string[][] {
	return keysOf(schema).map(({ path, kind, required, description }) => [
		`\`${path}\``,
		kind + (required ? ", required" : ""),
		description.replaceAll("|", "\\|"),
	]);
}
