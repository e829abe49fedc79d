// holdfast attach [MACHINE]: watch a run that a timer or somebody else has started.
import { isHere } from "../../fleet/select.ts";
import { places } from "../../host/places.ts";
import { NO_RUN } from "../../report/result.ts";
import { recorded } from "../../run/event-file.ts";
import { type Call, command } from "../command.ts";
import { attachThere } from "../connections.ts";
import { type CommonFlags, commonFlags, machineWord } from "../flags.ts";
import { endOf, remarkTo } from "../fleet.ts";
import { chosen } from "../machines.ts";
import { tell } from "../serve.ts";

export const attach = command({
	docs: {
		brief: "watch the run in progress on a machine, or see how the last one ended",
		fullDescription:
			"A run continues if the connection to its machine is lost. Runs started by timers can be watched as well. Ctrl-C only\nstops watching.\n\nExamples:\n  holdfast attach\n  holdfast attach web01",
	},
	outputs: async () => (await import("../outputs/runs.ts")).RUNNING,
	parameters: { flags: commonFlags, positional: { kind: "tuple", parameters: [machineWord] } },
	run: async ({ out, takes }: Call, flags: CommonFlags, machine?: string) => {
		const { machines, sshConfig } = await chosen(flags, {
			machine: machine === undefined ? [] : [machine],
			takes,
		});
		const [manifest] = machines;
		const listener = await out.run();
		let heard = false;
		const hear: typeof listener = (event) => {
			heard = true;
			listener(event);
		};
		// Ctrl-C ends this command, not the run.
		const { signal } = new AbortController();
		const hearing = { signal, leave: signal, listener: hear, remark: remarkTo(out) };
		const ended =
			manifest && !isHere(manifest)
				? await attachThere({ manifest, sshConfig }, undefined, hearing)
				: await tell(recorded(places().runtime).at(-1), undefined, hear);
		if (!heard && !ended.error) {
			await out.result(NO_RUN);
			out.note("no run since the last boot; for older ones, see: holdfast runs");
		}
		return endOf(ended);
	},
});
