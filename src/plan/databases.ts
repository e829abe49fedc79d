// The databases of a state: dumped before a backup; on restore loaded beside the live ones and swapped with the folders.
import { join } from "node:path";
import type { DumpFacts } from "../databases/database.ts";
import { type Dump, dumpFile, dumpLabel } from "../manifest/dumps.ts";
import type { State } from "../manifest/schema.ts";
import type { ArchiveSource, DumpStep, Step } from "../run/step.ts";
import { NEW } from "../run/steps/area.ts";

/** A database's dump in an archive. */
export interface HeldDatabase {
	readonly dump: Dump;
	readonly stored: string;
	readonly facts: DumpFacts;
}

export function dumpSteps(name: string, dumps: readonly Dump[], spool: string): DumpStep[] {
	return dumps.map((dump, index) => ({
		kind: "dump",
		id: `dump:${name}:${index}`,
		scope: `state:${name}`,
		title: `dump the ${dumpLabel(dump)}`,
		touches: [],
		dump,
		file: join(spool, name, dumpFile(dump)),
	}));
}

export function forgetDumps(name: string, { dumps }: State, spool: string): Step[] {
	if (dumps.length === 0) return [];
	return [
		{
			kind: "discard",
			id: `forget:${name}`,
			scope: `state:${name}`,
			title: `delete the dumps of ${name}, which are in the archives now`,
			touches: [],
			areas: [join(spool, name)],
		},
	];
}

/** The databases of a state: loaded beside the live ones, swapped with the folders. */
export function databaseSteps(
	name: string,
	run: string,
	source: ArchiveSource,
	held: readonly HeldDatabase[],
	spool: string,
) {
	const scope = `state:${name}`;
	const area = join(spool, `restore-${run}-${name}`);
	const each = held.map((one, index) => ({
		...one,
		index,
		staged: join(area, NEW, one.stored),
		fresh: databaseName(run, name, index, "new"),
		old: databaseName(run, name, index, "old"),
	}));
	const forget: Step[] =
		held.length === 0
			? []
			: [
					{
						kind: "discard",
						id: `forget:${name}`,
						scope,
						title: `delete the dumps of ${name}`,
						touches: [],
						areas: [area],
					},
				];
	const extract: Step[] =
		held.length === 0
			? []
			: [
					{
						kind: "area",
						id: `area:${name}:dumps`,
						scope,
						title: `make the private folder ${area}`,
						touches: [area],
						area,
					},
					{
						kind: "stage",
						id: `stage:${name}:dumps`,
						scope,
						title: `extract the dumps of ${name}`,
						touches: [area],
						...source,
						area,
						places: each.map(({ stored, staged }) => ({ stored, staged })),
					},
				];
	return {
		stage: [
			...extract,
			...each.map(
				({ index, dump, staged, facts, fresh }): Step => ({
					kind: "load",
					id: `load:${name}:${index}`,
					scope,
					title: `load the ${dumpLabel(dump)} as ${fresh}, beside the live one`,
					touches: [fresh],
					dump,
					file: staged,
					facts,
					as: fresh,
				}),
			),
		],
		swap: each.map(
			({ index, dump, fresh, old }): Step => ({
				kind: "database-swap",
				id: `swap:${name}:${index}`,
				scope,
				title: `swap the ${dumpLabel(dump)}`,
				touches: [dump.postgresql],
				dump,
				fresh,
				old,
			}),
		),
		kept: each.map(({ dump, old }) => ({ dump, old })),
		forget,
		tidy: [
			...each.map(
				({ index, dump, old }): Step => ({
					kind: "database-drop",
					id: `drop:${name}:${index}`,
					scope,
					title: `drop the old ${dumpLabel(dump)}`,
					touches: [old],
					dump,
					name: old,
				}),
			),
			...forget,
		],
	};
}

/** At most 63 bytes, whatever the state is called. */
export function databaseName(run: string, state: string, index: number, which: "new" | "old"): string {
	return `holdfast_${run.replace(/[^a-zA-Z0-9]/g, "")}_${state.slice(0, 20)}_${index}_${which}`.toLowerCase();
}
