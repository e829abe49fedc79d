// holdfast list [MACHINE] [--provider P] [--service S…] [--from MACHINE]
import { FOR_RESTORE } from "../../config/tolerance.ts";
import { allDestinations } from "../../engines/registry.ts";
import { isHere } from "../../fleet/select.ts";
import { places } from "../../host/places.ts";
import type { Manifest } from "../../manifest/schema.ts";
import { listArchives } from "../../plan/archives.ts";
import type { Reporter } from "../../report/reporter.ts";
import type { Listed } from "../../report/result.ts";
import { printMessage } from "../../report/terminal.ts";
import { errorLine, errorLines } from "../../report/text/error.ts";
import { Journal } from "../../run/journal.ts";
import { reportOf } from "../../values/error.ts";
import { EXIT } from "../../values/error-codes.ts";
import { localTime } from "../../values/local-time.ts";
import { nearestOfNumbered } from "../../values/nearest.ts";
import { type Series, seriesOf } from "../../values/series.ts";
import { type Call, command } from "../command.ts";
import {
	type CommonFlags,
	commonFlags,
	type FleetFlags,
	fleetFlags,
	fromFlag,
	machineWords,
	providerFlag,
	serviceFlag,
} from "../flags.ts";
import { holding, requireHeld } from "../holding.ts";
import { chosen, providersOf, withStates } from "../machines.ts";
import { interruptible, unwatched } from "../signals.ts";
import { undeployed } from "../undeployed.ts";

interface Flags extends CommonFlags, FleetFlags {
	readonly provider?: string;
	readonly service?: readonly string[];
	readonly from?: string;
}

export const list = command({
	docs: {
		brief: "list archives and the states in each of them",
		fullDescription:
			"Examples:\n  holdfast list\n  holdfast list web01 --provider borgbackup --json\n  holdfast list --service notes        archives that hold this state\n  holdfast list --all\n  holdfast list --from old-name        archives of another machine name",
	},
	outputs: async () => (await import("../outputs/archives.ts")).LISTED,
	parameters: {
		flags: {
			...commonFlags,
			...fleetFlags,
			provider: providerFlag,
			service: serviceFlag,
			from: fromFlag("list archives of this other machine in the same destinations"),
		},
		positional: machineWords,
	},
	run: async ({ out, takes }: Call, flags: Flags, ...machine: string[]) => {
		const { machines, sshConfig, names } = withStates(
			await chosen(flags, { machine, takes, tolerates: FOR_RESTORE }),
		);
		const said = (some: Answered, isOfAll = true) => tell(some, out, machines, { names, isOfAll, ...flags });
		const signal = interruptible();
		const [only] = machines;
		if (machines.length === 1 && only && isHere(only)) {
			const listed = await listHere(only, flags, signal);
			return (await said([{ machine: only.machine, ...listed }])) ? EXIT.done : EXIT.partial;
		}
		const { askAll } = await import("../fleet.ts");
		const { listedSchema } = await import("../../fleet/answers.ts");
		const argv = (manifest: Manifest) => [
			"list",
			manifest.machine,
			"--json",
			...(flags.provider === undefined ? [] : ["--provider", flags.provider]),
			...(flags.from === undefined ? [] : ["--from", flags.from]),
		];
		using answers = await askAll<Listed>(machines, sshConfig, flags.parallel, signal, {
			argv,
			schema: listedSchema,
			here: (manifest) => listHere(manifest, flags, signal),
		});
		const isOfAll = answers.all.every(({ answer }) => answer);
		const isWhole = await said(
			seriesOf(answers.all, ({ machine, answer }) => ({ machine, ...(answer?.() ?? NOTHING) })),
			isOfAll,
		);
		if (signal.aborted) return EXIT.interrupted;
		if (isWhole && isOfAll) return EXIT.done;
		return answers.all.some(({ answer }) => answer) ? EXIT.partial : EXIT.failed;
	},
});

/** Lines about archives that cannot be used. */
const MAX_PROBLEMS = 20;

const NOTHING: Listed = { archives: [], problems: [], failures: [], lost: [], others: [], upkeep: [] };

async function listHere(manifest: Manifest, flags: Flags, signal: AbortSignal): Promise<Listed> {
	const providers = providersOf(manifest, flags.provider);
	const listing = await listArchives(manifest, providers, unwatched(signal), { from: flags.from });
	const { remembered, upkeep, problems } = journalOf(
		manifest,
		(await allDestinations(manifest))
			.map(({ path }) => path)
			.filter((path) => providers.some((provider) => path.startsWith(`${provider}/`))),
	);
	// Some engines would have to open each archive for its size: for those, the journal's record is used.
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

/** Listing works without the journal too: when the journal is damaged, the archives are needed most. */
function journalOf(manifest: Manifest, destinations: readonly string[]) {
	try {
		using journal = Journal.read(places().state);
		const remembered = journal.archiveSizes();
		const upkeep = journal
			.failedUpkeep(manifest.machine)
			.filter(({ destination }) => destinations.includes(destination));
		return { remembered, upkeep, problems: [] };
	} catch (error) {
		return {
			remembered: new Map<string, number>(),
			upkeep: [],
			problems: [errorLine(reportOf(error))],
		};
	}
}

type Answered = Series<Listed & { readonly machine: string }>;

/**
 * The archives that hold what was asked for, and the problems of all. `names`: the machines of the config. `from`: the machine
 * that was asked for. `isOfAll`: every machine has answered. Returns whether every destination that is there could be listed.
 */
async function tell(
	machines: Answered,
	out: Reporter,
	manifests: readonly Manifest[],
	{
		names,
		isOfAll,
		from,
		service,
	}: Pick<Flags, "from" | "service"> & { readonly names: readonly string[]; readonly isOfAll: boolean },
): Promise<boolean> {
	// A machine that has not answered may hold it.
	if (isOfAll) requireHeld(machines, manifests, service);
	await out.result({
		kind: "archives",
		machines: seriesOf(machines, (one) => holding(one, service)),
		isOfAll,
		from,
		services: service,
	});
	let isWhole = true;
	for (const { machine, archives, problems = [], others, upkeep, failures } of machines) {
		const of = machines.length > 1 ? `${machine}: ` : "";
		// A machine with an older Holdfast reports none.
		printMessage(problems.slice(0, MAX_PROBLEMS).map((line) => `! ${of}${line}`));
		if (problems.length > MAX_PROBLEMS)
			printMessage(`! ${of}and ${problems.length - MAX_PROBLEMS} more; see: holdfast list --json`);
		if (archives.length === 0) printMessage(otherNames(machine, others, { names, from }));
		for (const { operation, destination, time, message, run } of upkeep)
			printMessage(
				`${of}the last ${operation} of ${destination} failed at ${localTime(time)}: ${message} (holdfast runs show ${run})`,
			);
		for (const { provider, destination, error, absent } of failures) {
			isWhole &&= absent === true;
			printMessage(
				errorLines(
					{ ...error, details: error.details?.slice(-2) ?? [] },
					`${of}${provider}/${destination} could not be listed: `,
				),
			);
		}
	}
	return isWhole;
}

/** A machine that was renamed in the config has its archives under the name that it had. */
function otherNames(
	machine: string,
	others: readonly string[],
	{ names, from }: { readonly names: readonly string[]; readonly from?: string | undefined },
): string[] {
	if (from !== undefined) {
		const meant = nearestOfNumbered(from, others);
		const next = meant === undefined ? "name one of them with --from" : `did you mean --from ${meant}?`;
		return others.length === 0 ? [] : [`  → there are archives of ${someOf(others)}; ${next}`];
	}
	const unknown = others.filter((one) => !names.includes(one));
	const [one] = unknown;
	if (one === undefined) return [];
	const on = names.length > 1 ? ` ${machine}` : "";
	return [
		`! no destination has an archive of ${machine}, but there are archives of ${someOf(unknown)}`,
		`  → if ${machine} had that name before, see them with: holdfast list${on} --from ${one}`,
		`    and restore them with: holdfast restore --from ${one}${on} latest`,
	];
}

function someOf(names: readonly string[]): string {
	const more = names.length - MAX_NAMES;
	return `${names.slice(0, MAX_NAMES).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

const MAX_NAMES = 5;
