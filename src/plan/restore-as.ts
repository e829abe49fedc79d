// The plan of `restore --as`: databases of an archive become new ones on the server, beside the live ones. No folder, unit, hook
// or live database is touched.
import { isServerDump } from "../databases/dump.ts";
import type { Manifest } from "../manifest/schema.ts";
import { commit } from "../steps/commit.ts";
import type { ArchiveSource } from "../steps/fields.ts";
import type { Plan, Step } from "../steps/plan.ts";
import { preflight } from "../steps/preflight.ts";
import { stateScope } from "../steps/scope.ts";
import { databaseSteps, type HeldDatabase } from "./databases.ts";

export interface RestoreAsRequest {
	readonly manifest: Manifest;
	readonly run: string;
	readonly source: ArchiveSource;
	readonly archiveId: string;
	/** By state: each with its new name. */
	readonly databases: Readonly<Record<string, readonly (HeldDatabase & { readonly into: string })[]>>;
	/** A private folder for dumps that are loaded. */
	readonly spool: string;
	readonly trustArchive: boolean;
}

export function planRestoreAs(request: RestoreAsRequest): Plan {
	const { manifest, run, source, archiveId, spool } = request;
	const states = Object.entries(request.databases);
	return {
		version: 1,
		run,
		operation: "restore-as",
		manifest,
		steps: states.flatMap(([state, held]): Step[] => {
			const scope = stateScope(state);
			const names = held.map(({ into }) => into).join(", ");
			const { stage, swap, forget } = databaseSteps({
				...{ state, run, source, held, spool, places: [], inPlace: false },
				agreed: request.trustArchive,
			});
			return [
				preflight.step({
					id: preflight.id(state),
					scope,
					title: `check what ${names} ${held.length === 1 ? "needs" : "need"}`,
					touches: [],
					...source,
					archiveId,
					...{ places: [], units: [], spool, twoCopies: true },
					dumps: held
						.filter(({ dump }) => isServerDump(dump))
						.map(({ dump, facts, stored, into }) => ({ dump, facts, stored, into })),
				}),
				...stage,
				...swap,
				commit.step({ id: commit.id(state), scope, title: `commit ${names}`, touches: [] }),
				...forget,
			];
		}),
		goals: states.map(([state]) => stateScope(state)),
	};
}
