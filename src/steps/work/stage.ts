// Extract into the private folder while the service is running, so that the swap is only a rename.
import type { Stats } from "node:fs";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { into } from "../../engines/into.ts";
import { notHeld } from "../../engines/not-held.ts";
import { requireFile } from "../../engines/read-files.ts";
import { openDestination } from "../../engines/registry.ts";
import { syncFilesystemOf } from "../../host/files.ts";
import { descend, entryIn, findBelow } from "../../host/folder.ts";
import { removeLocked, unlock, unlocking } from "../../host/immutable.ts";
import { isOnOverlay } from "../../host/overlay.ts";
import { inArea, openArea } from "../../host/private-area.ts";
import { accountOf, groupOf } from "../../host/users.ts";
import { HoldfastError } from "../../values/error.ts";
import { recordOf } from "../../values/record.ts";
import { NEW } from "../area.ts";
import type { ArchiveContext, StepContext } from "../context.ts";
import { databaseFile } from "../database-file.ts";
import { withPoint } from "../fault.ts";
import { type Staged, type StagedFile, type StageStep, type Staging, stage as stageKind } from "../stage.ts";
import type { StepWork } from "../step.ts";
import { restoreInto } from "./restore-into.ts";
import { withoutSpecialFiles } from "./special-files.ts";
import { requireUnlinked } from "./unlinked.ts";

function inodesOf(places: StageStep["places"]): Record<string, number> {
	return recordOf(
		places.flatMap(({ staged }) => {
			// On an overlay, inode numbers are synthetic and change at boot (the kernel's "Overlay Filesystem", inode properties).
			const ino = inArea(staged, (parent, name) =>
				isOnOverlay(parent) ? undefined : entryIn(parent, name)?.ino,
			);
			return ino === undefined ? [] : [[staged, ino] as const];
		}),
	);
}

/** The inode that a run staged at a path; undefined if unknown, or if something else has been put there since. */
export function stagedInode(
	{ plan, handedBy }: Pick<StepContext, "plan" | "handedBy">,
	scope: string,
	staged: string,
): number | undefined {
	const own = plan.steps.filter((step) => step.scope === scope);
	// A database file is built in the place of what was extracted.
	if (databaseFile.among(own).some(({ folder = "", to }) => join(folder, to) === staged)) return undefined;
	for (const { id } of stageKind.among(own)) {
		const inode = handedBy(stageKind, id)?.inodes?.[staged];
		if (inode !== undefined) return inode;
	}
	return undefined;
}

/** SHA-256 of a file that this run has extracted, if its engine told and nobody has touched the file since. */
export function stagedDigest(
	{ plan, handedBy }: Pick<StepContext, "plan" | "handedBy">,
	file: string,
): string | undefined {
	const found = stageKind
		.among(plan.steps)
		.flatMap(({ id }) => handedBy(stageKind, id)?.digests?.[file] ?? []);
	if (found.length === 0) return undefined;
	const now = inArea(file, entryIn);
	return found.find(({ inode, ctimeMs }) => now?.ino === inode && now.ctimeMs === ctimeMs)?.sha256;
}

function digestsOf(
	places: StageStep["places"],
	digests: ReadonlyMap<string, string>,
): Record<string, StagedFile> {
	return recordOf(
		places.flatMap(({ stored, staged }) => {
			const sha256 = digests.get(stored);
			const found = inArea(staged, entryIn);
			if (sha256 === undefined || found === undefined) return [];
			return [[staged, { sha256, inode: found.ino, ctimeMs: found.ctimeMs }] as const];
		}),
	);
}

export const stage: StepWork<StageStep, Staging, Staged> = {
	async run(step, context) {
		context.note({ began: true });
		const digests = new Map<string, string>();
		const result = await extractInto(step, context, step.filesOnly ? digests : undefined);
		const known = digests.size === 0 ? {} : { digests: digestsOf(step.places, digests) };
		context.note({ began: true, inodes: inodesOf(step.places), ...known });
		return result;
	},
	async undo({ area: path }, { noted }) {
		if (noted() === undefined) return;
		using area = openArea(path);
		if (area === undefined) return;
		await removeLocked(area, NEW);
		mkdirSync(area.at(NEW), { mode: 0o700 });
	},
};

/** Extract an archive's data for these places into their private folders, synced. `digests`: see `Into`. */
export async function extractInto(
	step: Pick<
		StageStep,
		"area" | "places" | "provider" | "destination" | "archive" | "specialFiles" | "filesOnly" | "unlinked"
	>,
	context: ArchiveContext,
	digests?: Map<string, string>,
): Promise<{ readonly warnings: readonly string[] } | undefined> {
	const { archive, places } = step;
	using area = openArea(step.area);
	if (area === undefined)
		throw new HoldfastError("area-missing", `the private folder ${step.area} no longer exists`, {
			subject: step.area,
		});
	using folder = descend(area, NEW);
	const target = { ...into(folder, context.log), ...(digests === undefined ? {} : { digests }) };
	const destination = await openDestination(context.plan.manifest, step.provider, step.destination);
	const paths = places.map(({ stored }) => stored);
	const after: string[] = [];
	const work = { ...withPoint(context), warn: (line: string) => void after.push(line) };
	await restoreInto(destination, { archive, paths }, target, { folder, path: step.area }, work);
	context.point("extracted");
	for (const { stored } of places) {
		if (!findBelow(folder, stored)) throw notHeld(stored, archive);
		if (step.filesOnly) requireFile(folder, stored, archive);
	}
	requireUnlinked(folder, step);
	const result = step.specialFiles ? undefined : await withoutSpecialFiles(target);
	const warnings = [
		...after,
		...(result?.warnings ?? []),
		...(await unlocked(step)),
		...(await changedHands(places)),
	];
	await syncFilesystemOf(area);
	return warnings.length > 0 ? { warnings } : undefined;
}

/** borg restores chattr(1) attributes: an immutable file could not be put in place. */
async function unlocked({ places }: Pick<StageStep, "places">): Promise<string[]> {
	const lines: string[] = [];
	for (const { staged, stored } of places) {
		const locked = await unlock(staged);
		if (locked === undefined) continue;
		const again = unlocking({ ...locked, path: stored }).replace(/ -([ia]) /, " +$1 ");
		lines.push(
			`${stored} was ${locked.how} when it was backed up, but the restored copy is not; to set it again: ${again}`,
		);
	}
	return lines;
}

/** The archive decides who owns a folder and who may write to it: tell the user where that changes. */
async function changedHands(places: StageStep["places"]): Promise<string[]> {
	const lines: string[] = [];
	for (const { staged, live } of places) {
		const [is, was] = [staged, live].map(found);
		if (is === undefined || was === undefined || is.isSymbolicLink() || was.isSymbolicLink()) continue;
		if (is.uid === was.uid && is.gid === was.gid && is.mode === was.mode) continue;
		lines.push(
			`${live} is restored as ${await ownerWords(is)}, as in the archive; until now it was ${await ownerWords(was)}`,
		);
	}
	return lines;
}

/** Undefined also if the path cannot be reached: a restore must not fail over a mere remark. */
function found(path: string | undefined): Stats | undefined {
	try {
		return path === undefined ? undefined : inArea(path, entryIn);
	} catch {
		return undefined;
	}
}

async function ownerWords({ uid, gid, mode }: Stats): Promise<string> {
	const [user, group] = [(await accountOf(uid))?.name ?? uid, (await groupOf(gid))?.name ?? gid];
	return `${user}:${group} ${(mode & 0o7777).toString(8).padStart(4, "0")}`;
}
