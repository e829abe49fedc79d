// The databases of a state on restore: a server's databases are loaded next to the live ones and swapped together with the
// folders; databases that are files are put into the extracted folder before that is swapped; stores are loaded after it.
import { join } from "node:path";
import type { DumpFacts } from "../databases/database.ts";
import {
	type Dump,
	databaseOf,
	dumpLabel,
	type FileDump,
	isFileDump,
	isServerDump,
	isStoreDump,
	type ServerDump,
	type StoreDump,
} from "../databases/dump.ts";
import type { Known } from "../steps/accounts.ts";
import { accounts as accountsKind } from "../steps/accounts.ts";
import { area as areaKind, NEW } from "../steps/area.ts";
import { databaseDrop } from "../steps/database-drop.ts";
import { databaseFile } from "../steps/database-file.ts";
import { databaseSwap } from "../steps/database-swap.ts";
import { discard } from "../steps/discard.ts";
import type { ArchiveSource, Place } from "../steps/fields.ts";
import { load } from "../steps/load.ts";
import type { Step } from "../steps/plan.ts";
import type { KeptDatabase } from "../steps/records.ts";
import { stateScope } from "../steps/scope.ts";
import { stage } from "../steps/stage.ts";
import { storeCheck } from "../steps/store-check.ts";
import { HoldfastError } from "../values/error.ts";
import { runInName } from "../values/run-in-name.ts";
import { storeSteps } from "./stores.ts";

/** A database's dump in an archive. */
export interface HeldDatabase {
	readonly dump: Dump;
	readonly stored: string;
	readonly facts: DumpFacts;
	/** The path of the required accounts in the archive. */
	readonly accounts?: string;
	/** Undefined if this machine has no record of the archive. */
	readonly known?: Known;
	/** The name of a new database that it becomes; the live one is left alone. */
	readonly into?: string;
	/** The server of the config that it is loaded on. Undefined for the one that the live one is on. */
	readonly on?: string;
	/** What the user should know of how it was made. */
	readonly remark?: string | undefined;
}

export interface DatabaseRequest {
	readonly state: string;
	readonly run: string;
	readonly source: ArchiveSource;
	readonly held: readonly HeldDatabase[];
	/** A private folder for dumps that are loaded. */
	readonly spool: string;
	/** The folders that are restored with them, and whether directly over the live ones. */
	readonly places: readonly Place[];
	readonly inPlace: boolean;
	/** The user says that the archive can be trusted. */
	readonly agreed: boolean;
}

export interface DatabasePhases {
	/** While the service runs: steps that need no folder, and steps for folders that are already extracted. */
	readonly stage: readonly Step[];
	readonly files: readonly Step[];
	/** While the units are stopped: before the folders are replaced, and after it. */
	readonly aside: readonly Step[];
	readonly swap: readonly Step[];
	readonly kept: readonly KeptDatabase[];
	/** What is removed after the commit in any case, and the old databases. */
	readonly forget: readonly Step[];
	readonly drop: readonly Step[];
}

/** One of the databases, by its index among those of the archive. */
interface Restored<D extends Dump> extends Omit<HeldDatabase, "dump"> {
	readonly dump: D;
	readonly index: number;
	/** The path that its dump is extracted to. */
	readonly file: string;
}

export function databaseSteps(request: DatabaseRequest): DatabasePhases {
	const { state, run, held, spool } = request;
	if (held.length === 0) return { stage: [], files: [], aside: [], swap: [], kept: [], forget: [], drop: [] };
	const area = join(spool, `restore-${run}-${state}`);
	const restored = held.map((one, index) => ({ ...one, index, file: at(area, one.stored) }));
	const servers = restored.flatMap(({ dump, ...one }) => (isServerDump(dump) ? [{ ...one, dump }] : []));
	const files = restored.flatMap(({ dump, ...one }) => (isFileDump(dump) ? [{ ...one, dump }] : []));
	const stores = restored.flatMap(({ dump, ...one }) => (isStoreDump(dump) ? [{ ...one, dump }] : []));
	const store = storeSteps({ ...request, what: "that of the archive" }, stores);
	return {
		stage: [
			...extractSteps(request, area),
			...servers.flatMap((one) => [...accountsSteps(request, area, one), loadStep(request, area, one)]),
			...stores.map((one) => checkStep(request, one)),
			...store.prepare,
		],
		files: files.map((one) => fileStep(request, one)),
		aside: store.aside,
		swap: [...servers.map((one) => swapStep(request, one)), ...store.load],
		kept: [
			...servers.map(({ dump, index }) => ({
				dump,
				old: databaseName(run, state, index, "old"),
				swapped: databaseSwap.id(state, index),
			})),
			...store.kept,
		],
		forget: [
			// If the server cannot rename databases, the loaded one is left empty.
			...servers.map((one) => dropStep(request, one, "new")),
			discard.step({
				id: discard.id("forget", state),
				scope: stateScope(state),
				title: `delete the dumps of ${state}`,
				touches: [],
				areas: [area],
			}),
		],
		drop: [...servers.map((one) => dropStep(request, one, "old")), ...store.drop],
	};
}

function at(area: string, stored: string): string {
	return join(area, NEW, stored);
}

function extractSteps({ state, source, held }: DatabaseRequest, area: string): Step[] {
	const stored = held.flatMap((one) => [one.stored, ...(one.accounts === undefined ? [] : [one.accounts])]);
	return [
		areaKind.step({
			id: areaKind.id(state, "dumps"),
			scope: stateScope(state),
			title: `create the private folder ${area}`,
			touches: [area],
			area,
		}),
		stage.step({
			id: stage.id(state, "dumps"),
			scope: stateScope(state),
			title: `extract the dumps of ${state}`,
			touches: [area],
			...source,
			area,
			places: stored.map((path) => ({ stored: path, staged: at(area, path) })),
			filesOnly: true,
		}),
	];
}

function accountsSteps(
	{ state, agreed }: DatabaseRequest,
	area: string,
	{ dump, on, index, facts, accounts, known }: Restored<ServerDump>,
): Step[] {
	if (accounts === undefined) return [];
	return [
		accountsKind.step({
			id: accountsKind.id(state, index),
			scope: stateScope(state),
			title: `create the missing accounts that the ${dumpLabel(dump)} needs${onWords(on)}`,
			touches: [],
			dump,
			file: at(area, accounts),
			facts,
			...(known ? { known } : {}),
			agreed,
		}),
	];
}

function loadStep(
	{ state, run, agreed }: DatabaseRequest,
	area: string,
	{ dump, on, index, file, facts, accounts, known }: Restored<ServerDump>,
): Step {
	const fresh = databaseName(run, state, index, "new");
	return load.step({
		id: load.id(state, index),
		scope: stateScope(state),
		title: `load the ${dumpLabel(dump)} as ${fresh}, ${on === undefined ? "next to the live one" : `on the server ${on}`}`,
		touches: [fresh],
		dump,
		file,
		...(accounts === undefined ? {} : { accounts: at(area, accounts) }),
		facts,
		as: fresh,
		...(known ? { known } : {}),
		agreed,
	});
}

function checkStep(
	{ state, agreed }: DatabaseRequest,
	{ dump, index, file, known }: Restored<StoreDump>,
): Step {
	return storeCheck.step({
		id: storeCheck.id(state, index),
		scope: stateScope(state),
		title: `check that the dump of the ${dumpLabel(dump)} can be trusted`,
		touches: [],
		dump,
		file,
		...(known ? { known } : {}),
		agreed,
	});
}

function fileStep(
	{ state, places, inPlace }: DatabaseRequest,
	{ dump, index, file, facts }: Restored<FileDump>,
): Step {
	const { folder, to } = within(places, dump, inPlace);
	return databaseFile.step({
		id: databaseFile.id(state, index),
		scope: stateScope(state),
		title: `put the ${dumpLabel(dump)} in its folder`,
		touches: [join(folder, to)],
		dump,
		file,
		facts,
		folder,
		to,
	});
}

/** The path of a database's file in the folder that is restored. */
function within(places: readonly Place[], dump: FileDump, inPlace: boolean) {
	const file = databaseOf(dump);
	const place = places
		.filter(({ folder }) => file.startsWith(`${folder}/`))
		.sort((a, b) => b.folder.length - a.folder.length)[0];
	if (place) return { folder: inPlace ? place.live : place.staged, to: file.slice(place.folder.length + 1) };
	throw new HoldfastError(
		"archive-mismatch",
		`the archive contains the ${dumpLabel(dump)}, but not its folder`,
		{ subject: file, hint: "restore it to another folder with --into" },
	);
}

const onWords = (on: string | undefined) => (on === undefined ? "" : ` on the server ${on}`);

function swapStep({ state, run }: DatabaseRequest, { dump, on, index, into }: Restored<ServerDump>): Step {
	return databaseSwap.step({
		id: databaseSwap.id(state, index),
		scope: stateScope(state),
		title:
			into === undefined ? `swap the ${dumpLabel(dump)}` : `name the loaded database ${into}${onWords(on)}`,
		touches: [into ?? databaseOf(dump)],
		dump,
		...(into === undefined ? {} : { into }),
		fresh: databaseName(run, state, index, "new"),
		old: databaseName(run, state, index, "old"),
		loaded: load.id(state, index),
	});
}

function dropStep(
	{ state, run }: DatabaseRequest,
	{ dump, index }: Restored<ServerDump>,
	which: "new" | "old",
): Step {
	const word = which === "new" ? "loaded" : "old";
	const name = databaseName(run, state, index, which);
	const title = which === "new" ? `drop what is left of ${name}` : `drop the old ${dumpLabel(dump)}`;
	return databaseDrop.step({
		id: databaseDrop.id(state, index, word),
		scope: stateScope(state),
		title,
		touches: [name],
		dump,
		name,
	});
}

/** At most 63 bytes, whatever the state's name. */
export function databaseName(run: string, state: string, index: number, which: "new" | "old"): string {
	return `holdfast_${runInName(run)}_${state.slice(0, 20)}_${index}_${which}`.toLowerCase();
}
