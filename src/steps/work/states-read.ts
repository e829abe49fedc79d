// Wait until the units that are down for a backup may start again.
import { setTimeout } from "node:timers/promises";
import { type ArchiveCreateStep, archiveCreate } from "../archive-create.ts";
import type { StatesReadStep } from "../states-read.ts";
import type { StepWork } from "../step.ts";
import { endReading, readingOf } from "./reading.ts";
import { areDown } from "./units-start.ts";

const POLL_MS = 50;

export const statesRead: StepWork<StatesReadStep> = {
	/** With snapshots, they may have been started already. */
	isDue: ({ stops }, context) => stops.some((stop) => areDown(stop, context)),
	async run(step, { plan, signal, isDone, failureOf }) {
		const reading = readingOf(plan);
		const writes = archiveCreate.among(plan.steps).filter(({ id }) => step.by.includes(id));
		const isPast = ({ id, scope }: ArchiveCreateStep) =>
			reading.past.has(id) || isDone(id) || failureOf(scope) !== undefined;
		while (!writes.every(isPast)) await setTimeout(POLL_MS, undefined, { signal });
		endReading(step, plan);
		return undefined;
	},
};
