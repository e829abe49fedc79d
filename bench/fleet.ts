// Many machines at once against one of them. They are simulated: one sshd each, all on this host's processors.
import { join } from "node:path";
import { simulatedFleet } from "../test/fleet/simulated.ts";
import { comparison } from "./measure.ts";
import { atMost, type Row } from "./row.ts";

const PAIRS = 5;
const WORK_SECONDS = 5;

export async function fleetBench(scratch: string): Promise<Row[]> {
	const eight = await paired(join(scratch, "eight"), 8, `sleep ${WORK_SECONDS}`, "create", 1.2);
	const thirty = await paired(join(scratch, "thirty"), 30, "true", "status", 3);
	return [eight, thirty, await besidePlainSsh(join(scratch, "plain"), 30)];
}

/**
 * Thirty machines have processors of their own; here two must do the work of all. What is ours alone shows against the
 * same question, asked of all at once by plain ssh.
 */
async function besidePlainSsh(folder: string, count: number): Promise<Row> {
	const fleet = await simulatedFleet(folder, count, "true");
	try {
		const seconds = async (answer: ReturnType<typeof fleet.holdfast>) => {
			const { code, stdout, stderr, seconds } = await answer;
			if (code !== 0 || stdout.split("notes").length <= count) throw new Error(stdout + stderr);
			return seconds;
		};
		const { code, stderr } = await fleet.holdfast(["create", "--all"]);
		if (code !== 0) throw new Error(stderr);
		const ours: number[] = [];
		const theirs: number[] = [];
		for (let pair = 0; pair < PAIRS; pair++) {
			ours.push(await seconds(fleet.holdfast(["status", "--all"])));
			theirs.push(
				await seconds(fleet.bySsh((name) => `holdfast status --json --config ${fleet.configOf(name)}`)),
			);
		}
		return atMost(
			`\`status --all\` on ${count} machines, beside plain ssh`,
			"`ssh HOST holdfast status`, all of them at once",
			1.2,
			comparison(ours, theirs),
		);
	} finally {
		await fleet.close();
	}
}

async function paired(
	folder: string,
	count: number,
	hook: string,
	command: string,
	bound: number,
): Promise<Row> {
	const fleet = await simulatedFleet(folder, count, hook);
	const [first = ""] = fleet.names;
	try {
		const seconds = async (...words: string[]) => {
			const { code, stderr, seconds } = await fleet.holdfast(words);
			if (code !== 0) throw new Error(stderr);
			return seconds;
		};
		// `status` is well only where there is an archive.
		await seconds("create", "--all");
		const all: number[] = [];
		const one: number[] = [];
		for (let pair = 0; pair < PAIRS; pair++) {
			all.push(await seconds(command, "--all"));
			one.push(await seconds(command, first));
		}
		const work = hook === "true" ? "" : `, ${WORK_SECONDS} s of work on each`;
		return atMost(
			`\`${command} --all\` on ${count} machines of this host's two cores${work}`,
			`\`${command}\` on one of them`,
			bound,
			comparison(all, one),
		);
	} finally {
		await fleet.close();
	}
}
