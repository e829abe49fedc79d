// holdfast validate: check the config, without touching the machine.
import { loadConfig } from "../../config/load.ts";
import { secretFilesOf } from "../../fleet/secrets.ts";
import { isHere } from "../../fleet/select.ts";
import { isMissing } from "../../host/secret.ts";
import type { Manifest } from "../../manifest/schema.ts";
import { unprotected, warningsOn } from "../../manifest/warnings.ts";
import { printMessage } from "../../report/terminal.ts";
import { EXIT } from "../../values/error-codes.ts";
import { type Call, command } from "../command.ts";
import { type CommonFlags, commonFlags } from "../flags.ts";
import { loading } from "../machines.ts";

export const validate = command({
	docs: {
		brief: "check the config; errors are shown with their lines",
		fullDescription:
			"All machines are checked, and all errors are shown at once. Other commands check only the machines that they use, so that a mistake in one machine does not prevent the backup of another.\n\nExamples:\n  holdfast validate\n  holdfast validate --config ./holdfast.yaml",
	},
	outputs: async () => (await import("../outputs/machines.ts")).VALID,
	parameters: { flags: commonFlags, positional: { kind: "tuple", parameters: [] } },
	async run({ out }: Call, flags: CommonFlags) {
		const { file, names, resolve } = await loadConfig(flags.config, { ...loading, purpose: "look" });
		const manifests = await resolve();
		const warnings = [...manifests.values()].flatMap((one) => [
			...unprotected(one).map((line) => `${one.machine}: ${line}`),
			...warningsOn(one),
			...missingSecrets(one),
		]);
		printMessage(warnings.map((line) => `! ${line}`));
		await out.result({
			kind: "answer",
			value: { file, machines: names },
			text: flags.quiet ? [] : `${file} is valid: ${shown(names)}`,
		});
		return EXIT.done;
	},
});

function shown(names: readonly string[]): string {
	if (names.length <= MAX_NAMED) return names.join(", ") || "no machine";
	return `${names.length} machines, ${names.slice(0, MAX_NAMED).join(", ")} and so on`;
}
const MAX_NAMED = 12;

/** The file may be on another machine, for which this config is written. */
function missingSecrets(manifest: Manifest): string[] {
	if (!isHere(manifest)) return [];
	return secretFilesOf(manifest)
		.filter(({ path }) => isMissing(path))
		.map(
			({ path, kind, of }) =>
				`${of.join(", ")} of "${manifest.machine}": ${kind === "passphrase" ? "the passphrase file" : "the SSH key"} ${path} does not exist on this machine`,
		);
}
