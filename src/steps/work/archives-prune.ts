// Delete archives that the retention does not keep.
import { requireAble } from "../../engines/destination.ts";
import { belongsTo } from "../../engines/metadata.ts";
import { openDestination } from "../../engines/registry.ts";
import { retain } from "../../engines/retention.ts";
import { HoldfastError } from "../../values/error.ts";
import type { ArchivesPruneStep } from "../archives-prune.ts";
import type { StepWork } from "../step.ts";
import { unlessAbsent } from "./absent.ts";

export const archivesPrune: StepWork<ArchivesPruneStep> = {
	run: ({ provider, destination: name, retention, agreed }, context) =>
		unlessAbsent(async () => {
			const { manifest } = context.plan;
			const destination = await openDestination(manifest, provider, name);
			requireAble(destination, "remove");
			const archives = await destination.list(context);
			// It could not be listed when the plan was made, so nobody was shown what would go, or agreed to it.
			if (agreed === undefined)
				throw new HoldfastError(
					"not-confirmed",
					`${name} could not be listed when the plan was made: nothing was removed`,
					{
						hint: "it can be listed now, so prune again",
					},
				);
			const own = archives.filter((archive) => belongsTo(archive, manifest.machine));
			const names = own.map((archive) => archive.name);
			const removed = retain(own, retention, context.records(destination, names))
				.filter(({ keep, archive }) => !keep && agreed.includes(archive.name))
				.map(({ archive }) => archive.name);
			if (removed.length > 0) {
				for (const archive of removed) context.log(`remove ${archive}`);
				await destination.remove(removed, context);
				context.removed(destination, removed);
			}
			return { removed, kept: own.length - removed.length };
		}),
};
