// Have one destination write one archive of the states that are good until now.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { privateFolder, writeSynced } from "../../host/files.ts";
import { places } from "../../host/places.ts";
import { HoldfastError } from "../../manifest/error.ts";
import type { Metadata, StateRecord } from "../../providers/provider.ts";
import { openDestination } from "../../providers/registry.ts";
import type { ArchiveCreateStep, StepContext, StepWork } from "../step.ts";

export const archiveCreate: StepWork<ArchiveCreateStep> = {
	async run(step, context) {
		const { plan, knows, remember } = context;
		const states = Object.fromEntries(
			Object.entries(step.states).map(([name, { scope, folders }]) => {
				const reason = context.failureOf(scope);
				return [
					name,
					{ folders, ...(reason === undefined ? { outcome: "good" } : { outcome: "failed", reason }) },
				] as [string, StateRecord];
			}),
		);
		const good = Object.entries(step.states).filter(([name]) => states[name]?.outcome === "good");
		if (good.length === 0) throw new HoldfastError("failed", "no state is left that could be stored");

		const spool = spoolOf(plan.run);
		const manifest = join(spool, "manifest.json");
		await privateFolder(spool);
		await writeSynced(manifest, JSON.stringify(plan.manifest));
		const metadata: Metadata = {
			version: 1,
			machine: plan.manifest.machine,
			run: plan.run,
			created: new Date().toISOString(),
			manifest,
			states,
		};
		const destination = await openDestination(plan.manifest, step.provider, step.destination);
		try {
			const roots = [
				...good.flatMap(([, { folders, exclude }]) => folders.map((path) => ({ path, exclude }))),
				...(destination.capabilities.describesItself ? [{ path: manifest, exclude: [] }] : []),
			];
			const { unreadable, ...sizes } = await destination.create(
				{ name: step.archive, roots, metadata },
				!knows(destination.location),
				context,
			);
			remember(destination.location);
			if (unreadable.length > 0)
				await destination.describe(step.archive, marked(step, metadata, unreadable, context), context);
			return { archive: `${destination.name}::${destination.location}::${step.archive}`, ...sizes };
		} finally {
			await rm(spool, { recursive: true, force: true });
		}
	},
	async undo(step, context) {
		await rm(spoolOf(context.plan.run), { recursive: true, force: true });
		if (context.completed) return;
		const destination = await openDestination(context.plan.manifest, step.provider, step.destination);
		// What is left is not listed, and a disk that is gone must not keep every later run from its work.
		await destination.abandon(step.archive, context).catch((error: Error) => {
			context.log(`what it left in ${destination.location} could not be removed: ${error.message}`);
		});
	},
};

function spoolOf(run: string): string {
	return join(places().state, "spool", run);
}

/** The states whose files could not all be read are marked failed, in the archive and in this run. */
function marked(
	step: ArchiveCreateStep,
	metadata: Metadata,
	unreadable: readonly { path: string; reason: string }[],
	{ failScope }: StepContext,
): Metadata {
	const states = { ...metadata.states };
	for (const [name, { scope, folders }] of Object.entries(step.states)) {
		const own = unreadable.filter(({ path }) =>
			folders.some((folder) => path === folder || path.startsWith(`${folder}/`)),
		);
		const first = own[0];
		if (!first) continue;
		const reason = `could not read ${first.path}: ${first.reason}${own.length > 1 ? ` (and ${own.length - 1} more)` : ""}`;
		states[name] = { outcome: "failed", folders, reason };
		failScope(
			scope,
			new HoldfastError("failed", reason, { details: own.slice(0, 10).map(({ path }) => path) }),
		);
	}
	return { ...metadata, states };
}
