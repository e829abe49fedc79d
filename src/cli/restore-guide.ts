// `holdfast restore` alone on a terminal: asks for the service and for the archive, newest first, and says which command that is.
import { isArchiveId, listedSchema } from "../fleet/answers.ts";
import { type Machines, withStates } from "../fleet/select.ts";
import type { Manifest } from "../manifest/schema.ts";
import { type ListedArchive, type Listing, listArchives, problemOf } from "../plan/archives.ts";
import { chooseArchive, doubtOf, isGood } from "../plan/choose.ts";
import { type FormatFlags, isText } from "../report/formats.ts";
import type { Listed } from "../report/result.ts";
import { type Choice, canBeAsked, choose, printMessage } from "../report/terminal.ts";
import { ago } from "../report/text/units.ts";
import { HoldfastError } from "../values/error.ts";
import { localTime } from "../values/local-time.ts";
import { shellLine } from "../values/shell.ts";
import type { MachineCall } from "./command.ts";
import { askAll } from "./fleet.ts";
import { providersOf, type Target } from "./machines.ts";
import { interruptible, unwatched } from "./signals.ts";
import { NAME_ARCHIVE } from "./usage-words.ts";

interface Asked extends Partial<FormatFlags> {
	/** From the command line. */
	readonly service?: readonly string[];
	readonly path?: readonly string[];
	readonly from?: string;
	readonly yes: boolean;
}

interface Chosen {
	/** The words that name the archive. */
	readonly words: readonly string[];
	/** Undefined if the flags say it. */
	readonly service?: readonly string[];
}

/** The machine; undefined if there is only one, or if nobody can be asked. Throws `interrupted` when the user leaves. */
export async function askWhichMachine(
	config: Pick<Machines, "names" | "isStateless">,
	flags: Asked,
): Promise<string | undefined> {
	const names = await withStates(config);
	if (names.length < 2) return undefined;
	requireAsked(flags);
	const choices = names.map((name) => ({ value: name, label: name }));
	return answered("On which machine?", choices, interruptible());
}

/** The command line for another machine, with all that was asked for. Throws as `askWhatToRestore`. */
export async function askForElsewhere(
	call: MachineCall,
	flags: Asked,
	target: Target,
	signal: AbortSignal,
): Promise<readonly string[]> {
	const { machine } = call.manifest;
	const { words, service = [] } = await askWhatToRestore(call, flags, signal, async () => {
		const from = flags.from === undefined ? [] : ["--from", flags.from];
		using answers = await askAll<Listed>([call.manifest], target.sshConfig, 1, signal, {
			argv: () => ["list", machine, "--json", ...from],
			schema: listedSchema,
			here: () => Promise.reject(new Error("it is elsewhere")),
		});
		const listed = answers.all[0]?.answer?.();
		if (listed === undefined) throw new HoldfastError("failed", `${machine} gave no answer`);
		// One with an older Holdfast does not say what was lost.
		const { archives, lost = [] } = listed;
		return {
			...listed,
			archives: archives.filter(({ id }) => isArchiveId(id)),
			lost: lost.filter(({ id }) => isArchiveId(id)),
		};
	});
	return [...call.words, ...service.flatMap((name) => ["--service", name]), ...words];
}

function requireAsked(flags: Asked): void {
	if (canBeAsked() && isText(flags) && !flags.yes) return;
	throw new HoldfastError("usage", "ARCHIVE is missing", {
		hint: `${NAME_ARCHIVE}; for usage, see: holdfast restore --help`,
	});
}

/**
 * Throws a usage error where nobody can be asked, and `interrupted` when the user leaves. `list`: of a machine elsewhere, whose
 * name is then among the words.
 */
export async function askWhatToRestore(
	{ manifest, words }: MachineCall,
	flags: Asked,
	signal: AbortSignal,
	list?: () => Promise<Listing>,
): Promise<Chosen> {
	requireAsked(flags);
	const isSaid = flags.service !== undefined || flags.path !== undefined;
	const service = isSaid ? undefined : await askService(manifest, signal);
	printMessage("looking for archives …");
	const listHere = () =>
		listArchives(manifest, providersOf(manifest, undefined), unwatched(signal), { from: flags.from });
	const listing = await (list ?? listHere)();
	for (const { provider, destination, error } of listing.failures)
		printMessage(`! ${provider}/${destination} could not be asked: ${error.message}`);
	const id = await askArchive(listing, service ?? flags.service ?? [], signal);
	const named = list === undefined ? [id] : [manifest.machine, id];
	const typed = ["holdfast", ...words, ...(service ?? []).flatMap((name) => ["--service", name]), ...named];
	printMessage(`the same without questions: ${shellLine(typed)}`);
	return { words: named, ...(service === undefined ? {} : { service }) };
}

async function askService({ state }: Manifest, signal: AbortSignal): Promise<readonly string[] | undefined> {
	const names = Object.keys(state);
	if (names.length < 2) return names.length === 0 ? undefined : names;
	const holds = (name: string) => {
		const { folders = [], dumps = [] } = state[name] ?? {};
		const databases =
			dumps.length === 0 ? [] : [dumps.length === 1 ? "a database" : `${dumps.length} databases`];
		return [...folders, ...databases].join(", ");
	};
	const chosen = await answered(
		"What is to be restored?",
		[
			...names.map((name) => ({ value: `service ${name}`, label: name, hint: holds(name) })),
			{ value: "all", label: `all ${names.length} of them` },
		],
		signal,
	);
	return chosen === "all" ? names : [chosen.slice("service ".length)];
}

async function askArchive(
	listing: Listing,
	services: readonly string[],
	signal: AbortSignal,
): Promise<string> {
	const holding = listing.archives.filter(
		({ metadata, ...other }) =>
			services.length === 0 ||
			services.some((service) => metadata?.states[service] !== undefined) ||
			(metadata === undefined && other.foreign === undefined),
	);
	// Says why there is none.
	if (!holding.some((archive) => isUsable(archive, services)))
		return chooseArchive(listing, "latest", services).id;
	return answered(
		"From when?",
		[...holding].reverse().map((archive) => choiceOf(archive, services)),
		signal,
	);
}

const isUsable = (archive: ListedArchive, services: readonly string[]) =>
	services.every((service) => isGood(archive, service)) &&
	archive.damaged === undefined &&
	archive.newer === undefined;

function choiceOf(archive: ListedArchive, services: readonly string[]): Choice {
	const { id, created, provider, destination } = archive;
	const age = created === undefined ? undefined : (Date.now() - Date.parse(created)) / 1000;
	const when =
		created === undefined || age === undefined
			? archive.name
			: `${localTime(created)}  ${age < 0 ? "in the future" : ago(age)}`;
	return {
		value: id,
		label: `${when}  ${provider}/${destination}  ${outcomeOf(archive, services)}`,
		disabled: !isUsable(archive, services),
	};
}

/** What the archive says about these states. */
function outcomeOf(archive: ListedArchive, services: readonly string[]): string {
	const problem = problemOf(archive);
	if (problem !== undefined) return problem;
	const { metadata } = archive;
	if (metadata === undefined) return "does not say what it holds";
	const faults = services.flatMap((service) => {
		const record = metadata.states[service];
		const doubt = doubtOf(archive, service);
		const fault =
			record === undefined
				? "is not in it"
				: record.outcome === "failed"
					? `failed${record.reason === undefined ? "" : `: ${record.reason}`}`
					: doubt === undefined
						? undefined
						: `in doubt: ${doubt}`;
		return fault === undefined ? [] : [services.length === 1 ? fault : `${service} ${fault}`];
	});
	return faults.length === 0 ? "good" : faults.join("; ");
}

async function answered(question: string, choices: readonly Choice[], signal: AbortSignal): Promise<string> {
	const answer = await choose(question, choices, signal);
	if (answer === undefined) throw new HoldfastError("interrupted", "interrupted; nothing was changed");
	return answer;
}
