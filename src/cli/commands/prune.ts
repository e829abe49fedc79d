// holdfast prune [MACHINE]: remove archives that the retention rules do not keep.
import { listArchives } from "../../plan/archives.ts";
import { decidePrune, type PruneDecisions, planPrune } from "../../plan/upkeep.ts";
import { printMessage } from "../../report/terminal.ts";
import { errorLines } from "../../report/text/error.ts";
import { newRunId } from "../../run/run-id.ts";
import { counted } from "../../values/counted.ts";
import { HoldfastError } from "../../values/error.ts";
import { EXIT } from "../../values/error-codes.ts";
import { type MachineCall, machineCommand } from "../command.ts";
import {
	type CommonFlags,
	commonFlags,
	machineWord,
	providerFlag,
	switchFlag,
	valueFlag,
	waitFlag,
} from "../flags.ts";
import { providersOf } from "../machines.ts";
import { confirm, operate } from "../operate.ts";
import { interruptible, unwatched } from "../signals.ts";

interface PruneFlags extends CommonFlags {
	readonly wait?: number;
	readonly provider?: string;
	readonly dryRun: boolean;
	readonly yes: boolean;
	readonly agreed?: readonly string[];
}

/** Where nothing is to be removed. */
const NOTHING = "nothing";

export const prune = machineCommand({
	docs: {
		brief: "remove archives that their provider's retention does not keep",
		fullDescription:
			"The newest good archive of each state and archives with a hold (holdfast archives hold) are always kept.\n\nExamples:\n  holdfast prune --dry-run                 show what would be removed and kept, and why\n  holdfast prune web01 --provider disk --yes",
	},
	outputs: async () => (await import("../outputs/upkeep.ts")).PRUNING,
	parameters: {
		flags: {
			...commonFlags,
			provider: providerFlag,
			wait: waitFlag,
			dryRun: switchFlag("show what would be removed and kept, and why; remove nothing"),
			yes: switchFlag("do not ask"),
			agreed: {
				...valueFlag("for a call from another machine: remove only what was shown there", "ARCHIVE"),
				variadic: true,
				hidden: true,
			},
		},
		positional: { kind: "tuple", parameters: [machineWord] },
	},
	machine: (_flags, [machine]) => machine,
	elsewhere: {
		async agreement() {
			const { prunedSchema } = await import("../../fleet/answers.ts");
			return {
				schema: prunedSchema,
				read(answer) {
					const decided = answer as readonly PruneDecisions[];
					const going = decided.flatMap(goingFrom);
					return {
						shown: { kind: "prune", decided },
						question: going.length > 0 ? questionFor(going.length) : undefined,
						words: (going.length > 0 ? going : [NOTHING]).flatMap((one) => ["--agreed", one]),
					};
				},
			};
		},
	},
	isReported: true,
	async run(call: MachineCall, flags: PruneFlags, _machine?: string) {
		const { manifest, out } = call;
		const signal = interruptible();
		const providers = providersOf(manifest, flags.provider);
		const request = { manifest, run: newRunId(), providers };
		const work = unwatched(signal);
		const listing = await listArchives(manifest, providers, work);
		const decided = within(flags.agreed, await decidePrune(request, listing, work));
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
		const going = decided.flatMap(goingFrom);
		if (going.length > 0)
			await confirm(questionFor(going.length), flags.yes, "this permanently removes archives");
		return operate(planPrune(request, decided), call, signal, flags);
	},
});

const questionFor = (count: number) => `Permanently remove ${counted(count, "archive")}?`;

/** What would be removed. */
const goingFrom = ({ provider, destination, decisions = [] }: PruneDecisions): string[] =>
	decisions.flatMap(({ keep, archive }) => (keep ? [] : [`${provider}/${destination}/${archive.name}`]));

/** Whatever was not agreed to is kept, even if no rule keeps it by now. */
function within(
	agreed: readonly string[] | undefined,
	decided: readonly PruneDecisions[],
): readonly PruneDecisions[] {
	if (agreed === undefined) return decided;
	const going = new Set(agreed);
	return decided.map(({ decisions, ...at }) => ({
		...at,
		...(decisions === undefined
			? {}
			: {
					decisions: decisions.map((one) => ({
						...one,
						keep: one.keep || !going.has(`${at.provider}/${at.destination}/${one.archive.name}`),
					})),
				}),
	}));
}
