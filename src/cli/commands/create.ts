// holdfast create [MACHINE] [--provider P] [--service S…]
import { join } from "node:path";
import { openDestinations } from "../../engines/registry.ts";
import { isHere } from "../../fleet/select.ts";
import { places } from "../../host/places.ts";
import type { Manifest } from "../../manifest/schema.ts";
import { warningsOn } from "../../manifest/warnings.ts";
import { planBackup } from "../../plan/backup.ts";
import { neverStored } from "../../plan/private-folders.ts";
import { wantsSnapshot } from "../../plan/snapshot-steps.ts";
import { newRunId } from "../../run/run-id.ts";
import type { Plan } from "../../steps/plan.ts";
import { HoldfastError } from "../../values/error.ts";
import { EXIT } from "../../values/error-codes.ts";
import { type Call, command } from "../command.ts";
import {
	type CommonFlags,
	commonFlags,
	type FleetFlags,
	fleetFlags,
	machineWords,
	providerFlag,
	serviceFlag,
	switchFlag,
	waitFlag,
} from "../flags.ts";
import type { FleetCommand } from "../fleet.ts";
import { chosen, providersOf, withStates } from "../machines.ts";
import { operate } from "../operate.ts";
import { interruptible } from "../signals.ts";
import { undeployed } from "../undeployed.ts";

interface Flags extends CommonFlags, FleetFlags {
	readonly provider?: readonly string[];
	readonly service?: readonly string[];
	readonly wait?: number;
	readonly accept: boolean;
	readonly dryRun: boolean;
}

export const create = command({
	docs: {
		brief: "back up the states of machines to all destinations",
		fullDescription:
			"Examples:\n  holdfast create\n  holdfast create web01 --provider borgbackup\n  holdfast create --tag web\n  holdfast create web01 --service notes --dry-run",
	},
	outputs: async () => (await import("../outputs/runs.ts")).RUNNING_OR_PLAN,
	parameters: {
		flags: {
			...commonFlags,
			...fleetFlags,
			provider: { ...providerFlag, variadic: true },
			service: serviceFlag,
			wait: waitFlag,
			accept: switchFlag(
				"accept states even if a folder is no longer a mount point or is much smaller than before",
			),
			dryRun: switchFlag("print the plan and do nothing"),
		},
		positional: machineWords,
	},
	elsewhere: "run",
	isReported: true,
	async run(call: Call, flags: Flags, ...machine: string[]) {
		const { machines, sshConfig } = withStates(await chosen(flags, { machine, takes: call.takes }));
		const [only] = machines;
		if (flags.dryRun) {
			if (machines.length !== 1 || !only)
				throw new HoldfastError("usage", "--dry-run shows the plan of one machine at a time", {
					hint: `name one of: ${machines.map((one) => one.machine).join(", ")}`,
				});
			if (!isHere(only)) return (await import("../elsewhere.ts")).passOn(call, { manifest: only, sshConfig });
			await call.out.result({ kind: "plan", plan: await planFor(only, flags) });
			return EXIT.done;
		}
		const work: FleetCommand = {
			config: flags.config,
			argv: (manifest) => [
				"create",
				manifest.machine,
				...(flags.provider ?? []).flatMap((name) => ["--provider", name]),
				...(flags.service ?? []).flatMap((name) => ["--service", name]),
				...(flags.accept ? ["--accept"] : []),
				...(flags.wait === undefined ? [] : ["--wait", `${flags.wait}s`]),
			],
			here: async (manifest, listener, signal) => {
				const old = undeployed(manifest);
				for (const line of [...(old === undefined ? [] : [old]), ...warningsOn(manifest)])
					call.out.note(`! ${line}`);
				return operate(await planFor(manifest, flags), call, signal, { wait: flags.wait, listener });
			},
		};
		// For this machine alone, no fleet code is loaded.
		if (machines.length === 1 && only && isHere(only))
			return work.here(only, await call.out.run(), interruptible());
		const { runOnAll } = await import("../fleet.ts");
		return runOnAll(machines, sshConfig, flags.parallel, call.out, work, interruptible());
	},
});

async function planFor(manifest: Manifest, flags: Flags): Promise<Plan> {
	const providers = providersOf(manifest, flags.provider);
	const targets = (
		await Promise.all(
			providers.map(async (provider) =>
				(
					await openDestinations(manifest, provider)
				).map(({ name, takesStreams, tellsPassed = false, readsLive = false }) => ({
					provider,
					destination: name,
					streams: takesStreams,
					tellsPassed,
					readsLive,
				})),
			),
		)
	).flat();
	const spool = join(places().state, "dumps");
	const { accept, service: services = [] } = flags;
	const run = newRunId();
	const states = services.length > 0 ? services : Object.keys(manifest.state);
	const areas = neverStored();
	const snapshots = states.some((name) => wantsSnapshot(manifest.state[name]))
		? await (await import("../../plan/snapshots.ts")).surveySnapshots(manifest, states, {
				run,
				areas,
				liveReader: targets.find(({ readsLive }) => readsLive)?.provider,
			})
		: undefined;
	return planBackup({
		...{ manifest, run, services, targets, spool, accept, areas },
		...(snapshots ? { snapshots } : {}),
	});
}
