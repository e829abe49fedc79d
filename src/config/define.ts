// What a holdfast.ts, or a file with modules, imports: `import { defineConfig } from "holdfast"`.
import type { Config } from "./schema.ts";

export * as v from "valibot";
export { byDefault } from "../modules/merge.ts";
export { defineModule } from "../modules/module.ts";

/** Gives a typed config its types; returns it unchanged. A provider's `type` must be written out. */
export function defineConfig(config: Config): Config {
	return config;
}
