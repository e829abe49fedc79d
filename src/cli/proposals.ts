// What completion proposes for names, archives and runs. It reads the config and the journal, connects to nothing, and never
// fails on a half-typed line.
import type { CommandContext } from "@stricli/core";
import { type MachineNames, namesInConfig } from "../config/names.ts";
import { databaseOf, isOfAll, isServerDump } from "../databases/dump.ts";
import { places } from "../host/places.ts";
import { Journal } from "../run/journal.ts";
import type { RunRow } from "../run/journal-rows.ts";
import type { Context } from "./context.ts";

/** At most so many archives or runs. */
const MOST = 50;

const unique = (words: readonly string[]) => [...new Set(words)];

/** Names in the config: of the machine that is typed, or of all. */
export async function namesFor(
	context: CommandContext,
	pick: (names: MachineNames) => readonly string[],
): Promise<string[]> {
	const { config, words = [], on } = typedIn(context);
	const names = await namesInConfig(config);
	const [meant] = names.filter(({ machine }) => machine === on || words.includes(machine));
	return unique((meant === undefined ? names : [meant]).flatMap(pick));
}

/** `OLD=`, for the name of a new database to follow. */
export const databasesToRename = (context: CommandContext) =>
	namesFor(context, ({ dumps }) =>
		dumps.filter((dump) => isServerDump(dump) && !isOfAll(dump)).map((dump) => `${databaseOf(dump)}=`),
	);

export async function machineNames(context: CommandContext): Promise<string[]> {
	return (await namesInConfig(typedIn(context).config)).map(({ machine }) => machine);
}

/** Whose archives there may be: machines of the config, and the names that this machine had before. */
export async function archiveOwners(context: CommandContext): Promise<string[]> {
	return unique([...(await machineNames(context)), ...(fromJournal((journal) => journal.owners()) ?? [])]);
}

/** The next word of a command whose output has a schema. */
export async function commandWords(context: CommandContext): Promise<string[]> {
	const { words = [] } = typedIn(context);
	const { outputsByCommand } = await import("./outputs/list.ts");
	const outputs = await outputsByCommand(await (context as Context).commands());
	const commands = Object.keys(outputs).map((name) => name.split(" "));
	return unique(
		commands
			.filter((command) => words.every((word, at) => command[at] === word))
			.flatMap((command) => command[words.length] ?? []),
	);
}

/** The next of [MACHINE] [PROVIDER|DESTINATION] ARCHIVE (archive-words.ts); nothing after the archive. */
export async function archiveWordsFor(context: CommandContext, partial: string): Promise<string[]> {
	const { config, words = [], on } = typedIn(context);
	const names = await namesInConfig(config);
	const [first, ...more] = words;
	const named = names.find(({ machine }) => machine === first || machine === on);
	const before = named?.machine === first ? more : words;
	const able = named === undefined ? names : [named];
	const [place] = before;
	const placesOf = ({ providers, destinations }: MachineNames) => [...providers, ...destinations];
	if (before.length > 1 || (place !== undefined && !able.flatMap(placesOf).includes(place))) return [];
	const archives = archivesHere(able.map(({ machine }) => machine)).filter(
		({ provider, destination }) => place === undefined || place === provider || place === destination,
	);
	// A name says which archive is meant once the place is known; without one an id does.
	const isNamed = place !== undefined || (partial !== "" && !partial.includes("::"));
	return unique([
		...(words.length === 0 && on === undefined ? names.map(({ machine }) => machine) : []),
		...(place === undefined ? able.flatMap(placesOf) : []),
		"latest",
		...startingWith(
			partial,
			archives.flatMap(({ id, name }) => (isNamed ? [name, id] : [id])),
		),
	]);
}

/** Those that this machine made and that no prune has removed, newest first. */
function archivesHere(machines: readonly string[]) {
	return (
		fromJournal((journal) => {
			const removed = new Set(journal.runs(1_000).flatMap(removedBy));
			return machines
				.flatMap((machine) => journal.archives(machine))
				.filter(({ provider, destination, name }) => !removed.has(`${provider}/${destination} ${name}`));
		}) ?? []
	);
}

function removedBy({ operation, summary }: RunRow): string[] {
	if (operation !== "prune") return [];
	const { results = {} } = (summary ?? {}) as { results?: Record<string, { removed?: unknown }> };
	return Object.entries(results).flatMap(([step, result]) =>
		Array.isArray(result?.removed)
			? result.removed.map((name) => `${step.replace(/^prune:/, "")} ${String(name)}`)
			: [],
	);
}

/** Ids of past runs, newest first. */
export const pastRuns = (context: CommandContext, partial: string) =>
	runsFor(context, partial, ["latest"], (journal) => journal.runs(1_000).map(({ id }) => id));

/** Restores whose old copies are kept. */
export const undoableRuns = (context: CommandContext, partial: string) =>
	runsFor(context, partial, ["latest"], (journal) =>
		journal
			.kept()
			.map(({ run }) => run)
			.reverse(),
	);

/** What can be abandoned. */
export const unendedRuns = (context: CommandContext, partial: string) =>
	runsFor(context, partial, ["journal"], (journal) => journal.open().map(({ run }) => run));

function runsFor(
	context: CommandContext,
	partial: string,
	words: readonly string[],
	ids: (journal: Journal) => readonly string[],
): string[] {
	// The runs of another machine are in its own journal.
	if (typedIn(context).on !== undefined) return [...words];
	return unique([...words, ...startingWith(partial, fromJournal(ids) ?? [])]);
}

const startingWith = (partial: string, words: readonly string[]) =>
	words.filter((word) => word.startsWith(partial)).slice(0, MOST);

function fromJournal<T>(read: (journal: Journal) => T): T | undefined {
	try {
		using journal = Journal.read(places().state);
		return read(journal);
	} catch {
		return undefined;
	}
}

const typedIn = (context: CommandContext) => (context as Partial<Context>).typed ?? {};
