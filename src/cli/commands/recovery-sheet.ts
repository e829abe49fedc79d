// holdfast recovery-sheet: what to print and keep on paper, in case this machine is lost.
import { destinationsIn, engineOf } from "../../engines/list.ts";
import { openDestinations } from "../../engines/registry.ts";
import type { SheetEntry } from "../../report/result.ts";
import { printMessage } from "../../report/terminal.ts";
import { EXIT } from "../../values/error-codes.ts";
import { type MachineCall, machineCommand } from "../command.ts";
import { type CommonFlags, commonFlags, machineWord, providerFlag } from "../flags.ts";
import { providersOf } from "../machines.ts";
import { interruptible, unwatched } from "../signals.ts";

export const recoverySheet = machineCommand({
	docs: {
		brief: "print what you need to restore to a bare machine: addresses, keys and commands",
		fullDescription:
			"Passphrases are not printed: write them on the paper by hand. A borg key on it is useless without its passphrase.\n\nExamples:\n  holdfast recovery-sheet | lp",
	},
	outputs: async () => (await import("../outputs/upkeep.ts")).SHEET,
	parameters: {
		flags: { ...commonFlags, provider: providerFlag },
		positional: { kind: "tuple", parameters: [machineWord] },
	},
	machine: (_flags, [machine]) => machine,
	async run(
		{ out, manifest }: MachineCall,
		flags: CommonFlags & { readonly provider?: string },
		_machine?: string,
	) {
		const work = unwatched(interruptible());
		const entries: SheetEntry[] = [];
		for (const provider of providersOf(manifest, flags.provider)) {
			const options = manifest.providers[provider];
			if (options === undefined) continue;
			if (engineOf(options).address === undefined) {
				entries.push({ provider, type: options.type, settings: { ...options } });
				continue;
			}
			for (const destination of await openDestinations(manifest, provider)) {
				const settings = destinationsIn(options)[destination.name] ?? {};
				const at = {
					provider,
					type: options.type,
					destination: destination.name,
					location: destination.location,
					settings,
				};
				const keys = await destination.keys?.(work).then(
					(found) => (found ? { keys: found.text, keysAreApart: found.isApart } : {}),
					(error: Error) => ({ fault: error.message }),
				);
				entries.push({ ...at, ...keys });
			}
		}
		await out.result({ kind: "sheet", machine: manifest.machine, entries });
		for (const { location, fault } of entries)
			if (fault !== undefined) printMessage(`the key of ${location} could not be read: ${fault}`);
		return entries.some(({ fault }) => fault !== undefined) ? EXIT.partial : EXIT.done;
	},
});
