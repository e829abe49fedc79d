// holdfast check [MACHINE]: verify that the archives in the destinations are intact.
import { planCheck } from "../../plan/upkeep.ts";
import { newRunId } from "../../run/run-id.ts";
import { HoldfastError } from "../../values/error.ts";
import { EXIT } from "../../values/error-codes.ts";
import { type MachineCall, machineCommand } from "../command.ts";
import { type CommonFlags, commonFlags, machineWord, providerFlag, switchFlag, waitFlag } from "../flags.ts";
import { providersOf } from "../machines.ts";
import { operate } from "../operate.ts";
import { interruptible } from "../signals.ts";

interface CheckFlags extends CommonFlags {
	readonly provider?: string;
	readonly full: boolean;
	readonly wait?: number;
	readonly dryRun: boolean;
}

export const check = machineCommand({
	docs: {
		brief: "verify that the archives in the destinations are intact",
		fullDescription:
			"Without --full the engine checks its own structure; with it, every byte is read. Nothing is repaired.\n\nExamples:\n  holdfast check\n  holdfast check web01 --provider borgbackup --full",
	},
	outputs: async () => (await import("../outputs/runs.ts")).RUNNING_OR_PLAN,
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
	machine: (_flags, [machine]) => machine,
	elsewhere: "run",
	isReported: true,
	async run(call: MachineCall, flags: CheckFlags, _machine?: string) {
		const { manifest } = call;
		const providers = providersOf(manifest, flags.provider);
		const plan = await planCheck({ manifest, run: newRunId(), providers }, flags.full);
		if (plan.steps.length === 0)
			throw new HoldfastError("not-supported", `archives of ${providers.join(", ")} cannot be checked`, {
				hint: "a command provider has no check command; to test an archive, restore it",
			});
		if (flags.dryRun) {
			await call.out.result({ kind: "plan", plan });
			return EXIT.done;
		}
		return operate(plan, call, interruptible(), flags);
	},
});
