// What a holdfast.ts imports: `import { defineConfig } from "holdfast"`.
import type { Config } from "./schema.ts";

/** Gives a typed config its types; returns it unchanged. A provider's `type` must be written out. */
export function defineConfig(config: Config): Config {
	return config;
}
