// Groups the snapshots of a repository into archives. An archive is one snapshot of the folders and one for each stream,
// because restic stores its standard input as a separate snapshot.
import { isDeepStrictEqual } from "node:util";
import type { Archive } from "../archive.ts";
import { isArchiveName, requireArchiveName } from "../archive-name.ts";
import type { Work } from "../destination.ts";
import type { Described } from "../metadata.ts";
import { noArchive } from "../not-held.ts";
import type { ResticDestination } from "./schema.ts";
import { ABOUT, ARCHIVE, PART, readAbout, type Snapshot, snapshots, tagOf } from "./snapshots.ts";

export interface SnapshotArchive {
	readonly archive: Archive;
	/** The snapshot of the folders first; several if a `tag` was interrupted after writing the new one. */
	readonly snapshots: readonly [Snapshot, ...Snapshot[]];
}

export function archivesIn(all: readonly Snapshot[]): SnapshotArchive[] {
	const named = new Map<string, Snapshot[]>();
	const others: SnapshotArchive[] = [];
	for (const snapshot of all) {
		const name = tagOf(snapshot, ARCHIVE);
		const same = name === undefined ? undefined : named.get(name);
		if (same) same.push(snapshot);
		else if (name !== undefined) named.set(name, [snapshot]);
		else if (tagOf(snapshot, PART) === undefined) others.push(alone(snapshot, unnamed(snapshot)));
	}
	return [...others, ...[...named].flatMap(([name, some]) => ofOneName(name, some))];
}

function unnamed(snapshot: Snapshot): Described {
	if (snapshot.fault !== undefined) return { damaged: snapshot.fault };
	return tagOf(snapshot, ABOUT) === undefined ? {} : { damaged: `it has no tag ${ARCHIVE}NAME` };
}

function ofOneName(name: string, some: readonly Snapshot[]): SnapshotArchive[] {
	const damaged = (why: string) => some.map((snapshot) => alone(snapshot, { damaged: why }));
	if (!isArchiveName(name)) return damaged("its tag is not a valid archive name");
	const said = some.map((snapshot) => ({ snapshot, about: readAbout(snapshot) }));
	const isSame = ({ snapshot, about }: (typeof said)[number]) =>
		snapshot.tree === some[0]?.tree && isDeepStrictEqual(unheld(about), unheld(said[0]?.about));
	if (!said.every(isSame)) return damaged(`${some.length} snapshots claim to be ${name}`);
	const [first, ...rest] = said.sort((a, b) => Number(isHeld(b.about)) - Number(isHeld(a.about)));
	if (first === undefined) return [];
	const { snapshot, about } = first;
	return [
		{
			archive: { name, created: timeOf(snapshot), ...about },
			snapshots: [snapshot, ...rest.map((one) => one.snapshot)],
		},
	];
}

const isHeld = ({ metadata }: Described) => metadata?.hold !== undefined;

/** What setting and releasing a hold does not change. */
function unheld(about: Described | undefined): unknown {
	if (about?.metadata === undefined) return about;
	const { hold: _, ...metadata } = about.metadata;
	return metadata;
}

/** An archive without a valid name of ours is called by restic's short id. */
const alone = (snapshot: Snapshot, described: Described): SnapshotArchive => ({
	archive: { name: snapshot.short_id, created: timeOf(snapshot), ...described },
	snapshots: [snapshot],
});

const timeOf = ({ time }: Snapshot) => new Date(time).toISOString();

/** The snapshots of one archive: its folders and its streams. */
export async function snapshotsOf(destination: ResticDestination, archive: string, work: Work) {
	requireArchiveName(archive);
	const all = await snapshots(destination, work, [ARCHIVE + archive, PART + archive]);
	const isNamed = (one: SnapshotArchive) => one.archive.name === archive;
	// Not made by Holdfast: it is called by restic's short id.
	const found = archivesIn(all).find(isNamed) ?? archivesIn(await snapshots(destination, work)).find(isNamed);
	if (!found) throw noArchive(archive, destination.repo);
	return { main: found.snapshots[0], parts: all.filter((one) => tagOf(one, PART) === archive) };
}
