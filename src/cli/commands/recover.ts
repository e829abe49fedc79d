// holdfast recover: finish or roll back an interrupted run.
import { NO_RUN } from "../../report/result.ts";
import { EXIT } from "../../values/error-codes.ts";
import { type Call, command } from "../command.ts";
import { type CommonFlags, commonFlags, onFlag, proposeUnendedRuns, switchFlag } from "../flags.ts";
import { recoverOnly } from "../operate.ts";

interface RecoverFlags extends CommonFlags {
	readonly on?: string;
	readonly abandon?: string;
	readonly yes: boolean;
}

export const recover = command({
	docs: {
		brief: "finish or roll back interrupted runs",
		fullDescription: [
			"The next create or restore does this before its own work, and a systemd unit does it at boot.",
			"",
			"States of a run that can be neither finished nor rolled back are left out of backups and cannot be restored until the",
			"cause is fixed; other states can. --abandon RUN is the last resort: it reports what the run left behind and where, changes",
			"none of it, and frees its states. If the journal is damaged, or was written by a newer version, no run starts:",
			"--abandon journal sets the entire journal aside.",
		].join("\n"),
	},
	outputs: async () => (await import("../outputs/runs.ts")).RECOVERING,
	parameters: {
		flags: {
			...commonFlags,
			on: onFlag,
			abandon: {
				kind: "parsed",
				parse: (run: string) => run,
				proposeCompletions: proposeUnendedRuns,
				optional: true,
				brief:
					"give up a run by its id, several as A,B, what is left to do in PROVIDER/DESTINATION, or the entire `journal`",
				placeholder: "RUN",
			},
			yes: switchFlag("do not ask"),
		},
		positional: { kind: "tuple", parameters: [] },
	},
	// What a run left behind is shown.
	elsewhere: ({ abandon }) => (abandon === undefined ? "run" : "question"),
	async run(call: Call, flags: RecoverFlags) {
		if (flags.abandon !== undefined)
			return (await import("../abandon.ts")).abandonRun(call.out, flags, flags.abandon);
		const reports = await recoverOnly(call.out);
		if (reports.length === 0) {
			await call.out.result(NO_RUN);
			call.out.note("nothing to recover: every run has ended");
		}
		return EXIT.done;
	},
});
