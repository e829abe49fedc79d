// holdfast prune [MACHINE]: remove archives that the retention rules do not keep.
import { listArchives } from "../../plan/archives.ts";
import { decidePrune, planPrune } from "../../plan/upkeep.ts";
import { printMessage } from "../../report/terminal.ts";
import { errorLines } from "../../report/text/error.ts";
import { newRunId } from "../../run/run-id.ts";
import { HoldfastError } from "../../values/error.ts";
import { EXIT } from "../../values/error-codes.ts";
import { type MachineCall, machineCommand } from "../command.ts";
import { type CommonFlags, commonFlags, machineWord, providerFlag, switchFlag, waitFlag } from "../flags.ts";
import { providersOf } from "../machines.ts";
import { confirm, operate } from "../operate.ts";
import { interruptible, unwatched } from "../signals.ts";

interface PruneFlags extends CommonFlags {
	readonly wait?: number;
	readonly provider?: string;
	readonly dryRun: boolean;
	readonly yes: boolean;
}

export const prune = machineCommand({
	docs: {
		brief: "remove archives that their provider's retention does not keep",
		fullDescription:
			"The newest good archive of each state and archives with a hold (holdfast archives hold) are always kept.\n\nExamples:\n  holdfast prune --dry-run                 show what would be removed and kept, and why\n  holdfast prune web01 --provider disk --yes",
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
	machine: (_flags, [machine]) => machine,
	elsewhere: "confirmed run",
	isReported: true,
	async run(call: MachineCall, flags: PruneFlags, _machine?: string) {
		const { manifest, out } = call;
		const signal = interruptible();
		const providers = providersOf(manifest, flags.provider);
		const request = { manifest, run: newRunId(), providers };
		const work = unwatched(signal);
		const listing = await listArchives(manifest, providers, work);
		const decided = await decidePrune(request, listing, work);
		if (decided.length === 0)
			throw new HoldfastError("config-invalid", `${providers.join(", ")}: no retention is set`, {
				subject: providers.join(", "),
				hint: "add one to the provider: retention: { daily: 7, weekly: 4, monthly: 6 }",
			});
		if (flags.dryRun) await out.result({ kind: "prune", decided });
		else if (!flags.yes) await out.preview({ kind: "prune", decided });
		for (const { provider, destination, error } of listing.failures)
			printMessage(errorLines(error, `${provider}/${destination} could not be listed: `));
		if (flags.dryRun) return listing.failures.length > 0 ? EXIT.partial : EXIT.done;
		const going = decided.flatMap(({ decisions = [] }) => decisions.filter(({ keep }) => !keep));
		if (going.length > 0)
			await confirm(
				`Permanently remove ${going.length} ${going.length === 1 ? "archive" : "archives"}?`,
				flags.yes,
				"this permanently removes archives",
			);
		return operate(planPrune(request, decided), call, signal, flags);
	},
});
