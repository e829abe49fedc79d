// The swap: what stands there goes aside, what was staged takes its place. Each rename is undone by itself, and only
// if it happened: the disk says so. A mount point or subvolume stays, and its entries are renamed one by one.
import { lstat, mkdir, readdir, rename, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { copyAttributes } from "../../host/attributes.ts";
import { exists, removeTree, syncPath } from "../../host/files.ts";
import { HoldfastError, isErrno } from "../../manifest/error.ts";
import type { AsideStep, Place, PlaceStep } from "../step.ts";
import type { StepContext, StepWork } from "../work.ts";

/** The note of `aside`, by entries: `old` has the folder's own attributes. */
interface Aside {
	readonly attributesKept: boolean;
}
/** The note of `place`, by entries: the names that it brings. */
interface Placed {
	readonly entries: readonly string[];
}

export const aside: StepWork<AsideStep> = {
	async run({ place }, context) {
		const { live, old, mode } = place;
		if (!(await exists(live))) return;
		if (await exists(old)) throw new HoldfastError("failed", `${old} is already there`);
		if (mode === "entries") return asideEntries(place, context);
		await rename(live, old).catch((error: unknown) => {
			throw isErrno(error, "EXDEV") ? cannotMove(live, error) : error;
		});
		context.point("renamed");
		await syncPath(dirname(live));
		await syncPath(dirname(old));
	},
	async undo({ id, place }, context) {
		const { live, old, mode } = place;
		await requireArea(place);
		if (!(await exists(old))) return;
		if (mode === "entries") {
			for (const name of await readdir(old)) {
				await putFoundAside(join(live, name), place, context);
				await rename(join(old, name), join(live, name));
				context.point(`back-${name}`);
			}
			if ((context.noteOf(id) as Aside | undefined)?.attributesKept)
				await copyAttributes(old, live, attributesFile(place));
			await rmdir(old);
		} else {
			await putFoundAside(live, place, context);
			await rename(old, live);
			context.point("back");
		}
		await syncPath(mode === "entries" ? live : dirname(live));
	},
	async whereabouts({ place: { live, old } }) {
		return (await exists(old)) ? [`what stood at ${live} before is ${old}`] : [];
	},
};

export const place: StepWork<PlaceStep> = {
	async run({ place }, context) {
		const { live, staged, mode } = place;
		if (mode === "entries") return placeEntries(place, context);
		if (await exists(live)) throw madeAnew(live);
		await rename(staged, live);
		context.point("renamed");
		await syncPath(dirname(live));
	},
	/** When what was staged is gone from the area, it is what stands at the live place. */
	async undo({ id, place }, { noteOf, point }) {
		const { live, staged, mode } = place;
		await requireArea(place);
		if (mode === "entries") {
			for (const name of (noteOf(id) as Placed | undefined)?.entries ?? []) {
				if ((await exists(join(staged, name))) || !(await exists(join(live, name)))) continue;
				await rename(join(live, name), join(staged, name));
				point(`back-${name}`);
			}
			return;
		}
		if ((await exists(staged)) || !(await exists(live))) return;
		await mkdir(dirname(staged), { recursive: true, mode: 0o700 });
		await rename(live, staged);
		point("back");
		await syncPath(dirname(live));
	},
	async whereabouts({ place: { live, staged } }) {
		return (await exists(staged)) ? [`what the archive holds of ${live} is ${staged}`] : [];
	},
};

async function asideEntries(place: Place, { note, point }: StepContext): Promise<void> {
	const { live, old } = place;
	note({ attributesKept: false } satisfies Aside);
	await mkdir(old, { mode: 0o700 });
	await copyAttributes(live, old, attributesFile(place));
	note({ attributesKept: true } satisfies Aside);
	for (const name of await movable(live)) {
		await rename(join(live, name), join(old, name));
		point(`moved-${name}`);
	}
	await syncPath(old);
	await syncPath(live);
}

async function placeEntries(place: Place, { note, point }: StepContext): Promise<void> {
	const { live, staged } = place;
	if (!(await lstat(staged)).isDirectory())
		throw new HoldfastError(
			"failed",
			`${live} is a folder that cannot be replaced, and the archive holds a file`,
		);
	const found = await movable(live);
	if (found.length > 0) throw madeAnew(join(live, found[0] ?? ""));
	const entries = await readdir(staged);
	note({ entries } satisfies Placed);
	for (const name of entries) {
		await rename(join(staged, name), join(live, name));
		point(`moved-${name}`);
	}
	await copyAttributes(staged, live, attributesFile(place));
	point("attributes");
	await syncPath(live);
}

/** Delete what stands at a place; of one that stays, what is in it, but for private folders. */
export async function clear({ live, mode }: Place): Promise<void> {
	if (mode === "rename") return removeTree(live);
	for (const name of await movable(live)) await removeTree(join(live, name));
}

/** All but the private folders of restores, and what fsck keeps at the root of its filesystem. */
async function movable(folder: string): Promise<string[]> {
	return (await readdir(folder)).filter((name) => !name.startsWith(".holdfast-") && name !== "lost+found");
}

function attributesFile({ area }: Place): string {
	return join(area, "attributes.tar");
}

/** Without it nothing can be told from what is on disk: its filesystem is not mounted, or somebody deleted it. */
async function requireArea({ area, live }: Place): Promise<void> {
	if (await exists(area)) return;
	throw new HoldfastError(
		"failed",
		`the private folder ${area} is not there, so ${live} cannot be put back`,
		{
			hint: "is its filesystem mounted? Mount it, then: holdfast recover",
		},
	);
}

/** What something else made in the meantime is nobody's to delete. */
async function putFoundAside(path: string, { live, area }: Place, { plan, log }: StepContext): Promise<void> {
	if (!(await exists(path))) return;
	const kept = `${path}.found-${plan.run}`;
	await rename(path, kept);
	log(`something had made ${path} anew while ${live} was being restored (${area}); that is kept as ${kept}`);
}

/** Both are on one filesystem; only overlayfs says so of a folder that its lower layer holds. */
function cannotMove(path: string, cause: unknown): HoldfastError {
	return new HoldfastError(
		"failed",
		`${path} cannot be renamed: it lies in the lower layer of an overlay filesystem`,
		{
			cause,
			hint: `make it once of the upper layer, while nothing uses it (cp -a ${path} ${path}.own; rm -r ${path}; mv ${path}.own ${path}), or restore --in-place`,
		},
	);
}

function madeAnew(path: string): HoldfastError {
	return new HoldfastError("failed", `something made ${path} anew while it was being restored`, {
		hint: "find what writes there and stop it with stopOnRestore",
	});
}
