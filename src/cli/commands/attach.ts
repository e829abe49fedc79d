// holdfast attach [MACHINE]: watch a run that somebody else, or a timer, has started.
import { buildCommand } from "@stricli/core";
import { isHere } from "../../fleet/select.ts";
import { places } from "../../host/places.ts";
import { printMessage } from "../../report/terminal.ts";
import { recorded } from "../../run/event-file.ts";
import { type CommonFlags, chosen, commonFlags, guard, machineWord } from "../flags.ts";
import { attachThere, endOf, remarkTo } from "../fleet.ts";
import { reporter } from "../operate.ts";
import { tell } from "../serve.ts";

export const attach = buildCommand({
	docs: {
		brief: "watch the run that is under way on a machine, or see how the last one went",
		fullDescription:
			"A run goes on though the connection to its machine breaks, and so do those that timers start. Ctrl-C ends\nthe watching only.\n\nExamples:\n  holdfast attach\n  holdfast attach web01",
	},
	parameters: { flags: commonFlags, positional: { kind: "tuple", parameters: [machineWord] } },
	func: (flags: CommonFlags, machine?: string) =>
		guard(flags, async () => {
			const { machines, sshConfig } = await chosen(flags, {
				machine: machine === undefined ? [] : [machine],
			});
			const [manifest] = machines;
			const listener = await reporter(flags);
			let heard = false;
			const hear: typeof listener = (event) => {
				heard = true;
				listener(event);
			};
			// Ctrl-C ends us, and not the run.
			const { signal } = new AbortController();
			const hearing = { signal, leave: signal, listener: hear, remark: remarkTo(flags) };
			const ended =
				manifest && !isHere(manifest)
					? await attachThere({ manifest, sshConfig }, undefined, hearing)
					: await tell(recorded(places().runtime).at(-1), undefined, hear);
			if (!heard && !flags.quiet) printMessage("no run since the boot; see: holdfast runs");
			return endOf(ended);
		}),
});
