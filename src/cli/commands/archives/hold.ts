// holdfast archives hold|release ARCHIVE: in every destination that has it, unless one is named.
import { buildCommand } from "@stricli/core";
import type { Metadata } from "../../../engines/archive.ts";
import type { Work } from "../../../engines/destination.ts";
import { requireAble } from "../../../engines/destination.ts";
import { openDestination } from "../../../engines/registry.ts";
import type { Manifest } from "../../../manifest/schema.ts";
import type { ListedArchive } from "../../../plan/archives.ts";
import { chooseCopies, requireUsable } from "../../../plan/choose.ts";
import { print, printJson, printMessage } from "../../../report/terminal.ts";
import { type ErrorReport, HoldfastError, reportOf } from "../../../values/error.ts";
import { EXIT } from "../../../values/error-codes.ts";
import { guard, valueFlag } from "../../flags.ts";
import { sayPassedOver } from "../../passed-over.ts";
import { untilUndone } from "../../signals.ts";
import { archiveWord, ask, type Flags, flags } from "./one-archive.ts";

interface HoldFlags extends Flags {
	readonly reason?: string;
}

const WHERE =
	"A name, or `latest`, is that archive in every destination that has it; --provider or a whole id means one of them.";

export const hold = buildCommand({
	docs: {
		brief: "keep an archive from being pruned until it is released",
		fullDescription: `${WHERE}\n\nExample:\n  holdfast archives hold latest --reason 'before the move'`,
	},
	parameters: {
		flags: { ...flags, reason: valueFlag("why, for whoever comes later", "TEXT") },
		positional: { kind: "tuple", parameters: [archiveWord] },
	},
	func: (given: HoldFlags, wanted: string) =>
		guard(given, () => {
			const reason = given.reason ?? "no reason given";
			const since = new Date().toISOString();
			return describeAgain(given, wanted, {
				change: (metadata) => ({ ...metadata, hold: { reason, since } }),
				done: ({ id }) => `held ${id}: ${reason}`,
			});
		}),
});

export const release = buildCommand({
	docs: { brief: "end a hold: the archive may be pruned again", fullDescription: WHERE },
	parameters: { flags, positional: { kind: "tuple", parameters: [archiveWord] } },
	func: (given: Flags, wanted: string) =>
		guard(given, () =>
			describeAgain(given, wanted, {
				change: ({ hold: held, ...metadata }) => (held === undefined ? undefined : metadata),
				done: ({ id }) => `released ${id}`,
			}),
		),
});

interface Change {
	/** Undefined when there is nothing to change. */
	change(metadata: Metadata): Metadata | undefined;
	done(archive: ListedArchive): string;
}

async function describeAgain(given: Flags, wanted: string, { change, done }: Change): Promise<number> {
	const { manifest, listing, work } = await ask(given, wanted);
	const copies = chooseCopies(listing, wanted);
	const [first] = copies;
	if (wanted === "latest" && first) sayPassedOver(listing, first);
	const ends: End[] = [];
	for (const archive of copies) ends.push(await changed(manifest, archive, change, work));
	const [end] = ends;
	// Of one, it is the error itself.
	if (end?.error !== undefined && ends.length === 1) throw end.error;
	const unasked = wanted.includes("::") ? [] : listing.failures;
	if (given.json)
		printJson(
			{
				archives: ends.map(({ archive, hold: held, error }) => ({
					id: archive.id,
					...(held === undefined ? {} : { hold: held }),
					...(error === undefined ? {} : { error: reportOf(error) }),
				})),
				failures: unasked,
			},
			2,
		);
	for (const { archive, error, isChanged } of ends)
		if (error !== undefined) printMessage(`✘ ${archive.id}: ${reportOf(error).message}`);
		else if (!given.json) print(isChanged ? done(archive) : `${archive.id} was not held`);
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
			throw new HoldfastError("archive-foreign", `${id} does not describe itself: Holdfast did not make it`, {
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
	`${one.provider}/${one.destination} could not be asked, so nothing was changed there: ${one.error.message}`;
