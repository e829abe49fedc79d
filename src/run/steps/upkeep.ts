// What keeps a destination in order: look whether it is whole, and let old archives go.
import { HoldfastError } from "../../manifest/error.ts";
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
			if (problems.length === 0) return { archives: (await destination.list(context)).length };
			throw new HoldfastError("failed", `${destination.location} is not whole`, {
				details: problems
					.slice(0, 20)
					.map(({ archive, message }) => (archive === undefined ? message : `${archive}: ${message}`)),
				hint: "back up anew to a destination that is whole before you mend or remove anything here",
			});
		}),
};

export const archivesPrune: StepWork<PruneStep> = {
	run: ({ provider, destination: name, retention, agreed }, context) =>
		unlessAbsent(async () => {
			const { manifest } = context.plan;
			const destination = await openDestination(manifest, provider, name);
			const own = (await destination.list(context)).filter(
				({ metadata }) => metadata === undefined || metadata.machine === manifest.machine,
			);
			const removed = retain(own, retention)
				.filter(({ keep, archive }) => !keep && (agreed?.includes(archive.name) ?? true))
				.map(({ archive }) => archive.name);
			if (removed.length > 0) {
				for (const archive of removed) context.log(`remove ${archive}`);
				await destination.remove(removed, context);
			}
			return { removed, kept: own.length - removed.length };
		}),
};
