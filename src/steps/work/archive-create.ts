// Write one archive to one destination: the states that have not failed, without those whose dump fails in the meantime.
import { rm } from "node:fs/promises";
import type { Destination, Work } from "../../engines/destination.ts";
import { isWithoutRoom } from "../../engines/metadata.ts";
import { openDestination } from "../../engines/registry.ts";
import { HoldfastError } from "../../values/error.ts";
import { recordOf } from "../../values/record.ts";
import type { ArchiveCreateStep, Begun } from "../archive-create.ts";
import type { StepContext } from "../context.ts";
import type { StepWork } from "../step.ts";
import { unlessAbsent } from "./absent.ts";
import { spoolOf, writeArchive } from "./archive-write.ts";
import { longest } from "./described.ts";
import { statesToStore } from "./states-to-store.ts";

export const archiveCreate: StepWork<ArchiveCreateStep, Begun> = {
	async run(step, context) {
		// If a dump fails while the engine reads it, only its state is left out of the archive.
		for (;;) {
			const broken = new Map<string, Error>();
			try {
				return await unlessAbsent(() =>
					writeArchive(step, context, (scope, error) => broken.set(scope, error)),
				);
			} catch (error) {
				context.signal.throwIfAborted();
				if (isWithoutRoom(error) && leaveOutLongest(step, context, error)) continue;
				if (broken.size === 0) throw error;
				for (const [scope, fault] of broken) context.failScope(scope, fault);
				context.log("a dump failed: the archive is written again, without its state");
			}
		}
	},
	async undo(step, context) {
		await rm(spoolOf(step), { recursive: true, force: true });
		const note = context.noted();
		if (context.completed || note?.refused) return;
		const destination = await openDestination(context.plan.manifest, step.provider, step.destination);
		// A disk that is gone must not block every later run.
		await destination.discardPartial?.(step.archive, context).catch((error: Error) => {
			context.log(`the remains in ${destination.location} could not be removed: ${error.message}`);
		});
		if (note === undefined || note.seen) return;
		await doubtUnseen(destination, step, context.plan.run, context).catch((error: Error) => {
			context.log(
				`it is not known whether ${destination.location} contains ${step.archive}; this is checked before the next run: ${error.message}`,
			);
			context.leave();
		});
	},
	/** The same question, when the destination could not be reached during the recovery. */
	async later(step, context) {
		const destination = await openDestination(context.manifest(), step.provider, step.destination);
		await doubtUnseen(destination, step, context.run, context);
	},
};

/** The engine listed the archive as complete, but nobody has examined the engine's warnings. */
async function doubtUnseen(
	destination: Destination,
	{ archive }: ArchiveCreateStep,
	run: string,
	work: Work,
) {
	if (destination.writeMetadata === undefined) return;
	const listed = await destination.list({ ...work, interactive: true });
	const { metadata } = listed.find(({ name }) => name === archive) ?? {};
	if (metadata?.run !== run) return;
	const states = recordOf(
		Object.entries(metadata.states).map(([name, state]) => [
			name,
			state.outcome === "good" ? { suspicious: UNSEEN, ...state } : state,
		]),
	);
	await destination.writeMetadata(archive, { ...metadata, states }, work);
}

const UNSEEN = "the run that created it ended before it knew whether every file could be read";

/** The metadata were too large, and the engine has written nothing. Leave out the state that takes up the most space. */
function leaveOutLongest(step: ArchiveCreateStep, context: StepContext<Begun>, cause: Error): boolean {
	const { states } = statesToStore(step, {}, context);
	const name = longest(states);
	const scope = name === undefined ? undefined : step.states[name]?.scope;
	if (name === undefined || scope === undefined) return false;
	const { dumps = [], folders = [] } = states[name] ?? {};
	const error = new HoldfastError(
		"failed",
		`the description of ${name} for the archive (databases: ${dumps.length}, folders: ${folders.length}) is too long: ${cause.message}`,
		{ cause, hint: "split it into several states, and give some of them a separate provider" },
	);
	context.failScope(scope, error);
	context.log(`${error.message}; the archive is created without it`);
	return true;
}
