// holdfast schema [COMMAND]: the JSON Schema of the config, of the manifest, or of a command's output.
import { HoldfastError } from "../../values/error.ts";
import { EXIT } from "../../values/error-codes.ts";
import { nearest } from "../../values/nearest.ts";
import { type Call, command } from "../command.ts";
import { type CommonFlags, commonFlags, proposeCommandWords, switchFlag } from "../flags.ts";

interface Flags extends CommonFlags {
	readonly manifest: boolean;
}

export const schema = command({
	docs: {
		brief: "print the JSON Schema of the config, for editors, or of a command's --json output",
		fullDescription:
			"Without COMMAND: of the config. If a command prints several lines of JSON, the schema is that of each line.\n\nExamples:\n  holdfast schema\n  holdfast schema list\n  holdfast schema archives show",
	},
	outputs: async () => (await import("../outputs/machines.ts")).SCHEMA,
	parameters: {
		flags: { ...commonFlags, manifest: switchFlag("print the schema of the manifest instead") },
		positional: {
			kind: "array",
			parameter: {
				brief: "the command whose output is described",
				placeholder: "COMMAND",
				parse: (word: string) => word,
				proposeCompletions: proposeCommandWords,
			},
		},
	},
	async run({ out, commands }: Call, flags: Flags, ...words: string[]) {
		await out.result({ kind: "document", value: await schemaOf(words, flags, commands) });
		return EXIT.done;
	},
});

async function schemaOf(words: readonly string[], flags: Flags, commands: Call["commands"]): Promise<object> {
	const { editorJsonSchema, manifestJsonSchema } = await import("../../config/json-schema.ts");
	if (words.length === 0) return flags.manifest ? manifestJsonSchema() : editorJsonSchema();
	if (flags.manifest) throw new HoldfastError("usage", "name a command, or use --manifest, but not both");
	const { outputsByCommand, outputJsonSchema } = await import("../outputs/list.ts");
	const outputs = new Map(Object.entries(await outputsByCommand(await commands())));
	const name = words.join(" ");
	for (const line of [name, `${name} list`]) {
		const cases = outputs.get(line);
		if (cases !== undefined) return outputJsonSchema(line, cases);
	}
	const meant = nearest(name, [...outputs.keys()]);
	throw new HoldfastError("usage", `there is no command "${name}"`, {
		subject: name,
		hint:
			meant === undefined
				? "see all commands with: holdfast --help"
				: `did you mean: holdfast schema ${meant}?`,
	});
}
