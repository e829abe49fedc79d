// Have one destination write one archive of the states that are good until now.
import { rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream";
import { openDatabase } from "../../databases/dump.ts";
import type { Metadata, StateRecord } from "../../engines/archive.ts";
import { archiveId } from "../../engines/archive-name.ts";
import type { Destination, Root, Work } from "../../engines/destination.ts";
import { isWithoutRoom } from "../../engines/metadata.ts";
import { openDestination } from "../../engines/registry.ts";
import { vanishedRoots } from "../../engines/roots.ts";
import { foldersToClose } from "../../host/closing.ts";
import { digesting } from "../../host/digest.ts";
import { privateFolder, writeSynced } from "../../host/files.ts";
import { places } from "../../host/places.ts";
import { type Resolved, resolvePath } from "../../host/trust.ts";
import { ownUser } from "../../host/users.ts";
import type { Manifest } from "../../manifest/schema.ts";
import { HoldfastError } from "../../values/error.ts";
import { above } from "../../values/paths.ts";
import { recordOf } from "../../values/record.ts";
import { VERSION } from "../../values/version.ts";
import type { StepContext, StepWork } from "../context.ts";
import { withPoint } from "../fault.ts";
import type { ArchiveCreateStep } from "../step.ts";
import { unlessAbsent } from "./absent.ts";
import { afterwards, dumpedBy, mountsToStore } from "./archive-seen.ts";
import { longest, shortReason } from "./described.ts";
import { exclusionsOf } from "./folders-present.ts";
import { measureStates } from "./measured.ts";

export const archiveCreate: StepWork<ArchiveCreateStep> = {
	async run(step, context) {
		// A dump that fails while the engine reads it costs its state a place in the archive, and the others nothing.
		for (;;) {
			const broken = new Map<string, Error>();
			try {
				return await unlessAbsent(() => write(step, context, (scope, error) => broken.set(scope, error)));
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
		if (context.completed) return;
		const destination = await openDestination(context.plan.manifest, step.provider, step.destination);
		// A disk that is gone must not keep every later run from its work.
		await destination.discardPartial?.(step.archive, context).catch((error: Error) => {
			context.log(`what it left in ${destination.location} could not be removed: ${error.message}`);
		});
		const note = context.noteOf(step.id) as Begun | undefined;
		if (note === undefined || note.seen) return;
		await doubtUnseen(destination, step, context.plan.run, context).catch((error: Error) => {
			context.log(
				`whether ${destination.location} lists ${step.archive}, which nobody has looked at, is not known, and is looked up before the next run: ${error.message}`,
			);
			context.leave(step);
		});
	},
};

/** The note. */
interface Begun {
	readonly begun: true;
	/** What the engine had to say has been looked at, and told. */
	readonly seen?: true;
}

/** The same, where the destination could not be reached when the run was brought to its end. */
export async function doubtLater(manifest: Manifest, step: ArchiveCreateStep, run: string, work: Work) {
	await doubtUnseen(await openDestination(manifest, step.provider, step.destination), step, run, work);
}

/** What the engine listed was whole for it, and nobody has looked at what it had to say. */
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

const UNSEEN = "the run that made it ended before it knew whether every file could be read";

/** Write the archive of the states that are good until now; tells `broken` the scope of a dump that fails meanwhile. */
async function write(
	step: ArchiveCreateStep,
	context: StepContext,
	broken: (scope: string, error: Error) => void,
) {
	const { plan, knows, made } = context;
	const found = lookAtFolders(step, context);
	const links = linksIn(found);
	const states = statesOf(step, links, context);
	const good = Object.entries(step.states).filter(([name]) => states[name]?.outcome === "good");
	if (good.length === 0) throw new HoldfastError("failed", "no state is left that could be stored");

	const spool = spoolOf(step);
	const manifest = join(spool, "manifest.json");
	await privateFolder(spool);
	await writeSynced(manifest, JSON.stringify(plan.manifest));
	const metadata: Metadata = {
		version: 1,
		machine: plan.manifest.machine,
		run: plan.run,
		created: new Date().toISOString(),
		manifest,
		states,
		...withoutOf(step, plan.manifest),
		maker: { holdfast: VERSION, user: ownUser().name, host: hostname() },
	};
	const destination = await openDestination(plan.manifest, step.provider, step.destination);
	const whole = (path: string) => ({ path, exclude: [] });
	const foldersOf = new Map(
		good.map(([name, state]) => [
			name,
			state.folders.map(
				(folder): Root => ({ path: links.get(folder) ?? folder, exclude: exclusionsOf(folder, state) }),
			),
		]),
	);
	const folders = [...foldersOf.values()].flat();
	const digests: Record<string, string> = {};
	/** What the databases said of their dumps. */
	const remarks: string[] = [];
	const flowed = new Map<string, number>();
	const dumps = good.flatMap(([, { scope, dumps }]) =>
		dumps.flatMap(({ step: id, streamed }) =>
			dumpedBy(id, context).map((database) => ({ ...database, scope, streamed })),
		),
	);
	using measuring = measureStates(foldersOf, context);
	context.note({ begun: true } satisfies Begun);
	try {
		const {
			unreadable: unread,
			unsteady,
			mount,
			...totals
		} = await destination.create(
			{
				name: step.archive,
				roots: [
					...dumps.filter(({ streamed }) => !streamed).map(({ file }) => whole(file)),
					...dumps.flatMap(({ accounts }) => (accounts === undefined ? [] : [whole(accounts)])),
					...folders,
					...(destination.writeMetadata ? [whole(manifest)] : []),
				],
				streams: dumps
					.filter(({ streamed }) => streamed)
					.map((one) => ({
						path: one.file,
						open: async (signal) => {
							try {
								const content = await (await openDatabase(one.dump, signal)).dump(one.file, {
									signal,
									log: context.log,
								});
								remarks.push(...(content.warnings ?? []));
								content.whole.catch((error: Error) => {
									if (!signal.aborted) broken(one.scope, error);
								});
								const output = digesting((digest, bytes) => {
									digests[one.file] = digest;
									flowed.set(one.file, bytes);
								});
								// Each ends the other; what went wrong is told by `whole`.
								pipeline(content.output, output, () => {});
								return { ...content, output };
							} catch (error) {
								// Ended because another failed, it is not itself at fault.
								if (!signal.aborted) broken(one.scope, error as Error);
								throw error;
							}
						},
					})),
				metadata,
				closed: await foldersToClose(
					good.flatMap(([, { folders }]) => folders.flatMap((folder) => found.get(folder) ?? [])),
				),
				...context.mountOf(destination.location),
				records: (names) => context.records(destination, names),
			},
			!knows(destination.location),
			withPoint(context),
		);
		context.point("written");
		const measured = await measuring.found;
		context.signal.throwIfAborted();
		const unreadable = [
			...[...measured.values()].flatMap(({ tooLong }) => tooLong ?? []),
			...unread,
			...(await vanishedRoots(folders, unread)),
		];
		const seen = afterwards(step, metadata, { unreadable, unsteady, streamed: flowed, measured }, context);
		const { metadata: told } = seen;
		const warnings = [...remarks, ...seen.warnings];
		if (seen.isToBeTold) await destination.writeMetadata?.(step.archive, told, context);
		const id = archiveId(destination, step.archive);
		context.note({ begun: true, seen: true } satisfies Begun);
		made({
			id,
			name: step.archive,
			provider: step.provider,
			destination: step.destination,
			location: destination.location,
			metadata: told,
			digests: Object.assign(digests, ...dumps.map((one) => one.digests)),
			...(totals.bytes === undefined ? {} : { bytes: totals.bytes }),
			...(mount === undefined ? {} : { mount }),
		});
		return { archive: id, ...totals, ...(warnings.length > 0 ? { warnings } : {}) };
	} finally {
		await rm(spool, { recursive: true, force: true });
	}
}

/** Folders of other states within those of these: a restore must leave them as they are, whatever the config says by then. */
function withoutOf({ states }: ArchiveCreateStep, { state }: Manifest): Pick<Metadata, "without"> {
	const stored = new Set(Object.values(states).flatMap(({ folders }) => folders));
	const within = Object.entries(state).flatMap(([name, { folders }]) => {
		if (Object.hasOwn(states, name)) return [];
		const inner = folders.filter((folder) => [...above(folder)].some((outer) => stored.has(outer)));
		return inner.length === 0 ? [] : [[name, inner] as const];
	});
	return within.length === 0 ? {} : { without: recordOf(within) };
}

/** The engine has written nothing, since the description has no room: without the state that takes the most, it may have. */
function leaveOutLongest(step: ArchiveCreateStep, context: StepContext, cause: Error): boolean {
	const states = statesOf(step, linksIn(lookAtFolders(step, context)), context);
	const name = longest(states);
	const scope = name === undefined ? undefined : step.states[name]?.scope;
	if (name === undefined || scope === undefined) return false;
	const { dumps = [], folders = [] } = states[name] ?? {};
	const error = new HoldfastError(
		"failed",
		`what the archive must say of ${name} (databases: ${dumps.length}, folders: ${folders.length}) is too long: ${cause.message}`,
		{ cause, hint: "declare it as several states, and give some of them a provider of their own" },
	);
	context.failScope(scope, error);
	context.log(`${error.message}; the archive is made without it`);
	return true;
}

function linksIn(found: ReadonlyMap<string, Resolved>): ReadonlyMap<string, string> {
	return new Map([...found].flatMap(([folder, { path }]) => (path === folder ? [] : [[folder, path]])));
}

function statesOf(step: ArchiveCreateStep, links: ReadonlyMap<string, string>, context: StepContext) {
	return recordOf(
		Object.entries(step.states).map(([name, state]) => [name, stateRecord(state, links, context)] as const),
	);
}

function stateRecord(
	state: ArchiveCreateStep["states"][string],
	links: ReadonlyMap<string, string>,
	context: StepContext,
): StateRecord {
	const { scope, folders, dumps } = state;
	const reason = context.failureOf(scope);
	const stored = Object.fromEntries([...links].filter(([folder]) => folders.includes(folder)));
	const databases = dumps.flatMap(({ step }) => dumpedBy(step, context));
	return {
		...(reason === undefined ? { outcome: "good" } : { outcome: "failed", reason: shortReason(reason) }),
		folders,
		...(Object.keys(stored).length === 0 ? {} : { stored }),
		...(databases.length === 0 || reason !== undefined
			? {}
			: {
					dumps: databases.map(({ dump, file, facts, accounts }) => ({
						dump,
						stored: file,
						facts,
						...(accounts === undefined ? {} : { accounts }),
					})),
				}),
		...(reason === undefined ? mountsToStore(state, context) : {}),
	};
}

/** Where the folders of the states are in truth: engines would store a link alone. A state of which one may not be followed fails. */
function lookAtFolders(
	step: ArchiveCreateStep,
	{ failureOf, failScope }: StepContext,
): Map<string, Resolved> {
	const found = new Map<string, Resolved>();
	for (const state of Object.values(step.states)) {
		const { scope, folders } = state;
		if (failureOf(scope) !== undefined) continue;
		try {
			for (const folder of folders) {
				const resolved = resolvePath(folder);
				if (!resolved.found)
					throw new HoldfastError(
						"folder-not-found",
						`the folder ${folder} has vanished since the run began`,
					);
				exclusionsOf(folder, state);
				found.set(folder, resolved);
			}
		} catch (error) {
			failScope(scope, error as Error);
		}
	}
	return found;
}

/**
 * Of its own: others write to theirs meanwhile. No name holds a dot. The same in every run: restic compares with the last
 * snapshot of just these paths, and without one reads every file again.
 */
function spoolOf({ provider, destination }: ArchiveCreateStep): string {
	return join(places().state, "spool", `${provider}.${destination}`);
}
