// holdfast status [MACHINE…]: is every state backed up as configured?

import { setTimeout as pause } from "node:timers/promises";
import * as v from "valibot";
import { FOR_STATUS } from "../../config/tolerance.ts";
import { allDestinations } from "../../engines/registry.ts";
import { isHere } from "../../fleet/select.ts";
import { type Job, jobsOf } from "../../fleet/units.ts";
import { places } from "../../host/places.ts";
import { type TimerStatus, timersOf } from "../../host/timers.ts";
import type { Manifest } from "../../manifest/schema.ts";
import { manifestSchema } from "../../manifest/schema.ts";
import { keptForEver } from "../../manifest/warnings.ts";
import type { Standing } from "../../report/result.ts";
import { clearScreen } from "../../report/terminal.ts";
import { duration } from "../../report/text/units.ts";
import { Journal } from "../../run/journal.ts";
import { lockHolder } from "../../run/lock.ts";
import { type MachineStatus, statusOf } from "../../run/status.ts";
import { unfinishedRuns } from "../../run/unfinished-runs.ts";
import { unsentOf } from "../../run/unsent.ts";
import { EXIT } from "../../values/error-codes.ts";
import { localTime } from "../../values/local-time.ts";
import { seriesOf } from "../../values/series.ts";
import { type Call, command } from "../command.ts";
import type { Connections } from "../connections.ts";
import {
	type CommonFlags,
	commonFlags,
	type FleetFlags,
	fleetFlags,
	machineWords,
	switchFlag,
} from "../flags.ts";
import type { Answers } from "../fleet.ts";
import { chosen } from "../machines.ts";
import { interruptible } from "../signals.ts";
import { deployedAs, deployedHere, undeployed } from "../undeployed.ts";

interface Flags extends CommonFlags, FleetFlags {
	readonly watch: boolean;
}

const LOOK_AGAIN_MS = 5_000;

export const status = command({
	docs: {
		brief: "show whether every state has a recent good archive, and whether the last runs succeeded",
		fullDescription: [
			"Reads each machine's own records and connects to no destination, so it is quick. A failed prune, check or timer counts",
			"as much as a failed backup, and so does a schedule in the config that no timer follows. Lines with ! are advice, and not",
			"counted: no timer is set up, or archives are kept for ever because there is no retention.",
			"Exit code 0: no problems; 1: there are problems; 3: a machine could not be reached.",
			"",
			"Examples:",
			"  holdfast status",
			"  holdfast status --all --watch",
		].join("\n"),
	},
	outputs: async () => (await import("../outputs/machines.ts")).STANDING,
	parameters: {
		flags: {
			...commonFlags,
			...fleetFlags,
			watch: switchFlag("repeat every five seconds, until Ctrl-C"),
		},
		positional: machineWords,
	},
	run: async ({ out, takes }: Call, flags: Flags, ...machine: string[]) => {
		const refused = new Map<string, readonly string[]>();
		const { machines: all, sshConfig } = await chosen(flags, {
			...{ machine, takes, tolerates: FOR_STATUS },
			tolerated: (name, lines) => refused.set(name, lines),
		});
		const told = all.filter((one) => !one.stateless || machine.includes(one.machine));
		const machines = told.length > 0 ? told : all;
		const signal = interruptible();
		const once = async (connections?: Connections) => {
			using standings = await look(machines, (asked) =>
				askAbout(asked, sshConfig, flags, signal, connections),
			);
			const known = standings.all.flatMap(({ answer }) => answer ?? []);
			const shown = seriesOf(known, (answer) => withRefused(answer(), refused));
			if (flags.watch) clearScreen();
			await out.result({
				kind: "status",
				machines: shown,
				isOfOne: all.length === 1,
				repeats: flags.watch,
			});
			if (known.length < standings.all.length) return EXIT.partial;
			return shown[Symbol.iterator]().some(({ problems }) => problems.length > 0) ? EXIT.failed : EXIT.done;
		};
		return flags.watch ? again(once, signal) : once();
	},
});

/** The records know nothing of mistakes in the config that a look at them does not need. */
const withRefused = (standing: Standing, refused: ReadonlyMap<string, readonly string[]>): Standing => ({
	...standing,
	problems: [
		...(refused.get(standing.machine) ?? []).map(
			(fault) =>
				`the next \`holdfast create\` will be refused, and \`check\` and \`prune\` too, because of a mistake in the config: ${fault}`,
		),
		...standing.problems,
	],
});

/** Until an abort, over connections that stay open; returns the exit code of the last check. */
async function again(
	once: (connections: Connections) => Promise<number>,
	signal: AbortSignal,
): Promise<number> {
	const connections = new (await import("../connections.ts")).Connections();
	try {
		for (;;) {
			const code = await once(connections);
			if (!signal.aborted) await pause(LOOK_AGAIN_MS, undefined, { signal }).catch(() => {});
			if (signal.aborted) return code;
		}
	} finally {
		await connections.close();
	}
}

/** A machine of which nothing has to be backed up is not asked: nothing is installed on it, perhaps. */
async function look(
	machines: readonly Manifest[],
	ask: (some: readonly Manifest[]) => Promise<Answers<Standing>>,
): Promise<Answers<Standing>> {
	const asked = machines.filter(({ stateless }) => !stateless);
	if (asked.length === machines.length) return ask(asked);
	const answers = asked.length === 0 ? NOBODY : await ask(asked);
	const all = machines.flatMap((one) =>
		one.stateless
			? { machine: one.machine, answer: () => withoutState(one) }
			: answers.all.filter(({ machine }) => machine === one.machine),
	);
	return { all, [Symbol.dispose]: () => answers[Symbol.dispose]() };
}

const NOBODY: Answers<Standing> = { all: [], [Symbol.dispose]() {} };

/** Of a machine of which nothing has to be backed up. */
function withoutState({ machine }: Manifest): Standing {
	const time = new Date().toISOString();
	return { machine, time, isStateless: true, archives: [], runs: [], problems: [], timers: [] };
}

async function askAbout(
	machines: readonly Manifest[],
	sshConfig: string | undefined,
	flags: Flags,
	signal: AbortSignal,
	connections?: Connections,
): Promise<Answers<Standing>> {
	const [only] = machines;
	if (machines.length === 1 && only && isHere(only)) {
		const standing = await standingHere(only);
		return { all: [{ machine: only.machine, answer: () => standing }], [Symbol.dispose]() {} };
	}
	const command = {
		argv: ({ machine }: Manifest) => ["status", machine, "--json"],
		schema: (await import("../../fleet/answers.ts")).standingSchema,
		here: standingHere,
	};
	const { askAll } = await import("../fleet.ts");
	return askAll<Standing>(machines, sshConfig, flags.parallel, signal, command, connections);
}

function deployedManifest(manifest: Manifest): Manifest | undefined {
	const parsed = v.safeParse(manifestSchema, deployedHere(manifest));
	return parsed.success ? parsed.output : undefined;
}

/** What timers may start on this machine, by its config and as it was deployed. */
export const jobsHere = (manifest: Manifest, deployed = deployedManifest(manifest)): Job[] =>
	[manifest, ...(deployed ? [deployed] : [])].flatMap(jobsOf);

/** Of this machine, by its own records. */
export async function standingHere(manifest: Manifest): Promise<Standing> {
	if (manifest.stateless) return withoutState(manifest);
	const { state, runtime } = places();
	using journal = Journal.read(state);
	const deployed = deployedManifest(manifest);
	// Units of the same names may be another machine's.
	const isOther = deployedAs(manifest) !== undefined;
	const jobs = isOther ? [] : jobsHere(manifest, deployed);
	const [destinations, answer] = await Promise.all([
		allDestinations(manifest),
		timersOf([...new Set(jobs.map(({ name }) => name))]),
	]);
	const timers = answer ?? [];
	const died = unfinishedRuns(journal, runtime);
	const standing = statusOf(manifest, destinations, journal, {
		died,
		unsent: unsentOf(state, manifest.machine),
	});
	// A run that was killed has not updated the metrics. One that is still in progress will.
	if (manifest.metricsFile !== undefined && lockHolder(runtime) === undefined)
		await (await import("../../report/metrics.ts")).writeMetrics(manifest, journal, { died }).catch(() => {});
	const now = lockHolder(runtime)?.doing;
	const old = undeployed(manifest);
	const none = answer?.length === 0 && deployed === undefined && !isOther ? withoutTimer(manifest) : NO_LINE;
	const advice = [...none.advice, ...keptForEver(manifest)];
	return {
		...standing,
		timers,
		...(now === undefined ? {} : { now }),
		...(advice.length === 0 ? {} : { advice }),
		problems: [
			...standing.problems,
			...(old === undefined ? [] : [old]),
			...none.problems,
			...(answer === undefined ? [] : missingTimers(deployed, answer)),
			...timers.flatMap(timerProblems),
			...timers.flatMap((timer) =>
				tooSeldom(timer, jobs.find(({ name }) => name === timer.name)?.writes ?? [], standing),
			),
			// A unit that failed before its run began is not in our journal.
			...timers
				.filter(({ failed }) => failed !== undefined)
				.map(
					({ name, failed }) => `holdfast-${name}.service failed: ${failed} (journalctl -u holdfast-${name})`,
				),
		],
	};
}

/**
 * Nothing was deployed and there is no timer. Some back up by hand or from a job of their own, so it is a problem only if the
 * config itself says when to back up; archives that are too old are one in any case.
 */
function withoutTimer(manifest: Manifest): Pick<Standing, "problems"> & { advice: string[] } {
	if (!jobsOf(manifest).some(({ writes }) => writes !== undefined)) return NO_LINE;
	const times = [manifest.schedule?.create, ...Object.values(manifest.providers).map((one) => one.schedule)];
	const says = (but: string) => [
		`no timer is set up, so nothing is backed up by itself${but}: holdfast deploy ${manifest.machine}`,
	];
	return times.some((time) => time !== undefined && time !== false)
		? { problems: says(", though the config says when"), advice: [] }
		: { problems: [], advice: says("") };
}
const NO_LINE = { problems: [], advice: [] };

/** Timers that were deployed but that systemd does not have. */
function missingTimers(deployed: Manifest | undefined, known: readonly TimerStatus[]): string[] {
	if (deployed === undefined) return [];
	return jobsOf(deployed)
		.filter((job) => !known.some(({ name }) => name === job.name))
		.map(
			({ name }) =>
				`holdfast-${name}.timer is missing, so nothing runs on that schedule (holdfast deploy ${deployed.machine})`,
		);
}

/** With a drop-in, for example, a timer may run less often than a state must be backed up. */
function tooSeldom(
	{ name, next }: TimerStatus,
	writes: readonly string[],
	{ archives, time }: MachineStatus,
): string[] {
	const [first] = archives
		.filter(({ destination }) => writes.some((provider) => destination.startsWith(`${provider}/`)))
		.sort((a, b) => a.maxAgeSeconds - b.maxAgeSeconds);
	if (next === undefined || first === undefined) return [];
	if (Date.parse(next) <= Date.parse(time) + first.maxAgeSeconds * 1000) return [];
	return [
		`holdfast-${name}.timer runs next at ${localTime(next)}, and a good archive of ${first.state} is expected every ${duration(first.maxAgeSeconds)}: check its OnCalendar (${SYSTEMCTL} cat holdfast-${name}.timer), or change \`maxAge\``,
	];
}

const SYSTEMCTL = process.getuid?.() === 0 ? "systemctl" : "systemctl --user";

function timerProblems({ name, isActive, isEnabled, isOver }: TimerStatus): string[] {
	const timer = `holdfast-${name}.timer`;
	if (!isActive) return [`${timer} is not running (${SYSTEMCTL} enable --now ${timer})`];
	return [
		...(isEnabled ? [] : [`${timer} will not be started at the next boot (${SYSTEMCTL} enable ${timer})`]),
		...(isOver ? [`${timer} will never run: check its OnCalendar (${SYSTEMCTL} cat ${timer})`] : []),
	];
}
