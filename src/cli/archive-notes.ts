// Changes to an archive's metadata: setting and releasing a hold.

import type { Metadata } from "../engines/archive.ts";
import { destinationIn } from "../engines/archive-name.ts";
import { requireAble, type Work } from "../engines/destination.ts";
import { openDestination } from "../engines/registry.ts";
import type { Manifest } from "../manifest/schema.ts";
import type { ListedArchive } from "../plan/archives.ts";
import { chooseCopies, requireUsable, statesOfLatest } from "../plan/choose.ts";
import { printMessage } from "../report/terminal.ts";
import { errorLines } from "../report/text/error.ts";
import { HoldfastError, reportOf } from "../values/error.ts";
import type { ErrorReport } from "../values/error-bounds.ts";
import { EXIT } from "../values/error-codes.ts";
import type { MachineCall } from "./command.ts";
import { ask, type Flags } from "./one-archive.ts";
import { sayLatest } from "./passed-over.ts";
import { untilUndone } from "./signals.ts";

export const WHERE =
	"A name, or `latest`, means that archive in every destination that has it; with a\nPROVIDER, a DESTINATION or an id, only there.";

interface Change {
	/** Undefined when there is nothing to change. */
	change(metadata: Metadata): Metadata | undefined;
	done(archive: ListedArchive): string;
}

/** Rewrite an archive's metadata in every destination that has it, or only in the one named. Returns the exit code. */
export async function changeMetadata(
	call: MachineCall,
	given: Flags,
	words: readonly string[],
	{ change, done }: Change,
): Promise<number> {
	const { out, manifest } = call;
	const { listing, work, wanted } = await ask(call, given, words);
	const services = statesOfLatest(listing, Object.keys(manifest.state));
	const copies = chooseCopies(listing, wanted, services);
	const first = copies.at(-1);
	if (wanted === "latest" && first) sayLatest(out, listing, first, { services });
	const ends: End[] = [];
	for (const archive of copies) ends.push(await changed(manifest, archive, change, work));
	const [end] = ends;
	// With a single destination, the failure is the command's own error.
	if (end?.error !== undefined && ends.length === 1) throw end.error;
	const unasked = destinationIn(wanted) === undefined ? listing.failures : [];
	await out.result({
		kind: "answer",
		value: {
			archives: ends.map(({ archive, hold: held, error }) => ({
				id: archive.id,
				...(held === undefined ? {} : { hold: held }),
				...(error === undefined ? {} : { error: reportOf(error) }),
			})),
			failures: unasked,
		},
		text: ends
			.filter(({ error }) => error === undefined)
			.map(({ archive, isChanged }) => (isChanged ? done(archive) : `${archive.id} had no hold`)),
	});
	for (const { archive, error } of ends)
		if (error !== undefined) printMessage(errorLines(reportOf(error), `✘ ${archive.id}: `));
	for (const one of unasked) printMessage(`! ${notAsked(one)}`);
	const isWhole = ends.every(({ error }) => error === undefined) && unasked.every(({ absent }) => absent);
	return isWhole ? EXIT.done : EXIT.partial;
}

interface End {
	readonly archive: ListedArchive;
	readonly isChanged: boolean;
	readonly hold?: Metadata["hold"];
	readonly error?: unknown;
}

async function changed(
	manifest: Manifest,
	archive: ListedArchive,
	change: Change["change"],
	work: Work,
): Promise<End> {
	try {
		requireUsable(archive);
		const { id, name, metadata, provider } = archive;
		if (metadata === undefined)
			throw new HoldfastError("archive-foreign", `${id} was not created by Holdfast and has no description`, {
				subject: id,
				hint: "prune never removes it",
			});
		const next = change(metadata);
		if (next === undefined) return { archive, isChanged: false };
		const destination = await openDestination(manifest, provider, archive.destination);
		requireAble(destination, "writeMetadata");
		await untilUndone(() => destination.writeMetadata(name, next, work));
		return { archive, isChanged: true, ...(next.hold === undefined ? {} : { hold: next.hold }) };
	} catch (error) {
		work.signal.throwIfAborted();
		return { archive, isChanged: false, error };
	}
}

const notAsked = (one: {
	readonly provider: string;
	readonly destination: string;
	readonly error: ErrorReport;
}) =>
	`${one.provider}/${one.destination} could not be reached, so nothing was changed there: ${one.error.message}`;
