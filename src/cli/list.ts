// holdfast list [MACHINE] [--provider P]
import { buildCommand } from "@stricli/core";
import { places } from "../host/places.ts";
import { EXIT } from "../manifest/error.ts";
import { listArchives } from "../plan/archives.ts";
import { archiveTable } from "../report/tables.ts";
import { localTime } from "../report/units.ts";
import { Journal } from "../run/journal.ts";
import {
	type CommonFlags,
	commonFlags,
	guard,
	loadLocal,
	machineWord,
	providerFlag,
	providersOf,
} from "./flags.ts";
import { interruptible, unwatched } from "./signals.ts";

interface Flags extends CommonFlags {
	readonly provider?: string;
}

export const list = buildCommand({
	docs: {
		brief: "list archives, with the states that each holds",
		fullDescription: "Examples:\n  holdfast list\n  holdfast list web01 --provider borgbackup --json",
	},
	parameters: {
		flags: { ...commonFlags, provider: providerFlag },
		positional: {
			kind: "tuple",
			parameters: [machineWord],
		},
	},
	func: (flags: Flags, machine?: string) =>
		guard(flags, async () => {
			const manifest = await loadLocal(flags, machine);
			const providers = providersOf(manifest, flags.provider);
			const listing = await listArchives(manifest, providers, unwatched(interruptible()));
			const journal = Journal.open(places().state);
			// Engines that would have to open each archive for its size leave that to whoever remembers it.
			const archives = listing.archives.map((archive) => {
				const bytes = archive.bytes ?? journal.archive(archive.id)?.bytes;
				return bytes === undefined ? archive : { ...archive, bytes };
			});
			const upkeep = journal
				.failedUpkeep(manifest.machine)
				.filter(({ destination }) => providers.some((provider) => destination.startsWith(`${provider}/`)));
			journal.close();
			process.stdout.write(
				flags.json
					? `${JSON.stringify({ ...listing, archives, upkeep }, null, 2)}\n`
					: archiveTable(archives),
			);
			for (const { operation, destination, time, message, run } of upkeep)
				process.stderr.write(
					`the last ${operation} of ${destination} failed at ${localTime(time)}: ${message} (holdfast runs show ${run})\n`,
				);
			for (const { provider, destination, error } of listing.failures)
				process.stderr.write(
					`${provider}/${destination} could not be listed: ${error.message}${error.hint ? ` (${error.hint})` : ""}\n`,
				);
			return listing.failures.some(({ absent }) => !absent) ? EXIT.partial : EXIT.done;
		}),
});
