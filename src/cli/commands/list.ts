// holdfast list [MACHINE] [--provider P]
import { buildCommand } from "@stricli/core";
import { isHere } from "../../fleet/select.ts";
import { places } from "../../host/places.ts";
import type { Manifest } from "../../manifest/schema.ts";
import { type Listing, listArchives } from "../../plan/archives.ts";
import { print, printLongJson, printMessage } from "../../report/terminal.ts";
import { archiveTable } from "../../report/text/tables.ts";
import { Journal } from "../../run/journal.ts";
import type { FailedUpkeep } from "../../run/journal-rows.ts";
import { reportOf } from "../../values/error.ts";
import { EXIT } from "../../values/error-codes.ts";
import { localTime } from "../../values/local-time.ts";
import {
	type CommonFlags,
	chosen,
	commonFlags,
	type FleetFlags,
	fleetFlags,
	guard,
	machineWords,
	providerFlag,
	providersOf,
	withStates,
} from "../flags.ts";
import { interruptible, unwatched } from "../signals.ts";
import { undeployed } from "../undeployed.ts";

interface Flags extends CommonFlags, FleetFlags {
	readonly provider?: string;
}

export const list = buildCommand({
	docs: {
		brief: "list archives, with the states that each holds",
		fullDescription:
			"Examples:\n  holdfast list\n  holdfast list web01 --provider borgbackup --json\n  holdfast list --all",
	},
	parameters: {
		flags: { ...commonFlags, ...fleetFlags, provider: providerFlag },
		positional: machineWords,
	},
	func: (flags: Flags, ...machine: string[]) =>
		guard(flags, async () => {
			const { machines, sshConfig } = withStates(await chosen(flags, { machine }));
			const signal = interruptible();
			const [only] = machines;
			if (machines.length === 1 && only && isHere(only)) {
				const listed = await listHere(only, flags, signal);
				await printListed([{ machine: only.machine, ...listed }], flags);
				return listed.failures.some(({ absent }) => !absent) ? EXIT.partial : EXIT.done;
			}
			const { askAll } = await import("../fleet.ts");
			const { listedSchema } = await import("../../fleet/answers.ts");
			const argv = (manifest: Manifest) => [
				"list",
				manifest.machine,
				"--json",
				...(flags.provider === undefined ? [] : ["--provider", flags.provider]),
			];
			const answers = await askAll<Listed>(machines, sshConfig, flags, signal, {
				argv,
				schema: listedSchema,
				here: (manifest) => listHere(manifest, flags, signal),
			});
			await printListed(
				answers.map(({ machine, answer }) => ({ machine, ...(answer ?? NOTHING) })),
				flags,
			);
			const whole = ({ answer }: (typeof answers)[number]) =>
				answer?.failures.every(({ absent }) => absent) === true;
			if (signal.aborted) return EXIT.interrupted;
			if (answers.every(whole)) return EXIT.done;
			return answers.some(({ answer }) => answer) ? EXIT.partial : EXIT.failed;
		}),
});

interface Listed extends Listing {
	/** Checks and prunes that failed and have not gone well since. */
	readonly upkeep: readonly FailedUpkeep[];
}
/** Lines on archives that cannot be used. */
const MOST_PROBLEMS = 20;
const NOTHING: Listed = { archives: [], problems: [], failures: [], lost: [], others: [], upkeep: [] };

async function listHere(manifest: Manifest, flags: Flags, signal: AbortSignal): Promise<Listed> {
	const providers = providersOf(manifest, flags.provider);
	const listing = await listArchives(manifest, providers, unwatched(signal));
	const { remembered, upkeep, problems } = journalOf(manifest, providers);
	// Engines that would have to open each archive for its size leave that to whoever remembers it.
	const archives = listing.archives.map((archive) => {
		const bytes = archive.bytes ?? remembered.get(archive.id);
		return bytes === undefined ? archive : { ...archive, bytes };
	});
	const old = undeployed(manifest);
	return {
		...listing,
		archives,
		problems: [...listing.problems, ...problems, ...(old === undefined ? [] : [old])],
		upkeep,
	};
}

/** Archives are listed without it as well: on a day on which it is damaged they are what one looks for. */
function journalOf(manifest: Manifest, providers: readonly string[]) {
	try {
		const journal = Journal.open(places().state);
		try {
			const remembered = journal.archiveSizes();
			const upkeep = journal
				.failedUpkeep(manifest.machine)
				.filter(({ destination }) => providers.some((provider) => destination.startsWith(`${provider}/`)));
			return { remembered, upkeep, problems: [] };
		} finally {
			journal.close();
		}
	} catch (error) {
		const { message, details = [], hint } = reportOf(error);
		return {
			remembered: new Map<string, number>(),
			upkeep: [],
			problems: [`${[message, ...details].join(": ")}${hint === undefined ? "" : ` (${hint})`}`],
		};
	}
}

async function printListed(
	listed: readonly (Listed & { readonly machine: string })[],
	{ json }: Flags,
): Promise<void> {
	const several = listed.length > 1;
	const archives = listed.flatMap((one) => one.archives);
	const failures = listed.flatMap((one) => one.failures.map((it) => ({ ...it, machine: one.machine })));
	const upkeep = listed.flatMap((one) => one.upkeep.map((it) => ({ ...it, machine: one.machine })));
	// A machine whose Holdfast is older tells none.
	const problems = listed.flatMap(({ machine, problems = [] }) =>
		problems.map((line) => ({ machine, line })),
	);
	const [only] = listed;
	// Where none could be asked, whether there are archives is not known.
	if (!json) print(archives.length === 0 && failures.length > 0 ? [] : archiveTable(archives, several));
	else if (several || !only) await printLongJson({ problems, failures, upkeep }, "archives", archives);
	else {
		const { machine: _, archives: own, ...alone } = only;
		await printLongJson(alone, "archives", own);
	}
	const of = (machine: string) => (several ? `${machine}: ` : "");
	for (const { machine, line } of problems.slice(0, MOST_PROBLEMS)) printMessage(`! ${of(machine)}${line}`);
	if (problems.length > MOST_PROBLEMS)
		printMessage(`! and ${problems.length - MOST_PROBLEMS} more; see: holdfast list --json`);
	for (const { machine, operation, destination, time, message, run } of upkeep)
		printMessage(
			`${of(machine)}the last ${operation} of ${destination} failed at ${localTime(time)}: ${message} (holdfast runs show ${run})`,
		);
	for (const { machine, provider, destination, error } of failures)
		printMessage(
			`${of(machine)}${provider}/${destination} could not be listed: ${error.message}${error.hint ? ` (${error.hint})` : ""}`,
		);
}
