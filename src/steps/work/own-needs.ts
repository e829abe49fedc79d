// What a restore would take from itself: the journal of its own run, and what the engine needs to open the archive. And
// what it cannot recreate: subvolumes within a folder, which come back as plain folders.
import { homedir } from "node:os";
import { join, normalize } from "node:path";
import { openDestination } from "../../engines/registry.ts";
import { subvolumesBelow } from "../../host/btrfs.ts";
import { places as ownPlaces } from "../../host/places.ts";
import { resolvedOrSame } from "../../host/trust.ts";
import type { Manifest } from "../../manifest/schema.ts";
import { isWithin } from "../../values/paths.ts";
import type { PreflightStep } from "../preflight.ts";

/** The run's own journal is needed for the undo: it cannot be among the data that are put aside. */
export function journalFaults({ places }: Pick<PreflightStep, "places">): string[] {
	const own = resolvedOrSame(ownPlaces().state);
	return places
		.filter(({ live }) => isWithin(own, live))
		.map(
			({ live }) =>
				`${own}, where Holdfast keeps the journal of this run, is inside ${live}: restore the other folders with --path, or everything to another place with --into`,
		);
}

/** Data that are deleted first must not include what opens the archive. */
export async function neededFaults(
	{ places, provider, destination, twoCopies }: PreflightStep,
	manifest: Manifest,
): Promise<string[]> {
	if (twoCopies) return [];
	const { destinations } = (manifest.providers[provider] ?? {}) as { destinations?: Record<string, unknown> };
	const options = destinations?.[destination];
	const { needs = [] } = await openDestination(manifest, provider, destination);
	const isRemote = /ssh|sftp|rclone|@[^/"]*:/.test(JSON.stringify(options ?? {}));
	const needed = [...pathsIn(options), ...needs, ...(isRemote ? [join(homedir(), ".ssh")] : [])];
	return [...new Set(needed.map(resolvedOrSame))].flatMap((path) =>
		places
			.filter(({ live }) => isWithin(path, live))
			.map(
				({ live }) => `${path} is needed to read the archive, but is in ${live}: restore without --in-place`,
			),
	);
}

/**
 * Subvolumes below these places, except those that stay where they are. Subvolumes can be deleted together with the
 * old copy, whoever created them; in the live place, where folders may belong to anybody, they cannot.
 */
export async function findSubvolumes(
	{ places, carried = [], twoCopies }: Pick<PreflightStep, "places" | "carried" | "twoCopies">,
	signal: AbortSignal,
): Promise<{ readonly problems: readonly string[]; readonly warnings: readonly string[] }> {
	const found = await Promise.all(
		places.map(async ({ live }) => (await subvolumesBelow(live, signal)).map((path) => ({ path, live }))),
	);
	const lines = found
		.flat()
		.filter(({ path }) => !carried.some((stays) => isWithin(path, stays)))
		.slice(0, MAX_NAMED)
		.map(({ path, live }) =>
			twoCopies
				? `${path} is a btrfs subvolume in ${live}: it will be restored as a plain folder. To keep it as it is, declare it as a separate state`
				: `${path} is a btrfs subvolume in ${live} and cannot be deleted in place: restore without --in-place, or delete it first (btrfs subvolume delete ${path})`,
		);
	return twoCopies ? { problems: [], warnings: lines } : { problems: lines, warnings: [] };
}

const MAX_NAMED = 3;

/** Absolute paths anywhere in these options, alone or within a command. */
function pathsIn(value: unknown): string[] {
	if (typeof value === "string")
		return [...value.matchAll(/(?:^|[\s=:"'])(\/[^\s:"']+)/g)].map(([, path = ""]) => normalize(path));
	if (typeof value !== "object" || value === null) return [];
	return Object.values(value).flatMap(pathsIn);
}
