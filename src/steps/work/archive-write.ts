// One attempt to write an archive: what the engine is given, and what is known once it has written.
import { rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
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
import { privateFolder, writeSynced } from "../../host/files.ts";
import { places } from "../../host/places.ts";
import { ownUser } from "../../host/users.ts";
import { errorOf, HoldfastError, reportOf } from "../../values/error.ts";
import { VERSION } from "../../values/version.ts";
import type { ArchiveCreateStep, Begun, StateToStore } from "../archive-create.ts";
import type { StepContext } from "../context.ts";
import { withPoint } from "../fault.ts";
import { unitsStop } from "../units-stop.ts";
import { afterwards } from "./archive-seen.ts";
import { closedFor } from "./closed-folders.ts";
import { type Broken, type DumpToStore, dumpsOf, type Flowed, streamOf } from "./dumps-to-store.ts";
import { exclusionsOf } from "./folders-present.ts";
import { type MeasuredStates, measureStates, type StateRoots } from "./measured.ts";
import { beginReading, watchReading } from "./reading.ts";
import { statesToStore, type ToStore, withoutOf } from "./states-to-store.ts";
import { areDown, startedMeanwhile } from "./units-start.ts";

/** Write the archive of the states that have not failed; calls `broken` with the scope of a dump that fails meanwhile. */
export async function writeArchive(step: ArchiveCreateStep, context: StepContext<Begun>, broken: Broken) {
	const { plan } = context;
	beginReading(step, plan);
	const destination = await openDestination(plan.manifest, step.provider, step.destination);
	// From the note on, the archive may be there, and somebody has to look.
	await destination.requireSecrets?.();
	const toStore = statesToStore(step, destination, context);
	if (toStore.good.length === 0) throw new HoldfastError("failed", "no state is left that could be stored");

	const spool = spoolOf(step);
	const manifest = join(spool, "manifest.json");
	await privateFolder(spool);
	await writeSynced(manifest, JSON.stringify(plan.manifest));
	const folders = rootsOf(toStore, context);
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
	const reading = watchReading(
		step,
		new Map(
			[...folders].flatMap(([name, { roots, first }]) =>
				first ? [[name, roots.map(({ path }) => path)]] : [],
			),
		),
		context,
		() => disturbedIn(step, context),
	);
	using measuring = measureStates(folders, context);
	context.note({ begun: true });
	try {
		const request = await requestOf(step, toStore, destination, parts, context, (dump) =>
			streamOf(dump, flowed, broken, context),
		);
		const written = await destination
			.create(
				{ ...request, passed: reading.passed },
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
		return await settle(
			step,
			destination,
			parts,
			{ written, flowed, measured, ...(await reading.seen()) },
			context,
		);
	} finally {
		await rm(spool, { recursive: true, force: true });
	}
}

interface RootsToRead extends StateRoots {
	/** Its units are down, and wait. */
	readonly first: boolean;
}

/** What goes into an archive. */
interface Parts {
	/** The path of the manifest's file. */
	readonly manifest: string;
	/** By state. */
	readonly folders: ReadonlyMap<string, RootsToRead>;
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
	const { first = [], last = [] } = Object.groupBy([...folders.values()], (one) =>
		one.first ? "first" : "last",
	);
	return {
		name: step.archive,
		roots: [
			...first.flatMap(({ roots }) => roots),
			...dumps.filter(({ streamed }) => !streamed).map(({ file }) => whole(file)),
			...dumps.flatMap(({ accounts }) => (accounts === undefined ? [] : [whole(accounts)])),
			...last.flatMap(({ roots }) => roots),
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
	/** The states of which somebody started units before they were read. */
	readonly disturbed: ReadonlySet<string>;
	/** Those that the engine has read again when their units had been started. */
	readonly again: ReadonlySet<string>;
}

/** The archive is there: say in it, in the journal and to people what it holds. */
async function settle(
	step: ArchiveCreateStep,
	destination: Destination,
	{ folders, dumps, metadata }: Parts,
	{ written, flowed, measured, disturbed, again }: Written,
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
	const seen = afterwards(
		step,
		metadata,
		{ unreadable, unsteady, streamed: flowed.bytes, measured, disturbed: disturbed.union(again), caught },
		context,
	);
	const warnings = [
		...flowed.remarks,
		...[...again].map(
			(name) => `the engine had to start over, and read ${name} again while its units were up`,
		),
		...seen.warnings,
	];
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
function rootsOf({ good, links, caught }: ToStore, context: StepContext): ReadonlyMap<string, RootsToRead> {
	const rootOf = (folder: string, state: StateToStore): Root => ({
		path: links.get(folder) ?? folder,
		exclude: exclusionsOf(folder, state),
	});
	return new Map(
		good.map(([name, state]) => [
			name,
			{
				roots: state.folders.map((folder) => rootOf(folder, state)),
				caught: caught.get(name),
				first: !caught.has(name) && state.down !== undefined && areDown(state.down, context),
			},
		]),
	);
}

/**
 * A folder of its own, since other destinations write at the same time. No name contains a dot. The path is the same in
 * every run: restic compares with the last snapshot of exactly these paths, and without one reads every file again.
 */
export function spoolOf({ provider, destination }: ArchiveCreateStep): string {
	return join(places().state, "spool", `${provider}.${destination}`);
}
