// TypeScript config files: run by Node itself; read as text only to find the line of a fault.
import { registerHooks, stripTypeScriptTypes } from "node:module";
import { pathToFileURL } from "node:url";
import type { Node, ObjectExpression } from "acorn";
import * as v from "valibot";
import { HoldfastError } from "../manifest/error.ts";
import { byDefault } from "../modules/merge.ts";
import { defineModule } from "../modules/module.ts";
import { defineConfig } from "./define.ts";
import type { DataPath, Place, Source } from "./source.ts";

export async function readTypeScript(file: string, text: string): Promise<Source> {
	const { default: value } = await importTypeScript(file);
	if (value === undefined)
		throw new HoldfastError("usage", `${file}: has no default export`, {
			hint: "write: export default defineConfig({ machines: { … } })",
		});
	const { parse } = await import("acorn");
	return { file, text, value, locate: (path) => locate(parse, text, path) };
}

/** What a file exports. It can import from "holdfast" wherever it lies. */
export async function importTypeScript(file: string): Promise<Record<string, unknown>> {
	serveOurselves();
	try {
		return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
	} catch (cause) {
		throw new HoldfastError("usage", `${file}: ${cause instanceof Error ? cause.message : String(cause)}`, {
			cause,
			hint: "run with --debug to see where it was thrown",
		});
	}
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
		load: (url, context, next) =>
			url === "holdfast:config" ? { format: "module", source, shortCircuit: true } : next(url, context),
	});
}

/** Types become blanks of the same width, so that the places in the plain script are those in the file. */
function locate(parse: typeof import("acorn").parse, text: string, path: DataPath): Place | undefined {
	let node: Node | undefined;
	try {
		const program = parse(stripTypeScriptTypes(text), {
			ecmaVersion: "latest",
			sourceType: "module",
			locations: true,
		});
		const exported = program.body.find((item) => item.type === "ExportDefaultDeclaration")?.declaration;
		node = exported?.type === "CallExpression" ? exported.arguments[0] : exported;
	} catch {
		return undefined;
	}
	let found = node?.loc?.start;
	for (const part of path) {
		if (node?.type === "ObjectExpression") {
			const property = (node as ObjectExpression).properties.find(
				(item) =>
					item.type === "Property" &&
					((item.key.type === "Identifier" && item.key.name === part) ||
						(item.key.type === "Literal" && item.key.value === part)),
			);
			if (property?.type !== "Property") break;
			found = property.loc?.start;
			node = property.value;
		} else if (node?.type === "ArrayExpression") {
			node = (node as unknown as { elements: Node[] }).elements[Number(part)];
			found = node?.loc?.start ?? found;
		} else break;
	}
	return found && { line: found.line, column: found.column + 1 };
}
