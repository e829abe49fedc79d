// The archives that a user's word means: by id, by name, or by the beginning of a name.
import { HoldfastError } from "../values/error.ts";
import { localTime } from "../values/local-time.ts";
import type { ListedArchive, Listing } from "./archives.ts";

const MAX_LINES = 5;
/** The fewest characters that name an archive which is not called after its machine. */
const FEWEST = 4;

/**
 * Those that this machine has a record of making are preferred: anybody could have written another of that name. Throws for
 * a beginning that is too short, and for one that may also fit archives in a destination that could not be listed.
 */
export function archivesNamed({ archives, failures }: Listing, wanted: string): readonly ListedArchive[] {
	const named = archives.filter(({ id, name }) => id === wanted || name === wanted);
	if (named.length > 0) return preferred(named);
	const beginning = archives.filter(({ name }) => name.startsWith(wanted));
	const known = preferred(beginning);
	const meant = known.every((archive) => saysEnough(archive, wanted)) ? known : [];
	const ids = (some: readonly ListedArchive[]) => some.slice(-MAX_LINES).map(({ id }) => id);
	if (beginning.length > 0 && meant.length === 0)
		throw new HoldfastError("usage", `${JSON.stringify(wanted)} is too short to name an archive`, {
			subject: wanted,
			details: ids(beginning),
			hint: "write at least the machine and a digit of the date, or an id: holdfast list",
		});
	if (meant.length > 0 && failures.length > 0) {
		const unlisted = failures.map(({ provider, destination }) => `${provider}/${destination}`);
		throw new HoldfastError(
			"archive-ambiguous",
			`other archives may begin with ${JSON.stringify(wanted)}: ${unlisted.join(", ")} could not be listed`,
			{ subject: wanted, details: ids(meant), hint: "name the archive by its id, as above" },
		);
	}
	return meant;
}

function preferred(some: readonly ListedArchive[]): readonly ListedArchive[] {
	const recorded = some.filter((archive) => archive.recorded);
	return recorded.length > 0 ? recorded : some;
}

/** What every archive of the machine begins with names none of them. */
function saysEnough({ name, machine }: ListedArchive, wanted: string): boolean {
	const prefix = `${machine}-`;
	return name.startsWith(prefix) ? /^\d/.test(wanted.slice(prefix.length)) : wanted.length >= FEWEST;
}

/** What was meant by a word that names none: a run, a day, or a name behind the address of a repository, as borg writes it. */
export function meantBy({ archives }: Listing, wanted: string): readonly ListedArchive[] {
	const name = wanted.slice(wanted.lastIndexOf("::") + 1).replace(/^:/, "");
	if (name.length < FEWEST) return [];
	const isOfDay = /^\d{4}-\d\d-\d\d$/.test(name.slice(0, DAY));
	const day = name.replace("T", " ");
	return archives.filter(
		(archive) =>
			archive.name === name ||
			archive.metadata?.run === name ||
			(isOfDay &&
				(archive.name.startsWith(name, `${archive.machine}-`.length) ||
					(archive.created !== undefined && localTime(archive.created).startsWith(day)))),
	);
}

const DAY = "2026-11-27".length;
