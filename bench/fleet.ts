// Many machines at once against one of them. They are simulated: one sshd each, all on this host's processors, which do
// the work of every machine and of all key exchanges. So what a bound means where each machine has processors of its own
// is shown in other ways as well: beside plain ssh to the same machines, with as many machines as there are processors,
// and with stand-ins for ssh that answer what the machines answered, as late as one of them did.
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type SimulatedFleet, simulatedFleet } from "../test/fleet/simulated.ts";
import { comparison } from "./measure.ts";
import { atMost, type Row, shown } from "./row.ts";

const PAIRS = 5;
const WORK_SECONDS = 5;
const CORES = availableParallelism();

export async function fleetBench(scratch: string): Promise<Row[]> {
	const work = `sleep ${WORK_SECONDS}`;
	const few = await onFleet(join(scratch, "few"), CORES, work, async (fleet, first) => [
		atMost(
			`\`create --all\` on ${CORES} machines, as many as this host has cores, ${WORK_SECONDS} s of work on each`,
			"`create` on one of them",
			1.2,
			await inTurn(ours(fleet, "create", "--all"), ours(fleet, "create", first)),
		),
	]);
	const eight = await onFleet(join(scratch, "eight"), 8, work, async (fleet, first) => [
		atMost(
			`\`create --all\` on 8 machines of this host's ${CORES} cores, ${WORK_SECONDS} s of work on each`,
			"`create` on one of them",
			1.2,
			await inTurn(ours(fleet, "create", "--all"), ours(fleet, "create", first)),
		),
		atMost(
			"`create --all` on 8 machines, beside plain ssh",
			"`ssh HOST holdfast create`, all of them at once",
			1.2,
			await inTurn(ours(fleet, "create", "--all"), bySsh(fleet, "create")),
		),
	]);
	const thirty = await onFleet(join(scratch, "thirty"), 30, "true", async (fleet, first) => [
		atMost(
			`\`status --all\` on 30 machines of this host's ${CORES} cores`,
			"`status` on one of them",
			3,
			await inTurn(ours(fleet, "status", "--all"), ours(fleet, "status", first)),
		),
		shown(
			"`ssh HOST true` to 30 machines at once",
			"`ssh HOST true` to one",
			"the row above cannot be below it",
			await inTurn(
				() => fleet.bySsh(() => "true"),
				() => fleet.bySsh(() => "true", 1),
			),
		),
		atMost(
			"`status --all` on 30 machines, beside plain ssh",
			"`ssh HOST holdfast status`, all of them at once",
			1.2,
			await inTurn(ours(fleet, "status", "--all"), bySsh(fleet, "status")),
		),
		await withCoresOfTheirOwn(fleet, first, join(scratch, "answers")),
	]);
	return [...few, ...eight, ...thirty];
}

type Timed = () => ReturnType<SimulatedFleet["holdfast"]>;

const ours =
	(fleet: SimulatedFleet, ...words: string[]): Timed =>
	() =>
		fleet.holdfast(words);

const bySsh =
	(fleet: SimulatedFleet, command: string): Timed =>
	() =>
		fleet.bySsh((name) => `holdfast ${command} --json --config ${fleet.configOf(name)}`);

async function onFleet(
	folder: string,
	count: number,
	hook: string,
	measure: (fleet: SimulatedFleet, first: string) => Promise<Row[]>,
): Promise<Row[]> {
	const fleet = await simulatedFleet(folder, count, hook);
	try {
		// `status` is well only where there is an archive.
		await secondsOf(ours(fleet, "create", "--all"));
		return await measure(fleet, fleet.names[0] ?? "");
	} finally {
		await fleet.close();
	}
}

async function inTurn(one: Timed, other: Timed) {
	const a: number[] = [];
	const b: number[] = [];
	for (let pair = 0; pair < PAIRS; pair++) {
		a.push(await secondsOf(one));
		b.push(await secondsOf(other));
	}
	return comparison(a, b);
}

async function secondsOf(timed: Timed): Promise<number> {
	const { code, stdout, stderr, seconds } = await timed();
	if (code !== 0) throw new Error(stdout + stderr);
	return seconds;
}

/** The first question goes to the machines, and each one's answer is kept; later ones are answered by those. */
const STAND_IN = `#!/bin/sh
for word; do case $word in *@*) host=$word ;; esac; done
answer=$(dirname "$0")/$host
[ -e "$answer" ] || { /usr/bin/ssh "$@" >"$answer.new" && mv "$answer.new" "$answer"; exec cat "$answer"; }
sleep SECONDS
exec cat "$answer"
`;

async function withCoresOfTheirOwn(fleet: SimulatedFleet, first: string, folder: string): Promise<Row> {
	const { seconds } = await fleet.bySsh(
		(name) => `holdfast status --json --config ${fleet.configOf(name)}`,
		1,
	);
	mkdirSync(folder);
	writeFileSync(join(folder, "ssh"), STAND_IN.replace("SECONDS", seconds.toFixed(3)), { mode: 0o755 });
	const ask = (...words: string[]) => ours(fleet.withPrograms(folder), "status", ...words);
	await secondsOf(ask("--all"));
	return atMost(
		`\`status --all\` on 30 machines with cores of their own (stand-ins for ssh, each as late as one machine: ${Math.round(seconds * 1000)} ms)`,
		"`status` on one of them",
		3,
		await inTurn(ask("--all"), ask(first)),
	);
}
