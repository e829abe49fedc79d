// TypeScript config files: run by Node itself; read as text only to find the line of a fault.
import { registerHooks, stripTypeScriptTypes } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { ArrayExpression, Literal, Node, ObjectExpression, Property } from "acorn";
import * as v from "valibot";
import { examine } from "../host/ownership.ts";
import { byDefault } from "../modules/merge.ts";
import { defineModule } from "../modules/module.ts";
import { HoldfastError } from "../values/error.ts";
import { defineConfig } from "./define.ts";
import { type ConfigCode, notObeyed } from "./obey.ts";
import type { DataPath, Place, Source } from "./source.ts";

export async function readTypeScript(code: ConfigCode, text: string): Promise<Source> {
	const { file } = code;
	const { default: value } = await importTypeScript(file, code);
	if (value === undefined)
		throw new HoldfastError("config-invalid", `${file}: has no default export`, {
			hint: "write: export default defineConfig({ machines: { … } })",
		});
	const { parse } = await import("acorn");
	return { file, text, value, locate: (path) => locate(parse, text, path) };
}

/** What is written out in a file, as far as that is plain values; nothing of it is run. */
export async function writtenIn(file: string, text: string): Promise<Source> {
	const { parse } = await import("acorn");
	return { file, text, value: written(exportedIn(parse, text)), locate: () => undefined };
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
	const ours = { byDefault, defineConfig, defineModule, v };
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
function exportedIn(parse: typeof import("acorn").parse, text: string): Node | undefined {
	try {
		const program = parse(stripTypeScriptTypes(text), {
			ecmaVersion: "latest",
			sourceType: "module",
			locations: true,
		});
		const exported = program.body.find((item) => item.type === "ExportDefaultDeclaration")?.declaration;
		return exported?.type === "CallExpression" ? exported.arguments[0] : exported;
	} catch {
		return undefined;
	}
}

function locate(parse: typeof import("acorn").parse, text: string, path: DataPath): Place | undefined {
	let node = exportedIn(parse, text);
	let found = node?.loc?.start;
	for (const part of path) {
		if (node?.type === "ObjectExpression") {
			const property = propertiesOf(node).find(([key]) => key === part)?.[1];
			if (!property) break;
			found = property.loc?.start;
			node = property.value;
		} else if (node?.type === "ArrayExpression") {
			node = itemsOf(node)[Number(part)] ?? undefined;
			found = node?.loc?.start ?? found;
		} else break;
	}
	return found && { line: found.line, column: found.column + 1 };
}

/** The plain values of an expression; what is no literal is left open, as null. */
function written(node: Node | null | undefined): unknown {
	if (node?.type === "ObjectExpression")
		return Object.fromEntries(propertiesOf(node).map(([key, { value }]) => [key, written(value)]));
	if (node?.type === "ArrayExpression") return itemsOf(node).map(written);
	return node?.type === "Literal" ? (node as Literal).value : null;
}

function propertiesOf(node: Node): (readonly [string, Property])[] {
	return (node as ObjectExpression).properties.flatMap((item) => {
		if (item.type !== "Property") return [];
		if (item.key.type === "Identifier" && !item.computed) return [[item.key.name, item] as const];
		return item.key.type === "Literal" ? [[String(item.key.value), item] as const] : [];
	});
}

const itemsOf = (node: Node) => (node as ArrayExpression).elements as readonly (Node | null)[];
