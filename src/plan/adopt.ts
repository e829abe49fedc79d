// From a destination to a config: the newest archive of a machine carries the manifest that it was made from.
import * as v from "valibot";
import { dumpSchema } from "../databases/dump.ts";
import type { Archive } from "../engines/archive.ts";
import { isAhead, timeOf } from "../engines/archive-time.ts";
import type { Destination, Work } from "../engines/destination.ts";
import type { DestinationOptions } from "../engines/engine.ts";
import type { ProviderOptions } from "../engines/list.ts";
import { addressIn, destinationsIn, engineOf } from "../engines/list.ts";
import { belongsTo, wordsOfTime } from "../engines/metadata.ts";
import { readTextBelow, restoreFiles } from "../engines/read-files.ts";
import { type JsonLimits, parseBounded } from "../host/bounded-json.ts";
import { removeTree, scratchFolder } from "../host/files.ts";
import { openFolder } from "../host/folder.ts";
import { resolvePath } from "../host/trust.ts";
import { type Command, commandsIn } from "../manifest/commands.ts";
import { excludeFault } from "../manifest/exclude.ts";
import { withCurrentKeys } from "../manifest/old-keys.ts";
import { type Manifest, manifestSchema } from "../manifest/schema.ts";
import { HoldfastError } from "../values/error.ts";
import { localTime } from "../values/local-time.ts";
import { patternFault } from "../values/patterns.ts";
import { record, recordOf } from "../values/record.ts";

/** Bytes. */
const LONGEST_MANIFEST = 4 * 1024 * 1024;
const LIMITS: JsonLimits = { depth: 50, values: 500_000 };

export interface Adopted {
	readonly machine: string;
	/** The archives of this machine, oldest first. */
	readonly archives: readonly Archive[];
	readonly newest: Archive;
	/** A line for each archive that may be newer but could not be used. */
	readonly passedOver: readonly string[];
	/** Patterns of its config that are no longer valid and were removed: state and reason. */
	readonly dropped: readonly string[];
	/** The manifest in the newest archive, with the destination that it was read from. */
	readonly manifest: Manifest;
	/** The commands that it would run, besides those given to reach the destination. */
	readonly commands: readonly Command[];
	/** The provider that the destination belongs to, and the destination's name there. */
	readonly provider: string;
	readonly destination: string;
}

/** Read the manifest of a machine's newest archive from a destination. `scratch` is a private folder. */
export async function adoptDestination(
	destination: Destination,
	options: ProviderOptions,
	wanted: string | undefined,
	scratch: string,
	work: Work,
): Promise<Adopted> {
	const listed = await destination.list(work);
	const all = listed.filter((archive) => archive.metadata !== undefined && !isAhead(timeOf(archive)));
	if (all.length === 0) requireNoneLeft(listed);
	const machine = machineIn(all, wanted, destination);
	const archives = all.filter(({ metadata }) => metadata?.machine === machine);
	const newest = archives.at(-1);
	if (!newest?.metadata) throw new Error("a machine has archives");
	const passedOver = listed.flatMap((archive) =>
		belongsTo(archive, machine) && !all.includes(archive) && isMarked(archive)
			? [`${archive.name} ${whyPassedOver(archive)}`]
			: [],
	);
	const dropped: string[] = [];
	const manifest = await manifestIn(
		destination,
		newest.name,
		newest.metadata.manifest,
		scratch,
		work,
		dropped,
	);
	const own = new Set(commandsIn(options).map(({ text }) => text));
	const found = withDestination(manifest, options);
	const { state, providers } = found.manifest;
	const commands = commandsIn({ state, providers }).filter(({ text }) => !own.has(text));
	return { machine, archives, newest, passedOver, dropped, commands, ...found };
}

/** If none of the archives can be used, say why. */
function requireNoneLeft(listed: readonly Archive[]): void {
	const [first] = listed.filter(isMarked).reverse();
	if (first === undefined) return;
	const isDated = first.metadata !== undefined;
	throw new HoldfastError("archive-damaged", `${first.name} ${whyPassedOver(first)}`, {
		hint: isDated
			? `check this machine's clock, which shows ${localTime(new Date().toISOString())}; see: timedatectl`
			: first.newer
				? "adopt it with that version"
				: "restore its files with the engine's own program",
	});
}

const isMarked = ({ metadata, newer, damaged }: Archive) => (metadata ?? newer ?? damaged) !== undefined;

function whyPassedOver({ damaged, newer, created }: Archive): string {
	if (damaged !== undefined) return `is damaged: ${damaged}`;
	if (newer !== undefined) return "was created by a newer version of Holdfast";
	return `is dated ${created}, ${wordsOfTime}`;
}

function machineIn(
	archives: readonly Archive[],
	wanted: string | undefined,
	{ location }: Destination,
): string {
	const machines = [...new Set(archives.map(({ metadata }) => metadata?.machine ?? ""))];
	const [only] = machines;
	if (only === undefined)
		throw new HoldfastError("no-archive", `${location} contains no archive with a description`, {
			subject: location,
			hint: "restore archives that were not created by Holdfast with their engine's own program",
		});
	if (wanted !== undefined && machines.includes(wanted)) return wanted;
	if (wanted === undefined && machines.length === 1) return only;
	throw new HoldfastError(
		"archive-ambiguous",
		wanted === undefined
			? `${location} contains archives of several machines`
			: `${location} has no archive of ${wanted}`,
		{ subject: location, hint: `name one with --machine: ${machines.join(", ")}` },
	);
}

async function manifestIn(
	destination: Destination,
	archive: string,
	path: string,
	scratch: string,
	work: Work,
	dropped: string[],
): Promise<Manifest> {
	const own = await scratchFolder(scratch);
	try {
		using folder = openFolder(resolvePath(own).path);
		await restoreFiles(destination, archive, [path], folder, work);
		const found = withCurrentKeys(parsedManifest(readTextBelow(folder, path, LONGEST_MANIFEST), archive));
		const { success, output, issues } = v.safeParse(manifestSchema, withReadablePatterns(found, dropped));
		if (success) return output;
		throw new HoldfastError("archive-damaged", `the manifest in ${archive} cannot be parsed`, {
			details: issues.slice(0, 5).map((issue) => `${v.getDotPath(issue)}: ${issue.message}`),
			hint: "it may be of another version of Holdfast; the archive itself can be restored with its engine's own program",
		});
	} finally {
		await removeTree(own);
	}
}

function parsedManifest(text: string, archive: string): unknown {
	try {
		return parseBounded(text, LIMITS);
	} catch (cause) {
		throw new HoldfastError("archive-damaged", `the manifest in ${archive} cannot be parsed`, {
			cause,
			details: [cause instanceof RangeError ? cause.message : "it is not JSON"],
			hint: "the archive is damaged or was modified; it can be restored with its engine's own program",
		});
	}
}

const patternsSchema = v.looseObject({
	state: record(
		v.string(),
		v.looseObject({ folders: v.array(v.string()), exclude: v.array(v.string()), dumps: v.array(dumpSchema) }),
	),
});

/** An older Holdfast accepted patterns that this one refuses. On a bare machine that must not block the restore: they are removed and named. */
function withReadablePatterns(found: unknown, dropped: string[]): unknown {
	const { success, output } = v.safeParse(patternsSchema, found);
	if (!success) return found;
	const state = Object.entries(output.state).map(([name, one]) => {
		const exclude = one.exclude.filter((pattern) => {
			const fault = patternFault(pattern) ?? excludeFault(pattern, one.folders, one.dumps)?.message;
			if (fault !== undefined) dropped.push(`state ${name}: ${fault}`);
			return fault === undefined;
		});
		return [name, { ...one, exclude }] as const;
	});
	return { ...output, state: recordOf(state) };
}

/** The destination as it is reached from here replaces the one that the manifest names, or is added. */
function withDestination(manifest: Manifest, options: ProviderOptions) {
	const engine = engineOf(options);
	const [[given, reached] = ["adopted", {}]] = Object.entries(destinationsIn(options));
	const of = Object.entries(manifest.providers).flatMap(([name, known]) =>
		known.type === options.type ? [{ name, known, destinations: destinationsIn(known) }] : [],
	);
	const isReached = (one: DestinationOptions) => addressIn(engine, one) === addressIn(engine, reached);
	// The provider that wrote there takes precedence over any other with the same engine.
	const same = of.find(({ destinations }) => Object.values(destinations).some(isReached)) ?? of[0];
	const free = options.type in manifest.providers ? "adopted" : options.type;
	const { name: provider, known, destinations } = same ?? { name: free, known: options, destinations: {} };
	const destination = Object.entries(destinations).find(([, one]) => isReached(one))?.[0] ?? given;
	const lasting = Object.entries(destinations[destination] ?? {}).filter(
		([option]) => !engine.adoption?.forgets?.includes(option),
	);
	return {
		provider,
		destination,
		manifest: {
			...manifest,
			providers: {
				...manifest.providers,
				[provider]: {
					...known,
					destinations: { ...destinations, [destination]: { ...Object.fromEntries(lasting), ...reached } },
				} as ProviderOptions,
			},
		},
	};
}
