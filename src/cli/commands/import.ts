// holdfast import nix FLAKE#MACHINE, holdfast import clan FILE.json: print a config from what is declared elsewhere.
import { importedConfig } from "../../config/write.ts";
import { parseBounded } from "../../host/bounded-json.ts";
import { evaluateNix } from "../../host/nix.ts";
import { readText } from "../../host/read-file.ts";
import type { Reporter } from "../../report/reporter.ts";
import { linesIn, printMessage } from "../../report/terminal.ts";
import { HoldfastError } from "../../values/error.ts";
import { EXIT } from "../../values/error-codes.ts";
import { isRecord } from "../../values/record.ts";
import { wordsOf } from "../../values/system-error.ts";
import { type Call, command, commandGroup } from "../command.ts";
import { type CommonFlags, commonFlags, valueFlag } from "../flags.ts";

const word = (brief: string, placeholder: string) =>
	({ kind: "tuple", parameters: [{ brief, placeholder, parse: (value: string) => value }] }) as const;

const nix = command({
	docs: {
		brief: "print a holdfast.yaml with the declarations of a NixOS or Clan machine in a flake",
		fullDescription:
			"Runs `nix eval` once. To have the flake evaluated whenever it changes, write instead: machines: { web01: { nix: .#web01 } }\n\nExamples:\n  holdfast import nix .#web01 > holdfast.yaml",
	},
	outputs: async () => (await import("../outputs/machines.ts")).IMPORTED,
	parameters: { flags: commonFlags, positional: word("FLAKE#MACHINE", "FLAKE#MACHINE") },
	async run({ out }: Call, _flags: CommonFlags, reference: string) {
		const remark = (line: string) => printMessage(`! ${line}`);
		const { clan, holdfast } = await evaluateNix(reference, remark);
		const machine = (reference.split("#")[1] ?? "")
			.replace(/^nixosConfigurations\./, "")
			.replace(/\.config$/, "");
		return show(await importedConfig(machine, holdfast ?? { clan }, `flake ${reference}`), out);
	},
});

interface ClanFlags extends CommonFlags {
	readonly machine?: string;
}

const clan = command({
	docs: {
		brief: "print a holdfast.yaml from Clan declarations that were already evaluated",
		fullDescription:
			"The file contains { state, backups: { providers } }, as in clan.core; optionally also borgbackup: { jobs } of services.borgbackup,\nand localbackup: { targets, snapshots }.\n\nExamples:\n  holdfast import clan web01.json --machine web01 > holdfast.yaml",
	},
	outputs: async () => (await import("../outputs/machines.ts")).IMPORTED,
	parameters: {
		flags: { ...commonFlags, machine: valueFlag("the machine's name (default: this machine's)", "NAME") },
		positional: word("the file", "FILE.json"),
	},
	run: async ({ out }: Call, flags: ClanFlags, file: string) => {
		const { hostname } = await import("node:os");
		let value: unknown;
		try {
			value = parseBounded(readText(file, { most: 16 * 1024 ** 2 }), { depth: 100, values: 500_000 });
			if (!isRecord(value)) throw new Error("it does not contain a JSON object");
		} catch (cause) {
			throw new HoldfastError("config-invalid", `cannot read ${file}: ${wordsOf(cause)}`, {
				subject: file,
				cause,
			});
		}
		const { backups, ...rest } = value as Record<string, unknown> & { backups?: { providers?: object } };
		const declared = { ...(backups?.providers ? { providers: backups.providers } : {}), ...rest };
		const machine = flags.machine ?? hostname().split(".")[0] ?? "machine";
		return show(await importedConfig(machine, { clan: declared }, file), out);
	},
});

export const importCommand = commandGroup({
	routes: { nix, clan },
	docs: { brief: "print a config with the declarations from Nix" },
});

async function show(config: string, out: Reporter): Promise<number> {
	await out.result({ kind: "answer", value: { config }, text: linesIn(config) });
	return EXIT.done;
}
