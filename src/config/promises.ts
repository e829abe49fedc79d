// What cannot be without a snapshot: promises of consistency that no archive of the state could keep, and units to freeze.

import type { Fault } from "../manifest/faults.ts";
import type { Manifest, State } from "../manifest/schema.ts";
import { CONSISTENCIES, isLess, wordFor } from "../values/consistency.ts";

const isCaught = ({ folders, snapshot }: State) =>
	folders.length > 0 && snapshot !== undefined && snapshot !== "never";

export function promiseFaults({ state: states }: Pick<Manifest, "state">): Fault[] {
	return Object.entries(states).flatMap(([state, declared]) => {
		const { consistency, folders, freezeOnBackup, stopOnBackup } = declared;
		const best = isCaught(declared) ? "atomic" : wordFor({ folders, still: stopOnBackup.length > 0 });
		return [
			...(consistency === undefined || !isLess(best, consistency)
				? []
				: [
						{
							path: ["state", state, "consistency"],
							message: `"${consistency}" cannot be kept, since at best ${CONSISTENCIES[best]} (${best})`,
							hint: HINTS[consistency] ?? HINTS.stopped,
						},
					]),
			...(freezeOnBackup ?? []).flatMap(({ unit }, index) =>
				/\.(service|scope)$/.test(unit)
					? []
					: [
							{
								path: ["state", state, "freezeOnBackup", String(index)],
								message: `${unit} cannot be frozen: only services and scopes can`,
								hint: "name the service whose processes write",
							},
						],
			),
			...(freezeOnBackup === undefined || isCaught(declared)
				? []
				: [
						{
							path: ["state", state, "freezeOnBackup"],
							message: "units are frozen only while snapshots are taken, and this state does not ask for one",
							hint: HINTS.atomic,
						},
					]),
		];
	});
}

const HINTS = {
	atomic: "set snapshot: auto or require",
	spread: "set snapshot: auto or require",
	stopped: "set snapshot: auto or require, or name its units in stopOnBackup",
} as { readonly [word: string]: string; readonly atomic: string; readonly stopped: string };
