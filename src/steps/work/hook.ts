// Run a hook: the user's script or command, with a time limit.
import { describeEnd } from "../../host/exec.ts";
import { argvOf, execAs } from "../../host/user-command.ts";
import { HoldfastError } from "../../values/error.ts";
import type { HookStep } from "../hook.ts";
import type { StepWork } from "../step.ts";

export const hook: StepWork<HookStep> = {
	async run({ spec, state, hook, archive }, { plan, signal, log }) {
		const result = await execAs(spec, argvOf(spec, `${hook}-${state}`), {
			env: {
				...spec.environment,
				HOLDFAST_STATE: state,
				HOLDFAST_RUN: plan.run,
				...(archive ? { NAME: archive.name, FOLDERS: archive.folders.join(":") } : {}),
			},
			timeoutSeconds: spec.timeout,
			signal,
			onStdout: log,
			onStderr: log,
		});
		if (result.leftProcesses) log("it left processes running that kept its output open; they were killed");
		if (result.code === 0 && !result.timedOut) return;
		throw new HoldfastError("hook-failed", `${hook} of ${state} ${describeEnd(result, spec.timeout)}`, {
			subject: `${hook} of ${state}`,
			details: result.stderr.length > 0 ? result.stderr : result.stdout,
			hint: `its output: holdfast runs show ${plan.run}`,
		});
	},
};
