// holdfast recover: on from a run that died.
import { EXIT } from "../../values/error-codes.ts";
import { type Call, command } from "../command.ts";
import { type CommonFlags, commonFlags, onFlag, switchFlag } from "../flags.ts";
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
			"The next create or restore does the same before its own work; a unit does it at boot.",
			"",
			"A run that can never be brought to its end keeps everything else from beginning. --abandon RUN is the last way",
			"out: it says what the run has left where, does nothing with any of it, and lets other work begin. For a journal",
			"that is damaged, or of a newer version, --abandon journal sets the whole journal aside.",
		].join("\n"),
	},
	parameters: {
		flags: {
			...commonFlags,
			on: onFlag,
			abandon: {
				kind: "parsed",
				parse: (run: string) => run,
				optional: true,
				brief: "give up a run, by its id, or the `journal` as a whole",
				placeholder: "RUN",
			},
			yes: switchFlag("do not ask"),
		},
		positional: { kind: "tuple", parameters: [] },
	},
	elsewhere: "run",
	async run(call: Call, flags: RecoverFlags) {
		if (flags.abandon !== undefined)
			return (await import("../abandon.ts")).abandonRun(call.out, flags, flags.abandon);
		const reports = await recoverOnly(call.out);
		if (reports.length === 0) call.out.note("nothing to recover: every run has come to its end");
		return EXIT.done;
	},
});
