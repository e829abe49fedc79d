// holdfast restore [--service S…] [MACHINE] [PROVIDER|DESTINATION] ARCHIVE

import { resolve } from "node:path";
import { FOR_RESTORE } from "../../config/tolerance.ts";
import type { Work } from "../../engines/destination.ts";
import { openDestination } from "../../engines/registry.ts";
import { places } from "../../host/places.ts";
import type { Manifest } from "../../manifest/schema.ts";
import type { ListedArchive } from "../../plan/archives.ts";
import { doubtOf } from "../../plan/choose.ts";
import { planExtract } from "../../plan/extract.ts";
import { requireStates } from "../../plan/order.ts";
import { requirePathsHeld } from "../../plan/paths-held.ts";
import { privateFolders } from "../../plan/private-folders.ts";
import { planRestore } from "../../plan/restore.ts";
import { planRestoreAs } from "../../plan/restore-as.ts";
import { chosenOf, ownersOf, targetsOf } from "../../plan/targets.ts";
import { printMessage } from "../../report/terminal.ts";
import { newRunId } from "../../run/run-id.ts";
import type { Plan } from "../../steps/plan.ts";
import { preflight } from "../../steps/preflight.ts";
import { stateOf } from "../../steps/scope.ts";
import { HoldfastError } from "../../values/error.ts";
import { EXIT } from "../../values/error-codes.ts";
import {
	agreedArchive,
	agreedArchiveFlag,
	agreedPlanFlag,
	planAgreement,
	requireAgreed,
} from "../agreed-plan.ts";
import { knownArchive, listedArchive } from "../archive-to-restore.ts";
import { ARCHIVE_HELP, readArchiveWords, requireServiceNames } from "../archive-words.ts";
import { type MachineCall, machineCommand } from "../command.ts";
import {
	type CommonFlags,
	commonFlags,
	fromFlag,
	pathFlag,
	proposeDatabases,
	seconds,
	serviceFlag,
	switchFlag,
	valueFlag,
} from "../flags.ts";
import { heldIn } from "../held.ts";
import { lookAhead } from "../look-ahead.ts";
import { coveredAnew, namedAnew, requireAlone } from "../new-names.ts";
import { archiveWords } from "../one-archive.ts";
import { confirm, operate } from "../operate.ts";
import { interruptible, unwatched } from "../signals.ts";

const { usage, following, positional, machine } = archiveWords();

interface Flags extends CommonFlags {
	readonly service?: readonly string[];
	readonly path?: readonly string[];
	readonly into?: string;
	readonly as?: readonly string[];
	readonly from?: string;
	readonly inPlace: boolean;
	readonly specialFiles: boolean;
	readonly keepOld?: number;
	readonly keepFailed: boolean;
	readonly noStart: boolean;
	readonly trustArchive: boolean;
	readonly dryRun: boolean;
	readonly yes: boolean;
	readonly agreedArchive?: string;
	readonly agreedPlan?: string;
}

/** How long the old copy is kept after a failed check was ignored. */
const KEEP_FAILED_SECONDS = 7 * 86_400;

export const restore = machineCommand({
	docs: {
		brief: "restore a service to its state in an archive",
		customUsage: [`[--service NAME]... ${usage}`],
		fullDescription: [
			"The archive is extracted next to the live data while the service runs. Then its units are stopped, the two copies",
			"are swapped by rename, the units are started and the state's health checks are run. A failure rolls everything back.",
			"",
			ARCHIVE_HELP,
			"",
			"`holdfast restore` alone, on a terminal, asks which service and which archive,",
			"shows the plan and asks again.",
			"",
			"Examples:",
			"  holdfast restore --service notes latest",
			"  holdfast restore --service notes web01 borgbackup latest",
			"  holdfast restore --service notes usb::/mnt/usb/holdfast::web01-2026-11-24T010000Z-k3x9",
			"  holdfast restore --path /srv/notes/letters disk latest      only a part; no hooks",
			"  holdfast restore --service notes --into /tmp/look disk latest   into another folder; touches nothing else",
			"  holdfast restore --as notes=notes_test disk latest   a database as a new one, beside the live one",
			"  holdfast restore --service notes --keep-old 7d disk latest      `holdfast undo RUN` reverts it",
		].join("\n"),
	},
	outputs: async () => (await import("../outputs/runs.ts")).RUNNING_OR_PLAN,
	parameters: {
		flags: {
			...commonFlags,
			service: serviceFlag,
			path: pathFlag,
			into: valueFlag("extract below this folder instead; no unit, hook or live folder is touched", "FOLDER"),
			as: {
				...valueFlag(
					"load the database OLD as a new one, NEW, beside the live one, or on SERVER of the config's databaseServers; touches nothing else; may be repeated",
					"OLD=[SERVER:]NEW",
				),
				variadic: true,
				proposeCompletions: proposeDatabases,
			},
			from: fromFlag("restore an archive of another machine"),
			inPlace: switchFlag(
				"delete the live data first, if there is not enough space for two copies; cannot be undone",
			),
			specialFiles: switchFlag("also restore device nodes, setuid files and file capabilities"),
			keepOld: { ...valueFlag("keep the old copy for this long, e.g. 7d", "TIME"), parse: seconds },
			keepFailed: switchFlag("keep the restored data even if a health check fails"),
			noStart: switchFlag(
				"do not start units that were not running; units that were running are started again",
			),
			trustArchive: switchFlag(
				"grant the databases all the rights that the archive asks for, even if this machine did not write it",
			),
			dryRun: switchFlag("print the plan and anything that would prevent it, and do nothing"),
			yes: switchFlag("do not ask"),
			agreedArchive: agreedArchiveFlag,
			agreedPlan: agreedPlanFlag,
		},
		// Alone on a terminal, it asks.
		positional: { ...positional, minimum: 0 },
	},
	machine: (flags: Flags, words: readonly string[], line: readonly string[]) =>
		words.length > 0
			? machine(flags, words, line)
			: async (config) => (await import("../restore-guide.ts")).askWhichMachine(config, flags),
	tolerates: FOR_RESTORE,
	completed: async (call, given, target, typed) =>
		typed.length > 0
			? call.words
			: (await import("../restore-guide.ts")).askForElsewhere(call, given, target, interruptible()),
	elsewhere: {
		agreement: () =>
			planAgreement(({ operation, steps, goals }, machine) => {
				const [from] = preflight.among(steps);
				return operation === "restore" && from !== undefined
					? questionFor(goals.map(stateOf), machine, from.archiveId)
					: `Continue on ${machine}?`;
			}),
	},
	async run(call: MachineCall, given: Flags, ...typed: string[]) {
		const { manifest, out } = call;
		requireServiceNames(given.service, manifest);
		const signal = interruptible();
		const { words, ...chosen } =
			typed.length > 0
				? { words: typed }
				: await (await import("../restore-guide.ts")).askWhatToRestore(call, given, signal);
		const flags = { ...given, ...chosen };
		const named = agreedArchive(
			readArchiveWords(words, following, manifest, { words: call.words, takesService: true }),
			flags.agreedArchive,
			manifest,
		);
		if (flags.inPlace && flags.keepOld !== undefined)
			throw new HoldfastError("usage", "--in-place deletes the live data, so there is no old copy to keep", {
				hint: "omit --in-place to keep a copy, or omit --keep-old",
			});
		requireAlone(flags);
		const services = servicesOf(manifest, flags);
		// A restore to the live places can also bring back a state that the config no longer declares.
		if (flags.into === undefined) requireStates(manifest, services);
		const work = unwatched(signal);
		const archive =
			knownArchive(manifest, named, services) ?? (await listedArchive(call, named, services, flags, work));
		for (const service of services) {
			const doubt = doubtOf(archive, service);
			if (doubt !== undefined) printMessage(`! ${archive.id} is in doubt: ${service}: ${doubt}`);
		}
		const plan = await planOf(manifest, archive, services, flags, work);
		requireAgreed(plan, flags.agreedPlan);
		// Without a confirmation there is nothing to wait for: the plan checks by itself, under the lock.
		const standsInTheWay =
			plan.operation === "restore" && (flags.dryRun || !flags.yes) ? await lookAhead(plan, signal) : false;
		if (flags.dryRun) {
			await out.result({ kind: "plan", plan });
			return standsInTheWay ? EXIT.failed : EXIT.done;
		}
		if (plan.operation === "restore") {
			if (!flags.yes) await out.preview({ kind: "plan", plan });
			if (!flags.yes && flags.inPlace)
				printMessage(
					"! the live data are deleted first: if the restore fails, they are gone and exist only in the archive",
				);
			await confirm(questionFor(services, manifest.machine, archive.id), flags.yes);
		}
		const code = await operate(plan, call, signal);
		if (flags.as !== undefined && code === EXIT.done) out.note(coveredAnew(plan));
		return code;
	},
});

const questionFor = (states: readonly string[], machine: string, archive: string) =>
	`Restore ${states.join(", ")} on ${machine} from ${archive}?`;

/** The states to restore: those named, those that own the named paths, or all. */
function servicesOf(manifest: Manifest, { service, path = [] }: Flags): readonly string[] {
	if (service) return service;
	if (path.length === 0) return Object.keys(manifest.state);
	const relative = path.find((one) => !one.startsWith("/"));
	if (relative !== undefined)
		throw new HoldfastError("usage", `--path takes an absolute path, not ${JSON.stringify(relative)}`, {
			hint: `did you mean ${resolve(relative)}?`,
		});
	const owners = ownersOf(manifest, path);
	if (owners.length > 0) return owners;
	throw new HoldfastError("state-not-found", `no state of "${manifest.machine}" owns ${path.join(", ")}`, {
		subject: path.join(", "),
		hint: "name the state with --service, or a path in one of its folders",
	});
}

async function planOf(
	manifest: Manifest,
	archive: ListedArchive,
	services: readonly string[],
	flags: Flags,
	work: Work,
): Promise<Plan> {
	const { provider, destination: at, name } = archive;
	const source = { provider, destination: at, archive: name };
	const destination = await openDestination(manifest, provider, at);
	const { restore, writeMetadata } = destination;
	const paths = flags.path ?? [];
	if (restore === undefined && (flags.into !== undefined || paths.length > 0))
		throw new HoldfastError(
			"not-supported",
			`provider "${provider}" can only restore complete states to their original places`,
			{
				hint: "omit --into and --path",
			},
		);
	const unable = services.filter((service) => (manifest.state[service]?.dumps.length ?? 0) > 0);
	if (writeMetadata === undefined && unable.length > 0)
		throw new HoldfastError(
			"not-supported",
			`provider "${provider}" cannot restore the databases of ${unable.join(", ")}`,
			{
				hint: "its archives do not describe their content; use another provider, or dump and load with hooks",
			},
		);
	const { databases, undeclared, dumps } = heldIn(manifest, archive, services, paths);
	const chosen = chosenOf(manifest, archive, services, paths);
	const stored = Object.values(chosen).flatMap((some) => some.map((one) => one.stored));
	if (paths.length > 0 && (flags.dryRun || !flags.yes))
		await requirePathsHeld({ ...archive, destination }, stored, work);
	const run = newRunId();
	if (flags.as !== undefined)
		return planRestoreAs({
			...{ manifest, run, source, archiveId: archive.id, spool: places().state },
			databases: await namedAnew(flags.as, databases, manifest.databaseServers),
			trustArchive: flags.trustArchive,
		});
	if (flags.into !== undefined) {
		const { specialFiles } = flags;
		const into = resolve(flags.into);
		return planExtract({ manifest, run, source, paths: [...stored, ...dumps], into, specialFiles });
	}
	return planRestore({
		manifest,
		run,
		services,
		source,
		archiveId: archive.id,
		restoresInto: restore !== undefined,
		targets: await targetsOf(manifest, chosen),
		...{ databases, undeclared },
		trustArchive: flags.trustArchive,
		spool: places().state,
		areas: privateFolders(),
		about: archive.metadata,
		partial: paths.length > 0,
		inPlace: flags.inPlace,
		specialFiles: flags.specialFiles,
		keepFailed: flags.keepFailed,
		noStart: flags.noStart,
		keepOldSeconds: flags.keepOld ?? (flags.keepFailed ? KEEP_FAILED_SECONDS : undefined),
	});
}
