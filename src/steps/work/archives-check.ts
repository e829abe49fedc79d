// Check that a destination is intact, and that it holds every archive that was made there.

import type { Archive, Problem } from "../../engines/archive.ts";
import { isAhead, type Records, timeOf, withTime } from "../../engines/archive-time.ts";
import { type Able, requireAble, type Work } from "../../engines/destination.ts";
import { withHintIfKnown } from "../../engines/known-before.ts";
import { belongsTo, wordsOfTime } from "../../engines/metadata.ts";
import { openDestination } from "../../engines/registry.ts";
import { HoldfastError } from "../../values/error.ts";
import type { ArchivesCheckStep } from "../archives-check.ts";
import type { StepWork } from "../step.ts";
import { unlessAbsent } from "./absent.ts";
import { type LostArchive, wordsOfLost } from "./lost.ts";

export const archivesCheck: StepWork<ArchivesCheckStep> = {
	run: ({ provider, destination: name, full }, context) =>
		unlessAbsent(async () => {
			const destination = await openDestination(context.plan.manifest, provider, name);
			requireAble(destination, "check");
			const [problems, archives] = await lookedAt(destination, full, context).catch((error: unknown) => {
				throw withHintIfKnown(error, context.records(destination, []));
			});
			const own = archives.filter((archive) => belongsTo(archive, context.plan.manifest.machine));
			context.forgetGone(destination, namesOf(own));
			const ahead = aheadIn(own, context.records(destination, namesOf(own)));
			// An engine that cannot store metadata may have given its archives different names.
			const gone = destination.writeMetadata ? context.lost(destination, namesOf(own)) : [];
			const told = (some: readonly LostArchive[]) =>
				some.map((one) => ({ archive: one.name, message: wordsOfLost(one) }));
			const unmounted = told(gone.filter((one) => one.unmounted !== undefined));
			const lost = told(gone.filter((one) => one.unmounted === undefined));
			const [first] = FAULTS.filter(({ of }) => ({ problems, unmounted, lost, ahead })[of].length > 0);
			if (first === undefined) return { archives: archives.length };
			throw new HoldfastError("repository-damaged", `${destination.location} ${first.fault}`, {
				subject: destination.location,
				details: [...problems, ...unmounted, ...lost, ...ahead]
					.slice(0, 20)
					.map(({ archive, message }) => (archive === undefined ? message : `${archive}: ${message}`)),
				hint: first.hint,
			});
		}),
};

async function lookedAt(
	destination: Able<"check">,
	full: boolean,
	work: Work,
): Promise<readonly [readonly Problem[], readonly Archive[]]> {
	return [await destination.check(full, work), await destination.list(work)];
}

/** What can be wrong with a destination, the most serious first. */
const FAULTS = [
	{
		of: "problems",
		fault: "is damaged",
		hint: "back up to another destination that is undamaged before you fix or remove anything here",
	},
	{
		of: "unmounted",
		fault: "is not on a mounted disk",
		hint: "attach and mount the disk, then check again",
	},
	{
		of: "lost",
		fault: "has lost archives",
		hint: "find out who removed them, and what else they removed: holdfast list; then back up again: holdfast create",
	},
	{
		of: "ahead",
		fault: "has archives dated in the future",
		hint: "they are ignored, and prune keeps them; when you no longer need one, remove it with its engine's own program",
	},
] as const;

const namesOf = (archives: readonly Archive[]) => archives.map(({ name }) => name);

/** The archives whose date cannot be true. */
function aheadIn(archives: readonly Archive[], records: Records): Problem[] {
	return archives
		.map((archive) => withTime(archive, records))
		.filter((archive) => isAhead(timeOf(archive)))
		.map(({ name, created }) => ({ archive: name, message: `is dated ${created}, ${wordsOfTime}` }));
}
