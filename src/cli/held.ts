// What databases an archive holds, together with what this machine's journal knows of them.
import { places } from "../host/places.ts";
import type { Manifest } from "../manifest/schema.ts";
import type { ListedArchive } from "../plan/archives.ts";
import { heldDatabases } from "../plan/targets.ts";
import type { RestoreRequest } from "../plan/transaction.ts";
import { Journal } from "../run/journal.ts";
import { recordOf } from "../values/record.ts";

/** The databases for a plan, and the paths of all their dumps. */
export function heldIn(
	manifest: Manifest,
	archive: ListedArchive,
	services: readonly string[],
	paths: readonly string[] = [],
): Pick<RestoreRequest, "databases" | "undeclared"> & { readonly dumps: readonly string[] } {
	using journal = Journal.read(places().state);
	const known = journal.namesakes(archive.name);
	const { databases, undeclared } = heldDatabases(manifest, archive, services, paths, known);
	return {
		databases,
		undeclared: recordOf(
			Object.entries(undeclared).map(([state, some]) => [state, some.map(({ label }) => label)] as const),
		),
		dumps: [...Object.values(databases), ...Object.values(undeclared)].flat().map(({ stored }) => stored),
	};
}
