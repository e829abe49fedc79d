// The plans of `check` and `prune`: one step per destination; a failure affects only its own.

import type { Work } from "../engines/destination.ts";
import { openDestinations } from "../engines/registry.ts";
import { type Decision, retain } from "../engines/retention.ts";
import type { Manifest } from "../manifest/schema.ts";
import { type ArchivesCheckStep, archivesCheck } from "../steps/archives-check.ts";
import { type ArchivesPruneStep, archivesPrune } from "../steps/archives-prune.ts";
import type { Plan, Step } from "../steps/plan.ts";
import { destinationScope } from "../steps/scope.ts";
import type { Listing } from "./archives.ts";
import { openRecords } from "./records.ts";

interface Request {
	readonly manifest: Manifest;
	readonly run: string;
	readonly providers: readonly string[];
}

export async function planCheck({ manifest, run, providers }: Request, full: boolean): Promise<Plan> {
	const steps: ArchivesCheckStep[] = [];
	for (const provider of providers)
		for (const { name, check } of await openDestinations(manifest, provider))
			if (check !== undefined)
				steps.push(
					archivesCheck.step({
						id: archivesCheck.id(provider, name),
						scope: destinationScope(provider, name),
						title: `${full ? "read all of" : "check"} ${name} (${provider})`,
						touches: [],
						provider,
						destination: name,
						full,
					}),
				);
	return planOf(manifest, run, "check", steps);
}

export interface PruneDecisions {
	readonly provider: string;
	readonly destination: string;
	/** Newest first; undefined if the destination could not be asked. */
	readonly decisions?: readonly Decision[];
}

/** What would be pruned, by destination. Omits providers without a retention, or whose engine cannot delete. */
export async function decidePrune(
	{ manifest, providers }: Request,
	listing: Listing,
	work: Pick<Work, "log">,
): Promise<PruneDecisions[]> {
	const all: PruneDecisions[] = [];
	const book = openRecords(manifest.machine, work);
	const states = Object.keys(manifest.state);
	for (const provider of providers) {
		const retention = manifest.providers[provider] && retentionOf(manifest, provider);
		if (!retention) continue;
		for (const opened of await openDestinations(manifest, provider)) {
			const destination = opened.name;
			const at = (one: { provider: string; destination: string }) =>
				one.provider === provider && one.destination === destination;
			const archives = listing.archives.filter(at);
			const decide = () => retain(archives, retention, { ...book.of(opened, archives), states });
			all.push({
				provider,
				destination,
				...(listing.failures.some(at) ? {} : { decisions: decide() }),
			});
		}
	}
	book.close();
	return all;
}

export function planPrune({ manifest, run }: Request, decided: readonly PruneDecisions[]): Plan {
	const steps = decided.flatMap(({ provider, destination, decisions }): ArchivesPruneStep[] => {
		const retention = retentionOf(manifest, provider);
		if (!retention) return [];
		const going = decisions?.filter(({ keep }) => !keep).map(({ archive }) => archive.name);
		return [
			archivesPrune.step({
				id: archivesPrune.id(provider, destination),
				scope: destinationScope(provider, destination),
				title: `prune ${destination} (${provider})`,
				touches: (going ?? []).map((archive) => `${provider}/${destination}/${archive}`),
				provider,
				destination,
				retention,
				...(going === undefined ? {} : { agreed: going }),
			}),
		];
	});
	return planOf(manifest, run, "prune", steps);
}

function retentionOf(manifest: Manifest, provider: string) {
	const options = manifest.providers[provider];
	return options !== undefined && "retention" in options ? options.retention : undefined;
}

function planOf(manifest: Manifest, run: string, operation: Plan["operation"], steps: readonly Step[]): Plan {
	return { version: 1, run, operation, manifest, steps, goals: steps.map(({ scope }) => scope) };
}
