// Formats the list of modules, and one module with its options and what it declares.
import { keysOf } from "../../manifest/json-keys.ts";
import { declares, optionsJsonSchema } from "../../modules/describe.ts";
import type { Module } from "../../modules/module.ts";
import { table } from "./table.ts";

export function moduleTable(modules: readonly Module[]): string[] {
	return table(
		[
			["MODULE", "BACKS UP", "TESTED ON"],
			...modules.map(({ name, about, proven }) => [name, about, proven ?? "-"]),
		],
		{ wraps: ["BACKS UP"] },
	);
}

/** The machines whose config has the module, and its options there. */
export interface Declared {
	readonly machine: string;
	readonly nixos: boolean;
	readonly options: object;
}

/** The same for programs. */
export function moduleValue(
	module: Module,
	modules: ReadonlyMap<string, Module>,
	declared: readonly Declared[],
) {
	const { name, about, sources, proven } = module;
	return {
		...{ name, about, sources, proven },
		options: optionsJsonSchema(module),
		declares: declarations(module, modules, declared),
	};
}

function declarations(
	module: Module,
	modules: ReadonlyMap<string, Module>,
	declared: readonly Declared[],
): { readonly machine?: string; readonly state: object; readonly faults: readonly string[] }[] {
	const uses = declared.length > 0 ? declared : [{ nixos: false, options: {} }];
	return uses.map(({ nixos, options, ...where }) => {
		const { state, faults } = declares(module, modules, options, nixos);
		return {
			...where,
			state,
			faults: faults.map(({ path, message }) => `${path.slice(2).join(".")}: ${message}`),
		};
	});
}

/** `declared`: by machine; with default options if the config does not use the module. */
export async function moduleText(
	module: Module,
	modules: ReadonlyMap<string, Module>,
	declared: readonly Declared[],
): Promise<string[]> {
	const { dump } = await import("js-yaml");
	const options = keysOf(optionsJsonSchema(module)).map(({ path, kind, required, description }) => [
		`  ${path}`,
		kind.replaceAll("`", "") + (required ? ", required" : ""),
		description,
	]);
	const indented = (value: object) =>
		dump(value, { noRefs: true, quoteStyle: "double" })
			.trimEnd()
			.split("\n")
			.map((line) => `  ${line}`);
	return [
		`${module.name}: ${module.about}`,
		"",
		...(options.length === 0 ? ["It has no options."] : ["Options:", ...table(options)]),
		"",
		...declarations(module, modules, declared).flatMap(({ machine, state, faults }) => [
			machine === undefined ? "Without options it would declare:" : `It declares on ${machine}:`,
			...(faults.length > 0 ? faults.map((line) => `  ${line}`) : indented(state)),
			"",
		]),
		"Sources:",
		...module.sources.map((source) => `  ${source}`),
	];
}
