// holdfast schema: the JSON Schema of the config, or of the manifest.
import { EXIT } from "../../values/error-codes.ts";
import { type Call, command } from "../command.ts";
import { type CommonFlags, commonFlags, switchFlag } from "../flags.ts";

interface Flags extends CommonFlags {
	readonly manifest: boolean;
}

export const schema = command({
	docs: { brief: "print the JSON Schema of the config, for editors" },
	parameters: {
		flags: { ...commonFlags, manifest: switchFlag("print the schema of the manifest instead") },
		positional: { kind: "tuple", parameters: [] },
	},
	async run({ out }: Call, flags: Flags) {
		const { configJsonSchema, manifestJsonSchema } = await import("../../config/json-schema.ts");
		await out.result({ kind: "document", value: flags.manifest ? manifestJsonSchema() : configJsonSchema() });
		return EXIT.done;
	},
});
