// Whether an archive holds the paths that the user named, before a plan is shown. A run finds it out by itself, from what it
// extracts, before it touches anything.
import type { Destination, Work } from "../engines/destination.ts";
import { notHeld } from "../engines/not-held.ts";
import { HoldfastError } from "../values/error.ts";

interface Place {
	readonly destination: Pick<Destination, "contents">;
	/** Its name there, and its id. */
	readonly name: string;
	readonly id: string;
}

/** `paths`: as stored. Throws for one that is not there; an engine that cannot list files is not asked. */
export async function requirePathsHeld(place: Place, paths: readonly string[], work: Work): Promise<void> {
	for (const path of paths) if (!(await isHeld(place, path, work))) throw notHeld(path, place.id);
}

async function isHeld({ destination, name }: Place, path: string, work: Work): Promise<boolean> {
	if (destination.contents === undefined) return true;
	// One entry is enough: there may be millions below it.
	const found = new AbortController();
	const signal = AbortSignal.any([work.signal, found.signal]);
	try {
		await destination.contents(name, [path], () => found.abort(), { ...work, signal });
	} catch (error) {
		work.signal.throwIfAborted();
		if (found.signal.aborted) return true;
		if (error instanceof HoldfastError && error.code === "path-not-in-archive") return false;
		throw error;
	}
	return found.signal.aborted;
}
