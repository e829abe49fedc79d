// holdfast manifest [MACHINE]: what the runtime reads.
import { EXIT } from "../../values/error-codes.ts";
import { type Call, command } from "../command.ts";
import { type CommonFlags, commonFlags, machineWord } from "../flags.ts";
import { machineNamed } from "../machines.ts";

export const manifest = command({
	docs: { brief: "print a machine's manifest, the resolved config that runs read" },
	outputs: async () => (await import("../outputs/machines.ts")).MANIFEST,
	parameters: { flags: commonFlags, positional: { kind: "tuple", parameters: [machineWord] } },
	async run({ out }: Call, flags: CommonFlags, machine?: string) {
		const { manifest: value } = await machineNamed(flags, machine);
		await out.result({ kind: "document", value });
		return EXIT.done;
	},
});
