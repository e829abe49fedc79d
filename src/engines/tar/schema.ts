// The options of a tar provider. Loaded with the manifest, so keep it light.
import * as v from "valibot";
import * as f from "../../values/fields.ts";
import { destinations, mountpoint, upkeep } from "../fields.ts";

export const tarOptions = v.strictObject({
	type: v.literal("tar"),
	...upkeep,
	destinations: destinations({
		path: v.pipe(f.path, v.description("folder that contains the archives")),
		mountpoint,
	}),
	level: v.pipe(
		v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(22))),
		v.description("zstd compression level, 1 to 22 (default 3)"),
	),
});
export type TarOptions = v.InferOutput<typeof tarOptions>;
