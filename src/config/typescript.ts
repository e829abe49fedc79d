// TypeScript config files: run by Node itself, and read as text to find the line of a fault, and for completion, which runs
// no code. A JavaScript parser is needed for that: where a key stands cannot be told from text without knowing strings,
// templates, comments and regular expressions. acorn is small, has no dependencies, and is loaded for a .ts config only.
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

/** What the file exports, with the origins of what is written out in it. */
export async function readTypeScript(code: ConfigCode, source: Source): Promise<unknown> {
	const { default: value } = await importTypeScript(code.file, code);
	if (value === undefined)
		throw new HoldfastError("config-invalid", `${code.file}: has no default export`, {
			hint: "write: export default defineConfig({ machines: { … } })",
		});
	const written = await exportedIn(source.text);
	const start = { source, offset: written?.start ?? 0 };
	const excess = excessIn(value);
	if (excess) throw errorAt(originAt(located(value, written, source), excess.path) ?? start, excess.message);
	return located(value, written, source);
}

/** What is written out in a file, as far as that is plain values; nothing of it is run. */
export async function writtenIn(source: Source): Promise<unknown> {
	return literal(await exportedIn(source.text));
}

/** What a file exports. It can import from "holdfast" wherever it lies. */
export async function importTypeScript(file: string, code: ConfigCode): Promise<Record<string, unknown>> {
	serveOurselves();
	if (code.isGuarded) guarded = code;
	try {
		return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
	} catch (cause) {
		if (cause instanceof HoldfastError) throw cause;
		const [message = "", ...more] = (cause instanceof Error ? cause.message : String(cause)).split("\n");
		throw new HoldfastError("config-invalid", `${file}: ${message}`, {
			cause,
			details: more,
			hint: "run with --debug to see where it was thrown",
		});
	}
}

/** Whose files must be ours from now on. */
let guarded: ConfigCode | undefined;

/** The program that runs: whoever wrote it is obeyed already. */
const program = dirname(dirname(process.argv[1] ?? "/nowhere/at/all"));

function refuseOthers(url: string): void {
	if (!guarded || !url.startsWith("file:")) return;
	const file = fileURLToPath(url);
	if (file.startsWith(`${program}/`)) return;
	const { fault } = examine(file, guarded.isNamed);
	if (fault !== undefined) throw notObeyed(file, fault);
}

let served = false;

/** `import { defineConfig } from "holdfast"` works with nothing installed beside the file: it is what runs already. */
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

/** Types become blanks of the same width, so that the places in the plain script are those in the file. */
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

/** A copy of the value with the origins that the expression shows, as deep as it is written out. */
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

/** The plain values of an expression; what is no literal is left open, as null. */
function literal(node: Node | null | undefined): unknown {
	if (node?.type === "ObjectExpression")
		return Object.fromEntries(partsOf(node).map(([key, , inner]) => [key, literal(inner)]));
	if (node?.type === "ArrayExpression") return (node as ArrayExpression).elements.map(literal);
	return node?.type === "Literal" ? (node as Literal).value : null;
}

/** By key or index: the node where a value begins, with its key, and the value's own. */
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

/** After `...list` nobody knows an item's index. */
function itemsBeforeSpread({ elements }: ArrayExpression): Node[] {
	const end = elements.findIndex((item) => item === null || item.type === "SpreadElement");
	return elements.slice(0, end < 0 ? undefined : end) as Node[];
}
