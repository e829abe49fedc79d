// Crash one command at one point, in one of three ways, recover, and check the result.
import type { Machine } from "../machine/machine.ts";
import { ENV, makeReady, makeRoom, verdict } from "./live.ts";
import type { Scenario } from "./scenario.ts";

/** The process is killed; the machine is killed; the power fails, and everything that was not synced is lost. */
export const FAULTS = ["process", "machine", "power"] as const;
export type Fault = (typeof FAULTS)[number];

const HOLDFAST = "/opt/holdfast/bin/holdfast";

/** Every point that the command passes, in order: `STEP#POINT`. */
export async function pointsOf(web01: Machine, scenario: Scenario): Promise<string[]> {
	const command = await makeReady(web01, scenario);
	const { code, stderr } = await web01.run(command, {
		env: { ...ENV, HOLDFAST_FAULT: "trace" },
	});
	if ((code !== 0) !== (scenario.fails ?? false))
		throw new Error(`${scenario.name}: exit code ${code}\n${stderr}`);
	const points = stderr.split("\n").flatMap((line) => /^fault-point (.+)$/.exec(line)?.[1] ?? []);
	return [...new Set(points)];
}

export interface Outcome {
	readonly point: string;
	readonly fault: Fault | "full disk" | "hangup";
	/** `old`, `newer`, or what is wrong. */
	readonly end: string;
	readonly held: boolean;
}

export async function crash(
	web01: Machine,
	scenario: Scenario,
	point: string,
	fault: Fault,
): Promise<Outcome> {
	const command = await makeReady(web01, scenario);
	const env = { ...ENV, HOLDFAST_FAULT: `${fault === "process" ? "kill" : "stop"}@${point}` };
	const dying = web01.run(command, { env });
	if (fault === "process") {
		const { stderr } = await dying;
		if (!stderr.includes(`fault-here ${point}`)) throw new Error(`${point} was not reached:\n${stderr}`);
		await web01.run([HOLDFAST, "recover", "--quiet"], { env: ENV });
	} else {
		await stopped(web01);
		await (fault === "machine" ? web01.powerOff() : web01.cutPower());
		await dying;
		// The unit at boot recovers.
		await web01.boot();
	}
	const end = await verdict(web01, scenario);
	return { point, fault, end, held: isHeld(scenario, end) };
}

/** Much longer than a restore here takes. */
const HELP_MS = 20_000;

/**
 * From this point until the command ends, the disk with the data, the archives and the journal is full. MariaDB and
 * MySQL, and the command with them, wait until somebody frees space.
 */
export async function fillDisk(web01: Machine, scenario: Scenario, point: string): Promise<Outcome> {
	const command = await makeReady(web01, scenario);
	const fill = "cat /dev/zero >/disk/ballast; cat /dev/zero >/disk/ballast2";
	const env = { ...ENV, HOLDFAST_FAULT: `run@${point}`, HOLDFAST_FAULT_COMMAND: fill };
	let helped: Promise<void> | undefined;
	const help = setTimeout(() => {
		helped = makeRoom(web01, scenario);
	}, HELP_MS);
	const { stderr } = await web01.run(command, { env });
	clearTimeout(help);
	if (!stderr.includes(`fault-here ${point}`)) throw new Error(`${point} was not reached:\n${stderr}`);
	await helped;
	// Also if there was help: on a busy machine the disk may not have been full by then.
	await makeRoom(web01, scenario);
	await web01.run([HOLDFAST, "recover", "--quiet"], { env: ENV });
	const end = await verdict(web01, scenario);
	return { point, fault: "full disk", end, held: isHeld(scenario, end) };
}

function isHeld({ mayEnd }: Scenario, end: string): boolean {
	return end.split(" and ").every((one) => (mayEnd as readonly string[]).includes(one));
}

/** The command gets a SIGINT at this point: it undoes what it began, or finishes what it had committed. */
export async function interrupt(
	web01: Machine,
	scenario: Scenario,
	point: string,
): Promise<{ code: number; end: string }> {
	const command = await makeReady(web01, scenario);
	const env = { ...ENV, HOLDFAST_FAULT: `interrupt@${point}` };
	const { code } = await web01.run(command, { env });
	return { code, end: await verdict(web01, scenario) };
}

/** The result of the command when nothing interferes. */
export const usualEnd = ({ fails, mayEnd, ends }: Scenario) => ({
	code: fails ? 1 : 0,
	end: ends ?? (mayEnd.includes("old") ? "old" : "newer"),
});

/** Nobody reads the output, and the terminal goes away at this point: the command still runs to its end. */
export async function hangUp(web01: Machine, scenario: Scenario, point: string): Promise<Outcome> {
	const command = await makeReady(web01, scenario);
	const unheard = ["bash", "-c", 'exec "$@" > >(exec true) 2>&1', "bash"];
	const env = { ...ENV, HOLDFAST_FAULT: `hangup@${point}` };
	const { code } = await web01.run([...unheard, ...command], { env });
	const end = await verdict(web01, scenario);
	const usual = usualEnd(scenario);
	const held = code === usual.code && end === usual.end;
	return { point, fault: "hangup", end: held ? end : `exit code ${code}, ${end}`, held };
}

/** Crash the recovery from the first crash at every point (or each `nth`), and recover again. */
export async function crashRecovery(
	web01: Machine,
	scenario: Scenario,
	point: string,
	nth = 1,
): Promise<Outcome[]> {
	const kill = async (fault: string) => {
		const command = await makeReady(web01, scenario);
		await web01.run(command, { env: { ...ENV, HOLDFAST_FAULT: `kill@${fault}` } });
	};
	await kill(point);
	const traced = await web01.run([HOLDFAST, "recover", "--quiet"], {
		env: { ...ENV, HOLDFAST_FAULT: "trace" },
	});
	// The commands that must still work do, and leave nothing behind.
	await verdict(web01, scenario);
	const points = [
		...new Set(traced.stderr.split("\n").flatMap((line) => /^fault-point (.+)$/.exec(line)?.[1] ?? [])),
	];
	const outcomes: Outcome[] = [];
	for (const second of points.filter((_, index) => index % nth === 0)) {
		await kill(point);
		await web01.run([HOLDFAST, "recover", "--quiet"], { env: { ...ENV, HOLDFAST_FAULT: `kill@${second}` } });
		await web01.run([HOLDFAST, "recover", "--quiet"], { env: ENV });
		const end = await verdict(web01, scenario);
		outcomes.push({
			point: `${point}, then ${second}`,
			fault: "process",
			end,
			held: isHeld(scenario, end),
		});
	}
	return outcomes;
}

/** Wait until the command is stopped: state T in proc(5). */
async function stopped(web01: Machine): Promise<void> {
	await web01.sh(`
		for n in $(seq 600); do
			for stat in /proc/[0-9]*/stat; do
				read -r line <"$stat" 2>/dev/null || continue
				case $line in *"(node"*") T "*|*"(MainThread) T "*) exit 0 ;; esac
			done
			sleep 0.05
		done
		exit 1
	`);
}
