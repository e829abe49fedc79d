// holdfast create [MACHINE] [--provider P] [--service S…]
import { join } from "node:path";
import { buildCommand } from "@stricli/core";
import { places } from "../host/places.ts";
import { planBackup } from "../plan/backup.ts";
import { openDestinations } from "../providers/registry.ts";
import { newRunId } from "../run/run-id.ts";
import {
	type CommonFlags,
	commonFlags,
	guard,
	loadLocal,
	machineWord,
	providerFlag,
	providersOf,
	serviceFlag,
	switchFlag,
} from "./flags.ts";
import { operate, printPlan } from "./operate.ts";
import { interruptible } from "./signals.ts";

interface Flags extends CommonFlags {
	readonly provider?: string;
	readonly service?: readonly string[];
	readonly dryRun: boolean;
}

export const create = buildCommand({
	docs: {
		brief: "back up a machine's states to every destination",
		fullDescription:
			"Examples:\n  holdfast create\n  holdfast create web01 --provider borgbackup\n  holdfast create web01 --service notes --dry-run",
	},
	parameters: {
		flags: {
			...commonFlags,
			provider: providerFlag,
			service: serviceFlag,
			dryRun: switchFlag("print the plan and do nothing"),
		},
		positional: {
			kind: "tuple",
			parameters: [machineWord],
		},
	},
	func: (flags: Flags, machine?: string) =>
		guard(flags, async () => {
			const manifest = await loadLocal(flags, machine);
			const providers = providersOf(manifest, flags.provider);
			const targets = (
				await Promise.all(
					providers.map(async (provider) =>
						(
							await openDestinations(manifest, provider)
						).map(({ name, capabilities: { streams } }) => ({
							provider,
							destination: name,
							streams,
						})),
					),
				)
			).flat();
			const spool = join(places().state, "dumps");
			const plan = planBackup({ manifest, run: newRunId(), services: flags.service ?? [], targets, spool });
			if (flags.dryRun) {
				printPlan(plan, flags.json);
				return 0;
			}
			return operate(plan, flags, interruptible());
		}),
});
