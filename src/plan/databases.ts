// The databases of a state: dumped before a backup; on restore loaded beside the live ones and swapped with the folders,
// or put into the folder that holds them before that is swapped.
import { join } from "node:path";
import type { DumpFacts } from "../databases/database.ts";
import { type Dump, databaseOf, dumpFile, dumpLabel, isServerDump } from "../databases/dump.ts";
import type { State } from "../manifest/schema.ts";
import type { Step } from "../steps/plan.ts";
import type { ArchiveSource, Place } from "../steps/step.ts";
import type { DumpStep, KeptDatabase, Known } from "../steps/step-database.ts";
import { NEW } from "../steps/work/area.ts";
import { HoldfastError } from "../values/error.ts";

/** A database's dump in an archive. */
export interface HeldDatabase {
	readonly dump: Dump;
	readonly stored: string;
	readonly facts: DumpFacts;
	/** Where the archive holds the accounts that it needs. */
	readonly accounts?: string;
	/** Undefined when this machine does not know the archive. */
	readonly known?: Known;
}

export function dumpSteps(
	name: string,
	dumps: readonly Dump[],
	spool: string,
	streamed: boolean,
): DumpStep[] {
	return dumps.map((dump, index) => ({
		kind: "dump",
		id: `dump:${name}:${index}`,
		scope: `state:${name}`,
		title: streamed
			? `look at the ${dumpLabel(dump)}, which is dumped as the archive is written`
			: `dump the ${dumpLabel(dump)}`,
		touches: [],
		dump,
		file: join(spool, name, dumpFile(dump)),
		streamed,
		sideBySide: true,
	}));
}

export function forgetDumps(name: string, { dumps }: State, spool: string): Step[] {
	if (dumps.length === 0) return [];
	return [
		{
			kind: "discard",
			id: `forget:${name}`,
			scope: `state:${name}`,
			title: `delete the dumps of ${name}`,
			touches: [],
			// Also when the state was left out: they hold what nobody else should read.
			whenBegan: `dump:${name}:0`,
			areas: [join(spool, name)],
		},
	];
}

export interface DatabasePhases {
	/** While the service runs: what needs no folder, and what goes into folders that are extracted by then. */
	readonly stage: readonly Step[];
	readonly embed: readonly Step[];
	readonly swap: readonly Step[];
	readonly kept: readonly KeptDatabase[];
	/** What goes in any case once it is committed, and the old databases. */
	readonly forget: readonly Step[];
	readonly drop: readonly Step[];
}

/** `places`: the folders that are restored with them, `inPlace`: over the live ones. */
export function databaseSteps(
	name: string,
	run: string,
	source: ArchiveSource,
	held: readonly HeldDatabase[],
	spool: string,
	places: readonly Place[],
	{ inPlace, agreed }: { readonly inPlace: boolean; readonly agreed: boolean },
): DatabasePhases {
	if (held.length === 0) return { stage: [], embed: [], swap: [], kept: [], forget: [], drop: [] };
	const scope = `state:${name}`;
	const area = join(spool, `restore-${run}-${name}`);
	const at = (stored: string) => join(area, NEW, stored);
	const served = held.flatMap(({ dump, ...one }, index) =>
		isServerDump(dump)
			? [
					{
						...one,
						dump,
						index,
						fresh: databaseName(run, name, index, "new"),
						old: databaseName(run, name, index, "old"),
					},
				]
			: [],
	);
	const stored = held.flatMap((one) => [one.stored, ...(one.accounts === undefined ? [] : [one.accounts])]);
	const drop = ({ index, dump }: (typeof served)[number], database: string, which: string): Step => ({
		kind: "database-drop",
		id: `drop:${name}:${index}:${which}`,
		scope,
		title: `drop the ${which} ${dumpLabel(dump)}`,
		touches: [database],
		dump,
		name: database,
	});
	return {
		stage: [
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
				places: stored.map((path) => ({ stored: path, staged: at(path) })),
				filesOnly: true,
			},
			...served.flatMap(({ index, dump, stored, facts, accounts, known, fresh }): Step[] => [
				...(accounts === undefined
					? []
					: [
							{
								kind: "accounts" as const,
								id: `accounts:${name}:${index}`,
								scope,
								title: `make the accounts that the ${dumpLabel(dump)} needs and that are missing`,
								touches: [],
								dump,
								...{ file: at(accounts), facts },
								...(known ? { known } : {}),
								agreed,
							},
						]),
				{
					kind: "load",
					id: `load:${name}:${index}`,
					scope,
					title: `load the ${dumpLabel(dump)} as ${fresh}, beside the live one`,
					touches: [fresh],
					dump,
					file: at(stored),
					...(accounts === undefined ? {} : { accounts: at(accounts) }),
					facts,
					as: fresh,
					...(known ? { known } : {}),
					agreed,
				},
			]),
		],
		embed: held.flatMap(({ dump, stored, facts }, index): Step[] => {
			if (isServerDump(dump)) return [];
			const { folder, to } = within(places, databaseOf(dump), dump, inPlace);
			return [
				{
					kind: "embed",
					id: `embed:${name}:${index}`,
					scope,
					title: `put the ${dumpLabel(dump)} in its folder`,
					touches: [join(folder, to)],
					dump,
					file: at(stored),
					facts,
					folder,
					to,
				},
			];
		}),
		swap: served.map(
			({ index, dump, fresh, old }): Step => ({
				kind: "database-swap",
				id: `swap:${name}:${index}`,
				scope,
				title: `swap the ${dumpLabel(dump)}`,
				touches: [databaseOf(dump)],
				dump,
				fresh,
				old,
				loaded: `load:${name}:${index}`,
			}),
		),
		kept: served.map(({ dump, old, index }) => ({ dump, old, swapped: `swap:${name}:${index}` })),
		forget: [
			// Where a server cannot rename, the loaded one is left empty.
			...served.map((one) => drop(one, one.fresh, "loaded")),
			{
				kind: "discard",
				id: `forget:${name}`,
				scope,
				title: `delete the dumps of ${name}`,
				touches: [],
				areas: [area],
			},
		],
		drop: served.map((one) => drop(one, one.old, "old")),
	};
}

/** Where a database's file stands in the folder that is restored. */
function within(places: readonly Place[], file: string, dump: Dump, inPlace: boolean) {
	const place = places
		.filter(({ folder }) => file.startsWith(`${folder}/`))
		.sort((a, b) => b.folder.length - a.folder.length)[0];
	if (place) return { folder: inPlace ? place.live : place.staged, to: file.slice(place.folder.length + 1) };
	throw new HoldfastError(
		"archive-mismatch",
		`the archive holds the ${dumpLabel(dump)}, and no folder that it lies in`,
		{
			hint: "restore --into another folder to get at it",
		},
	);
}

/** At most 63 bytes, whatever the state is called. */
export function databaseName(run: string, state: string, index: number, which: "new" | "old"): string {
	return `holdfast_${run.replace(/[^a-zA-Z0-9]/g, "")}_${state.slice(0, 20)}_${index}_${which}`.toLowerCase();
}
