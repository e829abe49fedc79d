// holdfast notify: send a notification to the config's services. Units call it when a service of ours failed silently.
import { exec } from "../../host/exec.ts";
import { places } from "../../host/places.ts";
import { ownManager } from "../../host/systemd.ts";
import { type NotifiedRun, notify as tell } from "../../report/notify.ts";
import { printMessage } from "../../report/terminal.ts";
import { Journal } from "../../run/journal.ts";
import { EXIT } from "../../values/error-codes.ts";
import { type MachineCall, machineCommand } from "../command.ts";
import { type CommonFlags, commonFlags, machineWord, valueFlag } from "../flags.ts";

interface Flags extends CommonFlags {
	readonly unit?: string;
}

export const notify = machineCommand({
	docs: {
		brief: "send a test message to the config's `notify` services, or report a failed unit",
		fullDescription:
			"Without --unit a test message is sent.\n\nExamples:\n  holdfast notify\n  holdfast notify --unit holdfast-create.service",
	},
	outputs: async () => (await import("../outputs/machines.ts")).NOTIFIED,
	parameters: {
		flags: { ...commonFlags, unit: valueFlag("the failed Holdfast service", "UNIT") },
		positional: { kind: "tuple", parameters: [machineWord] },
	},
	machine: (_flags, [machine]) => machine,
	needsNoArchives: true,
	async run({ out, manifest }: MachineCall, flags: Flags, _machine?: string) {
		const faults: string[] = [];
		const remark = (line: string) => faults.push(line);
		const { unit } = flags;
		const answer = (notified: readonly string[]) =>
			out.result({ kind: "answer", value: { notified, faults }, text: [] });
		if (unit !== undefined && (await wasTold(unit, manifest.machine))) {
			await answer([]);
			return EXIT.done;
		}
		const about: NotifiedRun =
			unit === undefined ? { event: "trial", operation: "notify", run: "-" } : await failureOf(unit);
		const notified = await tell(manifest, about, remark);
		await answer(notified);
		printMessage(faults.map((line) => `! ${line}`));
		if (unit === undefined && notified.length > 0) out.note(`notified ${notified.join(", ")}`);
		if ((manifest.notify ?? []).length === 0) out.note("the config has no `notify` services");
		return faults.length > 0 ? EXIT.failed : EXIT.done;
	},
});

async function failureOf(unit: string): Promise<NotifiedRun> {
	const error = { message: `${unit} failed before it could send a report` };
	return {
		event: "failure",
		operation: operationOf(unit),
		run: "-",
		report: { outcome: "failed", seconds: 0, failures: [{ scope: unit, error }] },
		log: await lastLines(unit),
	};
}

const operationOf = (unit: string) => /^holdfast-(create|prune|check)/.exec(unit)?.[1] ?? unit;

/** A run that ended since the unit was started has sent its own notification. */
async function wasTold(unit: string, machine: string): Promise<boolean> {
	const { stdout } = await exec([
		"systemctl",
		...ownManager(),
		"show",
		"--value",
		"--property=ExecMainStartTimestamp",
		"--timestamp=unix",
		"--",
		unit,
	]);
	const started = Number((stdout[0] ?? "").replace("@", "")) * 1000;
	using journal = Journal.read(places().state);
	const run = journal.lastRun(machine, operationOf(unit));
	// A run that another process finished has sent none.
	if (!run || run.ended === null || run.outcome === "recovered") return false;
	return Boolean(started) && Date.parse(run.started) >= started;
}

async function lastLines(unit: string): Promise<readonly string[]> {
	const { stdout } = await exec([
		"journalctl",
		...ownManager(),
		"-u",
		unit,
		"-n",
		"30",
		"--no-pager",
		"-o",
		"cat",
	]);
	return stdout;
}
