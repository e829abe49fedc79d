// holdfast undo RUN: revert a restore whose old copies were kept.

import { FOR_RESTORE } from "../../config/tolerance.ts";
import { isStoreDump } from "../../databases/dump.ts";
import { places } from "../../host/places.ts";
import { isArea } from "../../host/private-area.ts";
import type { Manifest } from "../../manifest/schema.ts";
import { privateFolders } from "../../plan/private-folders.ts";
import { areaOfOld } from "../../plan/stores.ts";
import { planUndo } from "../../plan/undo.ts";
import { requireLast } from "../../plan/undo-order.ts";
import { Journal } from "../../run/journal.ts";
import { isForeign } from "../../run/plan-shape.ts";
import { newRunId } from "../../run/run-id.ts";
import { keep } from "../../steps/keep.ts";
import type { Plan } from "../../steps/plan.ts";
import type { KeptCopy } from "../../steps/records.ts";
import { stateOf } from "../../steps/scope.ts";
import { HoldfastError } from "../../values/error.ts";
import { EXIT } from "../../values/error-codes.ts";
import { localTime } from "../../values/local-time.ts";
import { agreedPlanFlag, planAgreement, requireAgreed } from "../agreed-plan.ts";
import { type Call, command } from "../command.ts";
import { type CommonFlags, commonFlags, onFlag, proposeUndoableRuns, switchFlag } from "../flags.ts";
import { machineNamed } from "../machines.ts";
import { confirm, operate } from "../operate.ts";
import { interruptible } from "../signals.ts";

interface Flags extends CommonFlags {
	readonly on?: string;
	readonly noStart: boolean;
	readonly dryRun: boolean;
	readonly yes: boolean;
	readonly agreedPlan?: string;
}

export const undo = command({
	docs: {
		brief: "put back the data that a restore with --keep-old replaced",
		fullDescription:
			"RUN is the id of a restore as `holdfast runs` prints it, the beginning of one (at least 4\ncharacters), or `latest`: the last restore whose old copies are kept.\n\nExamples:\n  holdfast undo latest\n  holdfast undo 2026-11-24T010000Z-k3x9",
	},
	outputs: async () => (await import("../outputs/runs.ts")).RUNNING_OR_PLAN,
	parameters: {
		flags: {
			...commonFlags,
			on: onFlag,
			noStart: switchFlag(
				"do not start units that were not running; units that were running are started again",
			),
			dryRun: switchFlag("print the plan and do nothing"),
			yes: switchFlag("do not ask"),
			agreedPlan: agreedPlanFlag,
		},
		positional: {
			kind: "tuple",
			parameters: [
				{
					brief: "the id of the restore's run",
					placeholder: "RUN",
					parse: (run: string) => run,
					proposeCompletions: proposeUndoableRuns,
					optional: true,
				},
			],
		},
	},
	elsewhere: {
		agreement: () => planAgreement(({ goals }, machine) => questionFor(goals.map(stateOf), `on ${machine}`)),
	},
	async run(call: Call, flags: Flags, wanted?: string) {
		if (wanted === undefined) throw whichRun();
		const { run, restored, all, undone } = knownNow(wanted);
		const found = all.filter((copy) => copy.run === run);
		const strange = found.find((copy) => "fault" in copy);
		if (strange && "fault" in strange)
			throw new HoldfastError(
				"undo-impossible",
				`the old copy of ${strange.state} cannot be put back: ${strange.fault}`,
				{ subject: strange.state, hint: "use the version of Holdfast that kept it; nothing was deleted" },
			);
		if (restored && isForeign(restored))
			throw new HoldfastError("undo-impossible", `run ${run} cannot be undone: ${restored.foreign}`, {
				subject: run,
				hint: `use the version that started it${restored.program === undefined ? "" : `, Holdfast ${restored.program}`}, or a newer one`,
			});
		const kept = found.flatMap((copy) => ("fault" in copy ? [] : [copy]));
		if (!restored || kept.length === 0)
			throw new HoldfastError("run-not-found", whyNone(run, restored, undone), {
				subject: run,
				details: all.map(keptLine),
				hint:
					all.length > 0
						? "old copies are kept of the runs above"
						: wanted === "latest" || (restored && !undone)
							? "to keep a copy: holdfast restore --keep-old 7d …"
							: "list the runs with: holdfast runs",
			});
		requireLast(all, kept);
		requireThere(kept.flatMap(areasOf));
		const plan = planUndo({
			...{ restored, kept, run: newRunId(), areas: privateFolders(), noStart: flags.noStart },
			now: await declaredHere(flags, restored.manifest.machine),
		});
		requireAgreed(plan, flags.agreedPlan);
		if (flags.dryRun) {
			await call.out.result({ kind: "plan", plan });
			return EXIT.done;
		}
		if (!flags.yes) await call.out.preview({ kind: "plan", plan });
		await confirm(
			questionFor(
				kept.map(({ state }) => state),
				`as before run ${run}`,
			),
			flags.yes,
		);
		return operate(plan, call, interruptible(), {
			requireStill(journal) {
				const now = known(journal, wanted);
				if (now.run !== run)
					throw new HoldfastError("undo-impossible", `the last restore is ${now.run} by now, not ${run}`, {
						subject: run,
						hint: "nothing was changed; see both with: holdfast runs",
					});
				requireLast(now.all, kept);
			},
		});
	},
});

const questionFor = (states: readonly string[], how: string) =>
	`Put back ${states.join(", ")} ${how}? Anything written there since is deleted.`;

/** An undo is never guessed: what there is to choose from is shown. */
function whichRun(): HoldfastError {
	const { all } = knownNow("latest");
	return new HoldfastError("usage", "RUN is missing: the restore to undo", {
		details: all.map(keptLine),
		hint:
			all.length > 0
				? "write one of the runs above, or latest: holdfast undo latest"
				: "no restore has kept its old copy; to keep one: holdfast restore --keep-old 7d …",
	});
}

/** The fewest characters of a run's id that name it. */
const FEWEST = 4;

/** `wanted`: a run's id, the beginning of one whose copies are kept, or `latest`. */
function known(journal: Journal, wanted: string) {
	const all = journal.kept();
	const runs = new Set(
		all.map(({ run }) => run).filter((run) => wanted === "latest" || run.startsWith(wanted)),
	);
	if (runs.size > 0 && wanted.length < FEWEST && !runs.has(wanted))
		throw new HoldfastError("usage", `${JSON.stringify(wanted)} is too short to name a run`, {
			subject: wanted,
			details: [...runs],
			hint: `write at least ${FEWEST} characters, or latest`,
		});
	const run = (runs.size === 1 || wanted === "latest" ? [...runs].at(-1) : undefined) ?? wanted;
	return { run, restored: journal.plan(run), all, undone: journal.undoneBy(run) };
}

function knownNow(wanted: string) {
	using journal = Journal.read(places().state);
	return known(journal, wanted);
}

/** The current config of the machine, if there is one. */
async function declaredHere(flags: CommonFlags, machine: string): Promise<Manifest | undefined> {
	const found = await machineNamed(flags, machine, { tolerates: FOR_RESTORE }).catch(() => undefined);
	return found?.isHere ? found.manifest : undefined;
}

/** The private folders in which the old copies are. */
const areasOf = ({ places, databases }: KeptCopy): string[] => [
	...places.map(({ area }) => area),
	...databases.flatMap(({ dump, old }) => (isStoreDump(dump) ? [areaOfOld(old)] : [])),
];

/** If one copy is missing, that must be noticed before the live data are moved aside: afterwards the disk cannot tell. */
function requireThere(areas: readonly string[]): void {
	const lost = areas.find((area) => !isArea(area));
	if (lost === undefined) return;
	throw new HoldfastError("undo-impossible", `the old copy is no longer at ${lost}`, {
		subject: lost,
		hint: "check that its file system is mounted; if the folder was moved, move it back. Nothing was changed",
	});
}

function keptLine(copy: ReturnType<Journal["kept"]>[number]): string {
	const lost = "fault" in copy ? undefined : copy.places.find(({ area }) => !isArea(area));
	const gone = lost === undefined ? "" : `, but it is not at ${lost.area} any more`;
	return `${copy.run}: ${copy.state}, until ${localTime(copy.until)}${gone}`;
}

const article = (operation: string) => `${/^[aeiou]/.test(operation) ? "an" : "a"} ${operation}`;

function whyNone(
	run: string,
	known: Plan | undefined,
	undone: { readonly run: string; readonly ended: string } | undefined,
): string {
	if (undone) return `run ${run} was undone at ${localTime(undone.ended)} by run ${undone.run}`;
	if (run === "latest") return "no restore has kept its old copy";
	if (!known) return `there is no run ${run}`;
	if (known.operation === "restore-as")
		return `run ${run} restored databases as new ones: it replaced nothing, so there is nothing to undo`;
	if (known.operation !== "restore")
		return `run ${run} is not a restore but ${article(known.operation)}: only a restore leaves an old copy`;
	return keep.among(known.steps).length > 0
		? `the old copy of run ${run} no longer exists`
		: `run ${run} kept no old copy`;
}
