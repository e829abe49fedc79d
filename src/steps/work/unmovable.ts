// Data in a live place that cannot be moved aside: found before a unit is stopped.
import { dirname } from "node:path";
import { type Locked, lockedAt, unlocking, wordsOf } from "../../host/immutable.ts";
import { isPinned, pinnedIn } from "../../host/overlay.ts";
import type { Place } from "../fields.ts";
import type { PreflightStep } from "../preflight.ts";
import { isThere } from "./live.ts";

export interface Unmovable {
	readonly problems: readonly string[];
	readonly warnings: readonly string[];
}

/** At most this many entries of one place are named. */
const MAX_NAMED = 3;

export async function findUnmovable(
	{ places, twoCopies }: Pick<PreflightStep, "places" | "twoCopies">,
	signal: AbortSignal,
): Promise<Unmovable> {
	const problems: string[] = [];
	const warnings: string[] = [];
	for (const place of places) {
		const pinned = twoCopies ? pinnedOf(place) : { problems: [], warnings: [] };
		problems.push(
			...(await lockedOf(place, twoCopies && pinned.warnings.length === 0, signal)),
			...pinned.problems,
		);
		warnings.push(...pinned.warnings);
	}
	return { problems: [...new Set(problems)], warnings };
}

/** `moves`: it is renamed. If it is deleted in place instead, nothing in it may be immutable. */
async function lockedOf({ live, mode, area }: Place, moves: boolean, signal: AbortSignal): Promise<string[]> {
	const above = new Set([dirname(area), ...(mode === "entries" ? [] : [dirname(live)])]);
	const found: Locked[] = [];
	for (const folder of above) found.push(...(await lockedAt(folder, "itself", signal)));
	if (isThere(live)) {
		found.push(...(await lockedAt(live, "itself", signal)));
		if (!moves) found.push(...(await lockedAt(live, "below", signal)));
		else if (mode === "entries") found.push(...(await lockedAt(live, "within", signal)));
	}
	const more = found.length > MAX_NAMED ? ` (and ${found.length - MAX_NAMED} more)` : "";
	return found
		.slice(0, MAX_NAMED)
		.map(
			(one) =>
				`${wordsOf(one)}, so ${live} cannot be replaced${more}: ${unlocking(one)}, and set it again afterwards`,
		);
}

function pinnedOf({ live, mode }: Place): Unmovable {
	if (mode === "entries")
		return {
			problems: pinnedIn(live)
				.slice(0, MAX_NAMED)
				.map(
					(name) =>
						`${live}/${name} is in the lower layer of an overlay file system and cannot be renamed: restore --in-place, or make it a folder of the upper layer, while nothing uses it (cp -a, then delete, then rename)`,
				),
			warnings: [],
		};
	if (!isPinned(live)) return { problems: [], warnings: [] };
	return {
		problems: [],
		warnings: [
			`${live} is in the lower layer of an overlay file system and cannot be renamed: it is copied instead, and its service is down while that takes place`,
		],
	};
}
