// What a holdfast.ts, or a file with modules, imports: `import { defineConfig } from "holdfast"`.
import type { LibraryServices } from "../modules/library.ts";
import type { Config } from "./schema.ts";

export * as v from "valibot";
export { byDefault } from "../modules/merge.ts";
export { defineModule } from "../modules/module.ts";
export { argv } from "../values/fields.ts";

/** Declare the options of your own modules here: `declare module "holdfast" { interface Services { mine?: { … } } }`. */
// biome-ignore lint/suspicious/noEmptyInterface: users add to it
export interface Services {}

type Machine = Config["machines"][string];
interface TypedMachine extends Omit<Machine, "services"> {
	readonly services?: LibraryServices & Services;
}
export interface TypedConfig extends Omit<Config, "machines"> {
	readonly machines: Readonly<Record<string, TypedMachine>>;
}

/** Gives a typed config its types; returns it unchanged. A provider's `type` must be written out. */
export function defineConfig(config: TypedConfig): TypedConfig {
	return config;
}
