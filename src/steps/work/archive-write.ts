// One attempt to write an archive: what the engine is given, and what is known once it has written.
import { rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream";
import { openDatabase } from "../../databases/dump.ts";
import type { Metadata } from "../../engines/archive.ts";
import { archiveId } from "../../engines/archive-name.ts";
import {
	type ArchiveRequest,
	type CreateResult,
	type Destination,
	isWithoutDisk,
	type Root,
	type StreamRoot,
} from "../../engines/destination.ts";
import { openDestination } from "../../engines/registry.ts";
import { vanishedRoots } from "../../engines/roots.ts";
import { digesting } from "../../host/digest.ts";
import { privateFolder, writeSynced } from "../../host/files.ts";
import { places } from "../../host/places.ts";
import { ownUser } from "../../host/users.ts";
import { errorOf, HoldfastError, reportOf } from "../../values/error.ts";
import { VERSION } from "../../values/version.ts";
import type { ArchiveCreateStep, Begun, StateToStore } from "../archive-create.ts";
import type { StepContext } from "../context.ts";
import type { DumpedDatabase } from "../dump.ts";
import { withPoint } from "../fault.ts";
import { unitsStop } from "../units-stop.ts";
import { afterwards, dumpedBy } from "./archive-seen.ts";
import { closedFor } from "./closed-folders.ts";
import { exclusionsOf } from "./folders-present.ts";
import { type MeasuredStates, measureStates, type StateRoots } from "./measured.ts";
import { statesToStore, type ToStore, withoutOf } from "./states-to-store.ts";
import { areDown, startedMeanwhile } from "./units-start.ts";

/** The scope whose dump failed while the engine was reading it. */
type Broken = (scope: string, error: Error) => void;

interface DumpToStore extends DumpedDatabase {
	readonly scope: string;
	readonly streamed: boolean;
}

/** What is known about streamed dumps when they are complete. */
interface Flowed {
	/** SHA-256 in hex, by path. */
	readonly digests: Record<string, string>;
	/** Bytes, by path. */
	readonly bytes: Map<string, number>;
	/** The databases' warnings about them. */
	readonly remarks: string[];
}

/** Write the archive of the states that have not failed; calls `broken` with the scope of a dump that fails meanwhile. */
export async function writeArchive(step: ArchiveCreateStep, context: StepContext<Begun>, broken: Broken) {
	const { plan } = context;
	const destination = await openDestination(plan.manifest, step.provider, step.destination);
	// From the note on, the archive may be there, and somebody has to look.
	await destination.requireSecrets?.();
	const toStore = statesToStore(step, destination, context);
	if (toStore.good.length === 0) throw new HoldfastError("failed", "no state is left that could be stored");

	const spool = spoolOf(step);
	const manifest = join(spool, "manifest.json");
	await privateFolder(spool);
	await writeSynced(manifest, JSON.stringify(plan.manifest));
	const folders = rootsOf(toStore);
	const parts: Parts = {
		manifest,
		folders,
		dumps: dumpsOf(toStore, context),
		metadata: {
			version: 1,
			machine: plan.manifest.machine,
			run: plan.run,
			created: new Date().toISOString(),
			manifest,
			states: toStore.states,
			...withoutOf(step, plan.manifest),
			maker: { holdfast: VERSION, user: ownUser().name, host: hostname() },
		},
	};
	const flowed: Flowed = { digests: {}, bytes: new Map(), remarks: [] };
	using measuring = measureStates(folders, context);
	context.note({ begun: true });
	try {
		const request = await requestOf(step, toStore, destination, parts, context, (dump) =>
			streamOf(dump, flowed, broken, context),
		);
		const written = await destination
			.create(
				request,
				!context.knows(destination.location),
				withPoint({ ...context, progress: estimating(toStore, measuring.found, context) }),
			)
			.catch((error: unknown) => {
				if (isWithoutDisk(error)) context.note({ begun: true, refused: true });
				throw error;
			});
		context.point("written");
		const measured = await measuring.found;
		context.signal.throwIfAborted();
		return await settle(step, destination, parts, { written, flowed, measured }, context);
	} finally {
		await rm(spool, { recursive: true, force: true });
	}
}

/** What goes into an archive. */
interface Parts {
	/** The path of the manifest's file. */
	readonly manifest: string;
	/** By state. */
	readonly folders: ReadonlyMap<string, StateRoots>;
	readonly dumps: readonly DumpToStore[];
	readonly metadata: Metadata;
}

async function requestOf(
	step: ArchiveCreateStep,
	toStore: ToStore,
	destination: Destination,
	{ manifest, folders, dumps, metadata }: Parts,
	context: StepContext<Begun>,
	stream: (dump: DumpToStore) => StreamRoot,
): Promise<ArchiveRequest> {
	return {
		name: step.archive,
		roots: [
			...dumps.filter(({ streamed }) => !streamed).map(({ file }) => whole(file)),
			...dumps.flatMap(({ accounts }) => (accounts === undefined ? [] : [whole(accounts)])),
			...[...folders.values()].flatMap(({ roots }) => roots),
			...(destination.writeMetadata ? [whole(manifest)] : []),
		],
		streams: dumps.filter(({ streamed }) => streamed).map(stream),
		metadata,
		closed: await closedFor(toStore),
		...context.mountOf(destination.location),
		records: (names) => context.records(destination, names),
	};
}

/** What is known once the engine has written. */
interface Written {
	readonly written: CreateResult;
	readonly flowed: Flowed;
	readonly measured: MeasuredStates;
}

/** The archive is there: say in it, in the journal and to people what it holds. */
async function settle(
	step: ArchiveCreateStep,
	destination: Destination,
	{ folders, dumps, metadata }: Parts,
	{ written, flowed, measured }: Written,
	context: StepContext<Begun>,
) {
	const { unreadable: unread, unsteady, mount, afterwards: fault, ...totals } = written;
	const caught = new Set([...folders].flatMap(([name, one]) => (one.caught ? [name] : [])));
	const readLive = [...folders].flatMap(([name, { roots }]) => (caught.has(name) ? [] : roots));
	const unreadable = [
		...[...measured.values()].flatMap(({ tooLong }) => tooLong ?? []),
		...unread,
		...(await vanishedRoots(readLive, unread)),
	];
	const disturbed = await disturbedIn(step, context);
	const seen = afterwards(
		step,
		metadata,
		{ unreadable, unsteady, streamed: flowed.bytes, measured, disturbed, caught },
		context,
	);
	const warnings = [...flowed.remarks, ...seen.warnings];
	if (seen.isToBeTold) await destination.writeMetadata?.(step.archive, seen.metadata, context);
	const id = archiveId(destination, step.archive);
	context.note({ begun: true, seen: true });
	context.made({
		id,
		name: step.archive,
		provider: step.provider,
		destination: step.destination,
		location: destination.location,
		metadata: seen.metadata,
		digests: Object.assign(flowed.digests, ...dumps.map((one) => one.digests)),
		...(totals.bytes === undefined ? {} : { bytes: totals.bytes }),
		...(mount === undefined ? {} : { mount }),
	});
	if (written.removed) context.removed(destination, written.removed);
	if (fault !== undefined) context.doubt(step.scope, errorOf(reportOf(fault)));
	return { archive: id, ...totals, ...(warnings.length > 0 ? { warnings } : {}) };
}

/** Report progress with an estimate of the total: what the states held last time, until they have been measured. */
function estimating(
	{ good }: ToStore,
	found: Promise<MeasuredStates>,
	{ progress, lastGood }: StepContext,
): StepContext["progress"] {
	const total = (bytesOf: (state: string) => number | undefined) =>
		good
			.map(([name]) => bytesOf(name))
			.reduce((sum, one) => (sum === undefined || one === undefined ? undefined : sum + one), 0);
	let expectedBytes = total((state) => lastGood(state)?.record.bytes);
	void found.then((measured) => {
		expectedBytes = total((state) => measured.get(state)?.bytes) ?? expectedBytes;
	});
	return (made) => progress(expectedBytes === undefined ? made : { ...made, expectedBytes });
}

/** The states that were read with their units down, of which somebody started one before all was read. */
async function disturbedIn(
	{ states }: ArchiveCreateStep,
	context: Pick<StepContext, "plan" | "handedBy">,
): Promise<ReadonlySet<string>> {
	const disturbed = new Set<string>();
	for (const [name, { down }] of Object.entries(states)) {
		const note = down && areDown(down, context) ? context.handedBy(unitsStop, down) : undefined;
		if (note !== undefined && (await startedMeanwhile(note, context)).length > 0) disturbed.add(name);
	}
	return disturbed;
}

const whole = (path: string): Root => ({ path, exclude: [] });

/** By state. */
function rootsOf({ good, links, caught }: ToStore): ReadonlyMap<string, StateRoots> {
	const rootOf = (folder: string, state: StateToStore): Root => ({
		path: links.get(folder) ?? folder,
		exclude: exclusionsOf(folder, state),
	});
	return new Map(
		good.map(([name, state]) => [
			name,
			{ roots: state.folders.map((folder) => rootOf(folder, state)), caught: caught.get(name) },
		]),
	);
}

function dumpsOf({ good }: ToStore, context: StepContext): DumpToStore[] {
	return good.flatMap(([, { scope, dumps }]) =>
		dumps.flatMap(({ step, streamed }) =>
			dumpedBy(step, context).map((database) => ({ ...database, scope, streamed })),
		),
	);
}

/** A dump that is streamed into the engine. */
function streamOf(
	{ dump, file, scope }: DumpToStore,
	{ digests, bytes: flowed, remarks }: Flowed,
	broken: Broken,
	{ log }: StepContext,
): StreamRoot {
	return {
		path: file,
		open: async (signal) => {
			try {
				const content = await (await openDatabase(dump, signal)).dump(file, { signal, log });
				content.whole.then(
					() => remarks.push(...(content.warnings ?? [])),
					(error: Error) => {
						if (!signal.aborted) broken(scope, error);
					},
				);
				const output = digesting((digest, bytes) => {
					digests[file] = digest;
					flowed.set(file, bytes);
				});
				// If one fails, the other is ended; `whole` tells which one was at fault.
				pipeline(content.output, output, () => {});
				return { ...content, output };
			} catch (error) {
				// It was ended because another failed; it is not itself at fault.
				if (!signal.aborted) broken(scope, error as Error);
				throw error;
			}
		},
	};
}

/**
 * A folder of its own, since other destinations write at the same time. No name contains a dot. The path is the same in
 * every run: restic compares with the last snapshot of exactly these paths, and without one reads every file again.
 */
export function spoolOf({ provider, destination }: ArchiveCreateStep): string {
	return join(places().state, "spool", `${provider}.${destination}`);
}
