// holdfast undeploy [MACHINE…]: remove Holdfast.
import { ownProgramOn } from "../../fleet/own-program.ts";
import { type Place, startOf } from "../../fleet/place.ts";
import { script, textOf } from "../../fleet/target.ts";
import type { Reporter } from "../../report/reporter.ts";
import { EXIT } from "../../values/error-codes.ts";
import { type Call, command } from "../command.ts";
import { machineWords } from "../flags.ts";
import { chosen } from "../machines.ts";
import { confirm } from "../operate.ts";
import {
	onEach,
	type RolloutFlags,
	type Run,
	recordIn,
	requireSameMachine,
	rolloutFlags,
	tellChanges,
} from "../rollout.ts";

export const undeploy = command({
	docs: {
		brief: "remove Holdfast and its timers from a machine; archives, secrets and the journal stay",
		fullDescription: "Examples:\n  holdfast undeploy web01 --dry-run\n  holdfast undeploy web01",
	},
	outputs: async () => (await import("../outputs/machines.ts")).CHANGING,
	parameters: { flags: rolloutFlags, positional: machineWords },
	async run(call: Call, flags: RolloutFlags, ...machine: string[]) {
		const selected = await chosen(flags, { machine, takes: call.takes, countsStateless: true });
		return onEach(selected, call, (_, place, run) => undeployFrom(place, run, flags, call.out));
	},
});

/** As run/arrivals.ts does it where Holdfast is installed. */
const REMOVE_ARRIVALS = `
for one in "$1"/*; do
	for cwd in /proc/[0-9]*/cwd; do if [ "$(readlink "$cwd")" = "$one" ]; then continue 2; fi; done
	rm -rf -- "$one"
done
`;

async function undeployFrom(place: Place, run: Run, flags: RolloutFlags, out: Reporter): Promise<number> {
	const { target, layout } = place;
	const installed = recordIn(await textOf(target, layout.installed), place);
	if (!installed) {
		// A first deploy that was killed may have left what had arrived.
		if (!flags.dryRun) await script(target, REMOVE_ARRIVALS, [layout.arrivals]);
		await tellChanges(out, target.machine, []);
		out.say(`nothing was deployed to ${target.machine}`);
		return EXIT.done;
	}
	await requireSameMachine(place);
	const { files, timers, atBoot } = installed;
	const { own, isKept } = await ownProgramOn(place);
	const isOwn = own !== undefined;
	const going = files.filter(({ path, stays }) => !stays && !(isOwn && path === layout.program));
	const staying = files.filter(({ stays }) => stays);
	const changes = [
		...[...timers, ...atBoot].map((unit) => `- ${unit} (stopped, disabled)`),
		...going.map(({ path }) => `- ${path}`),
		`- ${layout.cache}`,
		...(isOwn ? [`  ${layout.program} is your own${own}: it stays`] : []),
		...(isKept && !isOwn ? [`  ${layout.program}: your own from before the deploy is put back`] : []),
		...staying.map(({ path }) => `  ${path} stays, because it is needed to read archives`),
	];
	out.say(changes);
	await tellChanges(out, target.machine, changes);
	if (flags.dryRun) return EXIT.done;
	await confirm(`Apply these changes to ${target.machine}?`, flags.yes, `this changes ${target.machine}`);
	// As a deploy lists them (fleet/deployment.ts).
	const [runtime, bundle] = files;
	const program = isOwn && runtime && bundle ? startOf(runtime.path, bundle.path) : [layout.program];
	return run(program, ["__uninstall", layout.installed]);
}
