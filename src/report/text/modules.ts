// Formats the list of modules, and one module with its options and what it declares.
import { keysOf } from "../../manifest/json-keys.ts";
import { declares, optionsJsonSchema } from "../../modules/describe.ts";
import type { Module } from "../../modules/module.ts";
import { table } from "./table.ts";

export function moduleTable(modules: readonly Module[]): string[] {
	return table([
		["MODULE", "BACKS UP", "TESTED ON"],
		...modules.map(({ name, about, proven }) => [name, about, proven ?? "-"]),
	]);
}

/** The machines whose config has the module, and its options there. */
export interface Declared {
	readonly machine: string;
	readonly nixos: boolean;
	readonly options: object;
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
	const places =
		declared.length > 0
			? declared.map((one) => ({ ...one, title: `It declares on ${one.machine}:` }))
			: [{ nixos: false, options: {}, title: "Without options it would declare:" }];
	return [
		`${module.name}: ${module.about}`,
		"",
		...(options.length === 0 ? ["It has no options."] : ["Options:", ...table(options)]),
		"",
		...places.flatMap(({ title, nixos, options }) => {
			const { state, faults } = declares(module, modules, options, nixos);
			const shown = faults.map(({ path, message }) => `  ${path.slice(2).join(".")}: ${message}`);
			return [title, ...(faults.length > 0 ? shown : indented(state)), ""];
		}),
		"Sources:",
		...module.sources.map((source) => `  ${source}`),
	];
}
