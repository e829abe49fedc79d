// holdfast runs, holdfast runs show [ID]
import { places } from "../../host/places.ts";
import { Journal } from "../../run/journal.ts";
import { unfinishedRuns } from "../../run/unfinished-runs.ts";
import { HoldfastError } from "../../values/error.ts";
import { EXIT } from "../../values/error-codes.ts";
import { type Call, command, commandGroup } from "../command.ts";
import { type CommonFlags, commonFlags, onFlag, proposePastRuns } from "../flags.ts";

interface Flags extends CommonFlags {
	readonly on?: string;
}

const listRuns = command({
	docs: { brief: "list past runs with their durations and outcomes" },
	outputs: async () => (await import("../outputs/runs.ts")).RUNS,
	parameters: { flags: { ...commonFlags, on: onFlag }, positional: { kind: "tuple", parameters: [] } },
	async run({ out }: Call, _flags: Flags) {
		const { state, runtime } = places();
		using journal = Journal.read(state);
		const rows = journal.runs(50);
		const died = new Set(
			unfinishedRuns(journal, runtime).flatMap(({ run, isStuck }) => (isStuck ? [] : [run])),
		);
		await out.result({ kind: "runs", rows, died });
		return EXIT.done;
	},
});

const show = command({
	docs: { brief: "show the steps and the log of a run" },
	outputs: async () => (await import("../outputs/runs.ts")).RUN,
	parameters: {
		flags: { ...commonFlags, on: onFlag },
		positional: {
			kind: "tuple",
			parameters: [
				{
					brief: "the run's id, as printed by `holdfast runs`, or `latest`, which is the default",
					placeholder: "ID",
					optional: true,
					parse: (id: string) => id,
					proposeCompletions: proposePastRuns,
				},
			],
		},
	},
	async run({ out }: Call, _flags: Flags, given?: string) {
		const wanted = given ?? "latest";
		using journal = Journal.read(places().state);
		const id = wanted === "latest" ? journal.runs(1)[0]?.id : wanted;
		if (id === undefined)
			throw new HoldfastError("run-not-found", "there has been no run on this machine", { subject: wanted });
		const plan = journal.plan(id);
		if (!plan)
			throw new HoldfastError("run-not-found", `there is no run ${id}`, {
				subject: id,
				hint: "list the runs with: holdfast runs",
			});
		const { outcome = null, summary } = journal.row(id) ?? {};
		await out.result({
			...{ kind: "run", plan, outcome, entries: journal.entries(id), lines: journal.lines(id) },
			failures: (summary?.failures ?? []).map(({ scope, error }) => ({ scope, message: error.message })),
		});
		return EXIT.done;
	},
});

export const runs = commandGroup({
	routes: { list: listRuns, show },
	defaultCommand: "list",
	docs: { brief: "past runs" },
});
