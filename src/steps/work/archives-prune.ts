// Delete archives that the retention does not keep.
import { requireAble } from "../../engines/destination.ts";
import { belongsTo } from "../../engines/metadata.ts";
import { openDestination } from "../../engines/registry.ts";
import { retain } from "../../engines/retention.ts";
import type { ArchivesPruneStep } from "../archives-prune.ts";
import type { StepWork } from "../step.ts";
import { unlessAbsent } from "./absent.ts";

export const archivesPrune: StepWork<ArchivesPruneStep> = {
	run: ({ provider, destination: name, retention, agreed }, context) =>
		unlessAbsent(async () => {
			const { manifest } = context.plan;
			const destination = await openDestination(manifest, provider, name);
			requireAble(destination, "remove");
			const own = (await destination.list(context)).filter((archive) => belongsTo(archive, manifest.machine));
			const names = own.map((archive) => archive.name);
			const removed = retain(own, retention, context.records(destination, names))
				.filter(({ keep, archive }) => !keep && (agreed?.includes(archive.name) ?? true))
				.map(({ archive }) => archive.name);
			if (removed.length > 0) {
				for (const archive of removed) context.log(`remove ${archive}`);
				await destination.remove(removed, context);
				context.removed(destination, removed);
			}
			return { removed, kept: own.length - removed.length };
		}),
};
