// holdfast check [MACHINE], holdfast prune [MACHINE]: keep destinations in order.
import { buildCommand } from "@stricli/core";
import { listArchives } from "../../plan/archives.ts";
import { decidePrune, planCheck, planPrune } from "../../plan/upkeep.ts";
import { print, printJson, printMessage } from "../../report/terminal.ts";
import { pruneTable } from "../../report/text/archives.ts";
import { newRunId } from "../../run/run-id.ts";
import { HoldfastError } from "../../values/error.ts";
import {
	type CommonFlags,
	commonFlags,
	guard,
	loadLocal,
	machineWord,
	providerFlag,
	providersOf,
	switchFlag,
	waitFlag,
} from "../flags.ts";
import { confirm, operate, printPlan } from "../operate.ts";
import { interruptible, unwatched } from "../signals.ts";

interface CheckFlags extends CommonFlags {
	readonly provider?: string;
	readonly full: boolean;
	readonly wait?: number;
	readonly dryRun: boolean;
}

export const check = buildCommand({
	docs: {
		brief: "look whether what the destinations hold is whole",
		fullDescription:
			"Without --full the engine looks at its own structure; with it, every byte is read. Nothing is repaired.\n\nExamples:\n  holdfast check\n  holdfast check web01 --provider borgbackup --full",
	},
	parameters: {
		flags: {
			...commonFlags,
			provider: providerFlag,
			full: switchFlag("read every byte; takes as long as restoring everything"),
			wait: waitFlag,
			dryRun: switchFlag("print the plan and do nothing"),
		},
		positional: { kind: "tuple", parameters: [machineWord] },
	},
	func: (flags: CheckFlags, machine?: string) =>
		guard(flags, async () => {
			const manifest = await loadLocal(flags, machine);
			const providers = providersOf(manifest, flags.provider);
			const plan = await planCheck({ manifest, run: newRunId(), providers }, flags.full);
			if (plan.steps.length === 0)
				throw new HoldfastError("not-supported", `${providers.join(", ")} cannot be checked`, {
					hint: "a command provider has no check; restore from it to see whether it is whole",
				});
			if (flags.dryRun) {
				printPlan(plan, flags.json);
				return 0;
			}
			return operate(plan, flags, interruptible());
		}),
});

interface PruneFlags extends CommonFlags {
	readonly wait?: number;
	readonly provider?: string;
	readonly dryRun: boolean;
	readonly yes: boolean;
}

export const prune = buildCommand({
	docs: {
		brief: "remove archives that the retention of their provider does not keep",
		fullDescription:
			"The newest good archive of each state is always kept, and so is one with a hold (holdfast archives hold).\n\nExamples:\n  holdfast prune --dry-run                 what would go, what stays, and why\n  holdfast prune web01 --provider disk --yes",
	},
	parameters: {
		flags: {
			...commonFlags,
			provider: providerFlag,
			wait: waitFlag,
			dryRun: switchFlag("show what would be removed and kept, and why; remove nothing"),
			yes: switchFlag("do not ask"),
		},
		positional: { kind: "tuple", parameters: [machineWord] },
	},
	func: (flags: PruneFlags, machine?: string) =>
		guard(flags, async () => {
			const manifest = await loadLocal(flags, machine);
			const signal = interruptible();
			const providers = providersOf(manifest, flags.provider);
			const request = { manifest, run: newRunId(), providers };
			const work = unwatched(signal);
			const listing = await listArchives(manifest, providers, work);
			const decided = await decidePrune(request, listing, work);
			if (decided.length === 0)
				throw new HoldfastError("config-invalid", `${providers.join(", ")}: no retention says what to keep`, {
					hint: "add one to the provider: retention: { daily: 7, weekly: 4, monthly: 6 }",
				});
			if (flags.dryRun && flags.json) printJson(decided, 2);
			else if (flags.dryRun || !flags.yes) print(pruneTable(decided));
			for (const { provider, destination, error } of listing.failures)
				printMessage(`${provider}/${destination} could not be listed: ${error.message}`);
			if (flags.dryRun) return listing.failures.length > 0 ? 3 : 0;
			const going = decided.flatMap(({ decisions = [] }) => decisions.filter(({ keep }) => !keep)).length;
			if (going > 0)
				await confirm(`Remove ${going} archives for good?`, flags.yes, "this removes archives for good");
			return operate(planPrune(request, decided), flags, signal);
		}),
});
