// A file for node_exporter's textfile collector, rewritten after each run.

import { allDestinations } from "../engines/registry.ts";
import { replaceFile } from "../host/files.ts";
import { openFolder, split } from "../host/folder.ts";
import { places } from "../host/places.ts";
import { resolvePath } from "../host/trust.ts";
import type { Manifest } from "../manifest/schema.ts";
import type { Journal } from "../run/journal.ts";
import { type LastRun, type MachineStatus, statusOf } from "../run/status.ts";
import type { UnfinishedRun } from "../run/unfinished-runs.ts";
import { unsentOf } from "../run/unsent.ts";
import { printable } from "../values/printable.ts";

/** What the journal does not hold yet, or no longer. */
interface Beside {
	/** A run that begins now. If it is killed, it stays in the file until the next run. */
	readonly begins?: { readonly operation: string };
	readonly died?: readonly UnfinishedRun[];
}

export async function writeMetrics(
	manifest: Manifest,
	journal: Journal,
	{ begins, died = [] }: Beside = {},
): Promise<void> {
	const file = manifest.metricsFile;
	if (file === undefined) return;
	const status = statusOf(manifest, await allDestinations(manifest), journal, {
		died,
		unsent: unsentOf(places().state, manifest.machine),
	});
	const text = metricsText(status, [
		...(begins === undefined ? [] : [{ operation: begins.operation, started: status.time }]),
		...status.runs.filter(({ outcome }) => outcome === "died"),
	]);
	const [above, name] = split(file);
	using folder = openFolder(resolvePath(above).path);
	replaceFile(folder, name, text, { mode: 0o644 });
}

/** Prometheus's text format. Names and units follow its guide: seconds, bytes. */
export function metricsText(
	{ machine, archives, runs, problems }: MachineStatus,
	open: readonly Pick<LastRun, "operation" | "started">[] = [],
): string {
	const metric = (
		name: string,
		help: string,
		rows: readonly (readonly [Record<string, string>, number])[],
	) =>
		rows.length === 0
			? []
			: [
					`# HELP ${name} ${help}`,
					`# TYPE ${name} gauge`,
					...rows.map(([labels, value]) => `${name}{${labelsOf({ machine, ...labels })}} ${value}`),
				];
	const made = archives.flatMap(({ state, destination, created, bytes }) =>
		created === undefined ? [] : [{ labels: { state, destination }, created, bytes }],
	);
	const destinations = new Map(archives.map((one) => [one.destination, one]));
	const ended = runs.filter(({ outcome }) => outcome !== undefined);
	return [
		...metric(
			"holdfast_last_good_archive_timestamp_seconds",
			"When the newest good archive of a state was created.",
			made.map(({ labels, created }) => [labels, Date.parse(created) / 1000]),
		),
		...metric(
			"holdfast_archive_size_bytes",
			"Bytes of the state in that archive.",
			made.flatMap(({ labels, bytes }) => (bytes === undefined ? [] : [[labels, bytes] as const])),
		),
		...metric(
			"holdfast_archive_consistency",
			"How well the parts of a state fit together in that archive: always 1, and the word is a label.",
			archives.flatMap(({ state, destination, consistency }) =>
				consistency === undefined ? [] : [[{ state, destination, consistency }, 1] as const],
			),
		),
		...metric(
			"holdfast_archive_in_doubt",
			"Whether a newer archive of a state is stored that is much smaller, or less consistent than the config promises.",
			archives.map(({ state, destination, doubt }) => [{ state, destination }, doubt === undefined ? 0 : 1]),
		),
		...metric(
			"holdfast_archive_late",
			"Whether a state has no sufficiently recent good archive in a destination.",
			archives.map(({ state, destination, isLate, missing }) => [
				{ state, destination },
				isLate || missing !== undefined ? 1 : 0,
			]),
		),
		...metric(
			"holdfast_archive_max_age_seconds",
			"How old the newest good archive of a state may become.",
			archives.map(({ state, destination, maxAgeSeconds }) => [{ state, destination }, maxAgeSeconds]),
		),
		...metric(
			"holdfast_last_run_timestamp_seconds",
			"When the last run of an operation started.",
			runs.map(({ operation, started }) => [{ operation }, Date.parse(started) / 1000]),
		),
		...metric(
			"holdfast_last_run_success",
			"Whether the last run of an operation succeeded completely.",
			ended.map(({ operation, outcome }) => [{ operation }, outcome === "done" ? 1 : 0]),
		),
		...metric(
			"holdfast_last_check_success",
			"Whether a destination passed its last check.",
			runs.some(({ operation }) => operation === "check")
				? [...destinations].map(([destination, { failedCheck }]) => [
						{ destination },
						failedCheck === undefined ? 1 : 0,
					])
				: [],
		),
		...metric(
			"holdfast_run_in_progress_timestamp_seconds",
			"When a run started that has not ended. If that was long ago, the run was killed.",
			open.map(({ operation, started }) => [{ operation }, Date.parse(started) / 1000]),
		),
		...metric("holdfast_problems", "The number of problems that `holdfast status` reports.", [
			[{}, problems.length],
		]),
		"",
	].join("\n");
}

function labelsOf(labels: Record<string, string>): string {
	return Object.entries(labels)
		.map(([name, value]) => `${name}="${printable(value).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`)
		.join(",");
}
