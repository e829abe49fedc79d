// What keeps a destination in order: look whether it is whole, and let old archives go.
import { HoldfastError } from "../../manifest/error.ts";
import { isAhead, type Records, timeOf, withTime } from "../../providers/archive-time.ts";
import { belongsTo, wordsOfTime } from "../../providers/metadata.ts";
import type { Archive, Problem } from "../../providers/provider.ts";
import { openDestination } from "../../providers/registry.ts";
import { retain } from "../../providers/retention.ts";
import { unlessAbsent } from "../absent.ts";
import type { CheckArchivesStep, PruneStep } from "../step.ts";
import type { StepWork } from "../work.ts";

export const archivesCheck: StepWork<CheckArchivesStep> = {
	run: ({ provider, destination: name, full }, context) =>
		unlessAbsent(async () => {
			const destination = await openDestination(context.plan.manifest, provider, name);
			const problems = await destination.check(full, context);
			const archives = await destination.list(context);
			const own = archives.filter((archive) => belongsTo(archive, context.plan.manifest.machine));
			context.forgetGone(destination, namesOf(own));
			const ahead = aheadIn(own, context.records(destination, namesOf(own)));
			if (problems.length === 0 && ahead.length === 0) return { archives: archives.length };
			const fault = problems.length > 0 ? "is not whole" : "has archives whose time is yet to come";
			throw new HoldfastError("failed", `${destination.location} ${fault}`, {
				details: [...problems, ...ahead]
					.slice(0, 20)
					.map(({ archive, message }) => (archive === undefined ? message : `${archive}: ${message}`)),
				hint:
					problems.length > 0
						? "back up to another destination that is undamaged before you fix or remove anything here"
						: "they count for nothing, and prune keeps them: once you do not need one, remove it with its engine's own program",
			});
		}),
};

export const archivesPrune: StepWork<PruneStep> = {
	run: ({ provider, destination: name, retention, agreed }, context) =>
		unlessAbsent(async () => {
			const { manifest } = context.plan;
			const destination = await openDestination(manifest, provider, name);
			const own = (await destination.list(context)).filter((archive) => belongsTo(archive, manifest.machine));
			const removed = retain(own, retention, context.records(destination, namesOf(own)))
				.filter(({ keep, archive }) => !keep && (agreed?.includes(archive.name) ?? true))
				.map(({ archive }) => archive.name);
			if (removed.length > 0) {
				for (const archive of removed) context.log(`remove ${archive}`);
				await destination.remove(removed, context);
			}
			return { removed, kept: own.length - removed.length };
		}),
};

const namesOf = (archives: readonly Archive[]) => archives.map(({ name }) => name);

/** The archives that cannot have been made when they say. */
function aheadIn(archives: readonly Archive[], records: Records): Problem[] {
	return archives
		.map((archive) => withTime(archive, records))
		.filter((archive) => isAhead(timeOf(archive)))
		.map(({ name, created }) => ({ archive: name, message: `is dated ${created}, ${wordsOfTime}` }));
}
