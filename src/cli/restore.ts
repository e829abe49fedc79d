// holdfast restore [--service S…] [MACHINE] PROVIDER ARCHIVE
import { buildCommand } from "@stricli/core";
import { HoldfastError } from "../manifest/error.ts";
import { chooseArchive, listArchives, requireGood } from "../plan/archives.ts";
import { planRestore } from "../plan/restore.ts";
import { openDestination } from "../providers/registry.ts";
import { newRunId } from "../run/run-id.ts";
import {
	type CommonFlags,
	commonFlags,
	guard,
	loadMachine,
	machineNames,
	providerNames,
	requireLocal,
	serviceFlag,
} from "./flags.ts";
import { confirm, operate, printPlan } from "./operate.ts";
import { interruptible } from "./signals.ts";

interface Flags extends CommonFlags {
	readonly service?: readonly string[];
	readonly dryRun: boolean;
	readonly yes: boolean;
}

export const restore = buildCommand({
	docs: {
		brief: "put a service back as it was in an archive",
		customUsage: ["[--service NAME]... [MACHINE] PROVIDER ARCHIVE"],
		fullDescription:
			"Examples:\n  holdfast restore --service notes web01 borgbackup latest\n  holdfast restore --service notes disk usb::/mnt/usb/holdfast::web01-2026-11-24T010000Z-k3x9",
	},
	parameters: {
		flags: {
			...commonFlags,
			service: serviceFlag,
			dryRun: { kind: "boolean", default: false, withNegated: false, brief: "print the plan and do nothing" },
			yes: { kind: "boolean", default: false, withNegated: false, brief: "do not ask" },
		},
		positional: {
			kind: "array",
			parameter: {
				brief: "[MACHINE] PROVIDER ARCHIVE",
				parse: (value: string) => value,
				placeholder: "[MACHINE] PROVIDER ARCHIVE",
				proposeCompletions: async () => [...(await machineNames()), ...(await providerNames()), "latest"],
			},
			minimum: 2,
			maximum: 3,
		},
	},
	func: (flags: Flags, ...words: string[]) =>
		guard(flags, async () => {
			const [wanted, provider, machine] = [...words].reverse();
			if (wanted === undefined || provider === undefined)
				throw new HoldfastError("usage", "name a provider and an archive", {
					hint: "holdfast restore --service NAME [MACHINE] PROVIDER ARCHIVE",
				});
			const manifest = await loadMachine(flags, machine);
			requireLocal(manifest);
			const signal = interruptible();
			const listing = await listArchives(manifest, [provider], { signal, progress: () => {}, log: () => {} });
			const services = flags.service ?? Object.keys(manifest.state);
			const archive = chooseArchive(listing, wanted, services);
			requireGood(listing, archive, services);
			const destination = await openDestination(manifest, provider, archive.destination);
			const plan = planRestore({
				manifest,
				run: newRunId(),
				services,
				provider,
				destination: archive.destination,
				archive: archive.name,
				archiveId: archive.id,
				restoresInto: destination.capabilities.restoresInto,
				folders: Object.fromEntries(
					Object.entries(archive.metadata?.states ?? {}).map(([name, { folders }]) => [name, folders]),
				),
			});
			if (flags.dryRun) {
				printPlan(plan, flags.json);
				return 0;
			}
			if (!flags.yes) printPlan(plan, false);
			await confirm(`Restore ${services.join(", ")} from ${archive.id}?`, flags.yes);
			const { code } = await operate(plan, flags, signal);
			return code;
		}),
});
