// TypeScript config files. Node runs them; they are also parsed as text, to find the line of a fault and for completion, which
// runs no code. That requires a JavaScript parser, because of strings, templates, comments and regular expressions. acorn is
// small, has no dependencies, and is loaded only for a .ts config.
import { registerHooks, stripTypeScriptTypes } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { ArrayExpression, Literal, Node, ObjectExpression } from "acorn";
import * as v from "valibot";
import { examine } from "../host/ownership.ts";
import { byDefault } from "../modules/merge.ts";
import { defineModule } from "../modules/module.ts";
import { HoldfastError } from "../values/error.ts";
import { argv } from "../values/fields.ts";
import { originAt, type Source, withOrigins } from "../values/origin.ts";
import { defineConfig } from "./define.ts";
import { errorAt } from "./faults.ts";
import { excessIn } from "./limits.ts";
import { type ConfigCode, notObeyed } from "./obey.ts";

/** The file's default export, with the origins of the literals in it. */
export async function readTypeScript(code: ConfigCode, source: Source): Promise<unknown> {
	const { default: value } = await importTypeScript(code.file, code);
	if (value === undefined)
		throw new HoldfastError("config-invalid", `${code.file}: has no default export`, {
			subject: code.file,
			hint: "write: export default defineConfig({ machines: { … } })",
		});
	const written = await exportedIn(source.text);
	const start = { source, offset: written?.start ?? 0 };
	const excess = excessIn(value);
	if (excess) throw errorAt(originAt(located(value, written, source), excess.path) ?? start, excess.message);
	return located(value, written, source);
}

/** The literal values in a file. Runs nothing. */
export async function writtenIn(source: Source): Promise<unknown> {
	return literal(await exportedIn(source.text));
}

/** The exports of a file. It can import from "holdfast" wherever it is. */
export async function importTypeScript(file: string, code: ConfigCode): Promise<Record<string, unknown>> {
	serveOurselves();
	if (code.isGuarded) guarded = code;
	try {
		return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
	} catch (cause) {
		if (cause instanceof HoldfastError) throw cause;
		const [message = "", ...more] = (cause instanceof Error ? cause.message : String(cause)).split("\n");
		throw new HoldfastError("config-invalid", `${file}: ${message}`, {
			subject: file,
			cause,
			details: more,
			hint: "run with --debug to see where it was thrown",
		});
	}
}

/** From now on, imported files must be trusted. */
let guarded: ConfigCode | undefined;

/** The files of the running program, which is trusted already. */
const program = dirname(dirname(process.argv[1] ?? "/nowhere/at/all"));

function refuseOthers(url: string): void {
	if (!guarded || !url.startsWith("file:")) return;
	const file = fileURLToPath(url);
	if (file.startsWith(`${program}/`)) return;
	const { fault } = examine(file, guarded.isNamed);
	if (fault !== undefined) throw notObeyed(file, fault);
}

let served = false;

/** Makes `import { defineConfig } from "holdfast"` resolve to the running program, so that nothing needs to be installed. */
function serveOurselves(): void {
	if (served) return;
	served = true;
	const ours = { argv, byDefault, defineConfig, defineModule, v };
	Object.assign(globalThis, { [Symbol.for("holdfast")]: ours });
	const source = `export const { ${Object.keys(ours).join(", ")} } = globalThis[Symbol.for("holdfast")];`;
	registerHooks({
		resolve: (specifier, context, next) =>
			specifier === "holdfast" ? { url: "holdfast:config", shortCircuit: true } : next(specifier, context),
		load(url, context, next) {
			if (url === "holdfast:config") return { format: "module", source, shortCircuit: true };
			refuseOthers(url);
			return next(url, context);
		},
	});
}

/** Replaces types with blanks of the same width, so that offsets in the script match the file. */
async function exportedIn(text: string): Promise<Node | undefined> {
	const { parse } = await import("acorn");
	try {
		const program = parse(stripTypeScriptTypes(text), { ecmaVersion: "latest", sourceType: "module" });
		const exported = program.body.find((item) => item.type === "ExportDefaultDeclaration")?.declaration;
		return exported?.type === "CallExpression" ? exported.arguments[0] : exported;
	} catch {
		return undefined;
	}
}

/** A copy of the value with the origins of the literals in the expression. */
function located(value: unknown, node: Node | null | undefined, source: Source): unknown {
	const parts = node ? partsOf(node) : [];
	if (parts.length === 0 || typeof value !== "object" || value === null) return value;
	const origins = Object.fromEntries(parts.map(([key, { start }]) => [key, { source, offset: start }]));
	const nodes = new Map(parts.map(([key, , inner]) => [key, inner]));
	if (Array.isArray(value))
		return withOrigins(
			value.map((item, index) => located(item, nodes.get(String(index)), source)),
			origins,
		);
	return withOrigins(
		Object.fromEntries(
			Object.entries(value).map(([key, inner]) => [key, located(inner, nodes.get(key), source)]),
		),
		origins,
	);
}

/** The literal values of an expression; null for everything else. */
function literal(node: Node | null | undefined): unknown {
	if (node?.type === "ObjectExpression")
		return Object.fromEntries(partsOf(node).map(([key, , inner]) => [key, literal(inner)]));
	if (node?.type === "ArrayExpression") return (node as ArrayExpression).elements.map(literal);
	return node?.type === "Literal" ? (node as Literal).value : null;
}

/** By key or index: the node where the entry begins, including its key, and the node of the value. */
function partsOf(node: Node): (readonly [key: string, at: Node, value: Node])[] {
	if (node.type === "ArrayExpression")
		return itemsBeforeSpread(node as ArrayExpression).map((item, index) => [String(index), item, item]);
	if (node.type !== "ObjectExpression") return [];
	return (node as ObjectExpression).properties.flatMap((item) => {
		if (item.type !== "Property") return [];
		const { key, computed, value } = item;
		if (key.type === "Identifier" && !computed) return [[key.name, item, value] as const];
		return key.type === "Literal" ? [[String(key.value), item, value] as const] : [];
	});
}

/** After `...list` the index of an item is unknown. */
function itemsBeforeSpread({ elements }: ArrayExpression): Node[] {
	const end = elements.findIndex((item) => item === null || item.type === "SpreadElement");
	return elements.slice(0, end < 0 ? undefined : end) as Node[];
}
