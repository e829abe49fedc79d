// Complete an archive's metadata for each state in it: its size and mount points, what could not be read, what changed
// while it was read, and whether there is reason to doubt it.
import { lstatSync } from "node:fs";
import type { Metadata, StateRecord } from "../../engines/archive.ts";
import type { CreateResult } from "../../engines/destination.ts";
import { isMounted } from "../../host/mounts.ts";
import type { State } from "../../manifest/schema.ts";
import { CONSISTENCIES, consistencyOf, isLess } from "../../values/consistency.ts";
import { HoldfastError } from "../../values/error.ts";
import { ownerOf } from "../../values/paths.ts";
import { shortPath } from "../../values/printable.ts";
import { ownValue, recordOf } from "../../values/record.ts";
import type { ArchiveCreateStep, StateToStore } from "../archive-create.ts";
import type { StepContext } from "../context.ts";
import { type DumpedDatabase, dump } from "../dump.ts";
import type { Ref } from "../fields.ts";
import { foldersPresent, type Present } from "../folders-present.ts";
import { shortReason } from "./described.ts";
import { accepting, shrinkage } from "./expectations.ts";
import type { MeasuredStates } from "./measured.ts";

/** What is known about an archive once it is written. */
interface Seen extends Pick<CreateResult, "unreadable" | "unsteady"> {
	/** Bytes of the dumps that were streamed into it, by path. */
	readonly streamed: ReadonlyMap<string, number>;
	readonly measured: MeasuredStates;
	/** The states whose units others started while they were read. */
	readonly disturbed: ReadonlySet<string>;
	/** The states that were read from snapshots. */
	readonly caught: ReadonlySet<string>;
}

/** At most this many paths are named in a warning. */
const MAX_NAMED = 3;

export function dumpedBy(step: Ref<"dump">, { handedBy }: StepContext): readonly DumpedDatabase[] {
	return handedBy(dump, step)?.databases ?? [];
}

/** Facts about a state right before it is stored. */
export function mountsToStore(state: StateToStore, context: StepContext): Pick<StateRecord, "mounts"> {
	const { mounts = {} } = presentOf(state, context);
	return Object.keys(mounts).length === 0 ? {} : { mounts };
}

/**
 * The final metadata, and the warnings. States that are incomplete fail, in the archive and in this run. Sizes go into
 * this machine's records only: an archive's metadata are not rewritten just to add them.
 */
export function afterwards(
	step: ArchiveCreateStep,
	metadata: Metadata,
	{ unreadable, unsteady, disturbed, caught, ...seen }: Seen,
	context: StepContext,
): { readonly metadata: Metadata; readonly isToBeTold: boolean; readonly warnings: readonly string[] } {
	const states = recordOf(Object.entries(metadata.states));
	const warnings: string[] = [];
	let isToBeTold = false;
	const ownerOf = ownersOf(step, states, context);
	for (const [name, state] of Object.entries(step.states)) {
		const written = states[name];
		if (written?.outcome !== "good") continue;
		const isDisturbed = disturbed.has(name) && written.consistency === "stopped";
		const record = isDisturbed ? { ...written, consistency: "live" } : written;
		const isOwn = ({ path }: { readonly path: string }) => ownerOf(path) === name;
		const isCaught = caught.has(name);
		const own = unsteady.filter(isOwn);
		const faults = [
			...unreadable.filter(isOwn),
			...(isCaught ? own.filter(({ what }) => what === "vanished").map(unread) : lostMounts(state, context)),
		];
		const [first] = faults;
		if (first) {
			const reason = `could not read ${shortPath(first.path)}: ${first.reason}${faults.length > 1 ? ` (and ${faults.length - 1} more)` : ""}`;
			states[name] = { ...record, outcome: "failed", reason: shortReason(reason) };
			isToBeTold = true;
			context.failScope(
				state.scope,
				new HoldfastError("permission-denied", reason, {
					subject: shortPath(first.path),
					details: faults.slice(0, 10).map(({ path }) => shortPath(path)),
				}),
			);
			continue;
		}
		// Nothing changes in a snapshot, but some engines look at the live file when they have read it.
		const restless = isCaught ? [] : own;
		const said = restless.length > 0 ? counts(restless) : {};
		const size = sizeOf(name, state, seen, context);
		const { suspicious } = step.accept ? {} : doubt(name, state, { ...record, ...said, ...size }, context);
		if (restless.length > 0 || suspicious !== undefined || isDisturbed) isToBeTold = true;
		states[name] = { ...record, ...said, ...size, ...(suspicious === undefined ? {} : { suspicious }) };
		warnings.push(...wordsOf(name, restless));
		if (suspicious !== undefined) {
			warnings.push(`${name} is in doubt: ${suspicious}`);
			context.doubt(
				state.scope,
				new HoldfastError("state-suspicious", suspicious, {
					subject: name,
					hint: `it is stored, but does not count as the newest good one. Check the data; if they are right: ${accepting(name)}`,
				}),
			);
		}
	}
	return { metadata: { ...metadata, states }, isToBeTold, warnings };
}

/** The state that a stored path belongs to: paths in another state's nested folder belong to that state. */
function ownersOf(
	step: ArchiveCreateStep,
	states: Readonly<Record<string, StateRecord>>,
	context: StepContext,
) {
	const folders = Object.entries(step.states).flatMap(([name, state]) => [
		...state.folders.map((folder) => ({ name, folder: states[name]?.stored?.[folder] ?? folder })),
		...state.dumps.flatMap(({ step: id }) =>
			dumpedBy(id, context).map(({ file }) => ({ name, folder: file })),
		),
	]);
	return (path: string) => ownerOf(path, folders)?.name;
}

function presentOf({ seenBy }: StateToStore, { handedBy }: StepContext): Partial<Present> {
	return (seenBy && handedBy(foldersPresent, seenBy)) ?? {};
}

function doubt(
	name: string,
	state: StateToStore,
	record: StateRecord,
	{ plan, lastGood }: StepContext,
): Pick<StateRecord, "suspicious"> {
	if (state.seenBy === undefined) return {};
	const declared = plan.manifest.state[name];
	const suspicious =
		shrinkage(name, declared, record.bytes, lastGood(name)) ?? brokenPromise(declared, record);
	return suspicious === undefined ? {} : { suspicious: shortReason(suspicious) };
}

function brokenPromise(declared: State | undefined, record: StateRecord): string | undefined {
	const promise = declared?.consistency;
	const word = consistencyOf(record);
	if (promise === undefined || word === undefined || !isLess(word, promise)) return undefined;
	const isRead = word === "live" || word === "fuzzy";
	const why =
		declared?.snapshot === undefined || !isRead ? "" : "; why not from a snapshot: holdfast create --dry-run";
	return `it is ${word}, and the config promises ${promise}: ${ownValue(CONSISTENCIES, word) ?? ""}${why}`;
}

function sizeOf(
	name: string,
	{ dumps }: StateToStore,
	{ measured, streamed }: Pick<Seen, "measured" | "streamed">,
	context: StepContext,
): Pick<StateRecord, "bytes"> {
	const inFolders = measured.get(name)?.bytes;
	if (inFolders === undefined) return {};
	const files = dumps.flatMap(({ step }) => dumpedBy(step, context).map(({ file }) => file));
	const sizeOfDump = (file: string) =>
		streamed.get(file) ?? lstatSync(file, { throwIfNoEntry: false })?.size ?? 0;
	return { bytes: files.reduce((sum, file) => sum + sizeOfDump(file), inFolders) };
}

/** If a disk was unmounted meanwhile, its files that had not been read count as unreadable, not as deleted. */
function lostMounts(state: StateToStore, context: StepContext) {
	const { mounts = {} } = presentOf(state, context);
	return Object.entries(mounts)
		.filter(([, mount]) => !isMounted(mount))
		.map(([path, mount]) => ({ path, reason: `${mount} was unmounted during the backup` }));
}

/** Nothing vanishes from a snapshot. */
const unread = ({ path }: CreateResult["unsteady"][number]) => ({
	path,
	reason: "it is not in the snapshot any more",
});

function counts(unsteady: CreateResult["unsteady"]): Pick<StateRecord, "vanished" | "changed"> {
	const count = (what: string) => unsteady.filter((one) => one.what === what).length;
	const [vanished, changed] = [count("vanished"), count("changed")];
	return { ...(vanished === 0 ? {} : { vanished }), ...(changed === 0 ? {} : { changed }) };
}

function wordsOf(name: string, unsteady: CreateResult["unsteady"]): string[] {
	const line = (what: string, words: string) => {
		const paths = unsteady.filter((one) => one.what === what).map(({ path }) => path);
		if (paths.length === 0) return [];
		const more = paths.length > MAX_NAMED ? `, and ${paths.length - MAX_NAMED} more` : "";
		return [`${name}: ${words}: ${paths.slice(0, MAX_NAMED).map(shortPath).join(", ")}${more}`];
	};
	return [
		...line("vanished", "vanished before it was read and is not in the archive"),
		...line("changed", "changed while it was read, so its copy in the archive may be inconsistent"),
	];
}
