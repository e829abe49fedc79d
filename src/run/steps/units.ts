// Stop units, and start again just those that ran.
import { isUp, startUnit, stopUnit, unitLabel, unitStatus } from "../../host/systemd.ts";
import { HoldfastError } from "../../manifest/error.ts";
import type { Unit } from "../../manifest/schema.ts";
import type { StepWork, UnitsStartStep, UnitsStopStep } from "../step.ts";

/** The note of a `units-stop` step: the units that were up when it began. */
interface Stopped {
	readonly wasUp: readonly Unit[];
}

export const unitsStop: StepWork<UnitsStopStep> = {
	async run({ units }, { note, signal }) {
		const wasUp: Unit[] = [];
		for (const unit of units) {
			const status = await unitStatus(unit);
			if (status.load === "not-found")
				throw new HoldfastError("failed", `there is no unit ${unitLabel(unit)} on this machine`, {
					hint: "mend its name in the config; systemctl list-unit-files shows those there are",
				});
			if (isUp(status)) wasUp.push(unit);
		}
		note({ wasUp } satisfies Stopped);
		for (const unit of wasUp) await stopUnit(unit, signal);
	},
	async undo(step, { noteOf }) {
		await startAgain(noteOf(step.id));
	},
};

export const unitsStart: StepWork<UnitsStartStep> = {
	async run({ stopped }, { noteOf, signal }) {
		await startAgain(noteOf(stopped), signal);
	},
};

/** Last stopped, first started. Every unit is tried, whatever another does. */
async function startAgain(note: unknown, signal?: AbortSignal): Promise<void> {
	const faults: unknown[] = [];
	for (const unit of [...((note as Stopped | undefined)?.wasUp ?? [])].reverse()) {
		try {
			if (!isUp(await unitStatus(unit))) await startUnit(unit, signal);
		} catch (fault) {
			faults.push(fault);
		}
	}
	if (faults.length > 0) throw faults[0];
}
