// holdfast clan list|restore: what `clan backups` calls on a machine, in Clan's terms: a JSON list of names, and
// NAME and FOLDERS in the environment. Clan runs the states' restore hooks itself, before and after.
import { engineOf } from "../../engines/list.ts";
import { openDestination } from "../../engines/registry.ts";
import { places } from "../../host/places.ts";
import type { Manifest } from "../../manifest/schema.ts";
import { listArchives } from "../../plan/archives.ts";
import { requireUsable } from "../../plan/choose.ts";
import { privateFolders } from "../../plan/private-folders.ts";
import { planRestore } from "../../plan/restore.ts";
import { chosenOf, targetsOf } from "../../plan/targets.ts";
import { printMessage } from "../../report/terminal.ts";
import { errorLines } from "../../report/text/error.ts";
import { newRunId } from "../../run/run-id.ts";
import { HoldfastError } from "../../values/error.ts";
import { EXIT } from "../../values/error-codes.ts";
import { recordOf } from "../../values/record.ts";
import { commandGroup, type MachineCall, machineCommand } from "../command.ts";
import { type CommonFlags, commonFlags } from "../flags.ts";
import { heldIn } from "../held.ts";
import { providersOf } from "../machines.ts";
import { operate } from "../operate.ts";
import { interruptible, unwatched } from "../signals.ts";

const parameters = { flags: commonFlags, positional: { kind: "tuple", parameters: [] } } as const;

const list = machineCommand({
	docs: { brief: 'print the archives in the format of `clan backups list`: [{ "name": … }]' },
	outputs: async () => (await import("../outputs/archives.ts")).CLAN_NAMES,
	parameters,
	machine: () => undefined,
	async run({ out, manifest }: MachineCall, _flags: CommonFlags) {
		const listing = await listArchives(manifest, own(manifest), unwatched(interruptible()));
		const usable = listing.archives.filter(
			({ damaged, newer }) => damaged === undefined && newer === undefined,
		);
		await out.result({ kind: "document", value: usable.map(({ id }) => ({ name: id })), line: true });
		for (const line of listing.problems) printMessage(`! ${line}`);
		// Clan shows nothing at all when one provider fails: a partial list is better.
		for (const { provider, destination, error } of listing.failures)
			printMessage(errorLines(error, `${provider}/${destination} could not be listed: `));
		return EXIT.done;
	},
});

const restore = machineCommand({
	docs: {
		brief: "restore the states that own FOLDERS from the archive NAME; both are environment variables",
	},
	outputs: async () => (await import("../outputs/runs.ts")).RUNNING,
	parameters,
	machine: () => undefined,
	elsewhere: "run",
	async run(call: MachineCall, _flags: CommonFlags) {
		const { NAME, FOLDERS } = process.env;
		if (!NAME || !FOLDERS)
			throw new HoldfastError(
				"usage",
				"the environment variables NAME and FOLDERS must be set, as `clan backups restore` does",
			);
		const manifest = withoutHooks(call.manifest);
		const services = Object.entries(manifest.state)
			.filter(([, { folders }]) => isJoinOf(folders, FOLDERS))
			.map(([name]) => name);
		if (services.length === 0)
			throw new HoldfastError(
				"state-not-found",
				`no state of "${manifest.machine}" has the folders ${FOLDERS}`,
				{ subject: FOLDERS, hint: "check that the machine runs the configuration that Clan evaluates" },
			);
		const signal = interruptible();
		const listing = await listArchives(manifest, own(manifest), unwatched(signal));
		const archive = listing.archives.find(({ id, name }) => id === NAME || name === NAME);
		if (!archive)
			throw new HoldfastError("archive-not-found", `there is no archive ${NAME}`, {
				subject: NAME,
				details: listing.failures.map(({ provider, error }) => `${provider}: ${error.message}`),
				hint: "list the archives with: clan backups list",
			});
		requireUsable(archive);
		const { provider, destination, name } = archive;
		const { restore } = await openDestination(manifest, provider, destination);
		const plan = planRestore({
			manifest,
			run: newRunId(),
			services,
			source: { provider, destination, archive: name },
			archiveId: archive.id,
			restoresInto: restore !== undefined,
			targets: await targetsOf(manifest, chosenOf(manifest, archive, services, [])),
			...heldIn(manifest, archive, services),
			trustArchive: false,
			spool: places().state,
			areas: privateFolders(),
			about: archive.metadata,
			partial: false,
			inPlace: false,
			keepFailed: false,
			keepOldSeconds: undefined,
		});
		return operate(plan, call, signal);
	},
});

/** Clan joins them in any order, and a folder's name may itself contain a colon. */
function isJoinOf(folders: readonly string[], joined: string): boolean {
	const length = folders.reduce((sum, folder) => sum + folder.length + 1, -1);
	return (
		folders.length > 0 &&
		length === joined.length &&
		folders.every((folder) => `:${joined}:`.includes(`:${folder}:`))
	);
}

function withoutHooks(manifest: Manifest): Manifest {
	return {
		...manifest,
		state: recordOf(
			Object.entries(manifest.state).map(
				([
					name,
					{
						hooks: { preBackup, postBackup },
						...state
					},
				]) => [name, { ...state, hooks: { preBackup, postBackup } }] as const,
			),
		),
	};
}

/** Clan's own providers have no destinations here; they list their archives themselves. */
function own(manifest: Manifest): string[] {
	return providersOf(manifest, undefined).filter((name) => {
		const options = manifest.providers[name];
		return options !== undefined && engineOf(options).address !== undefined;
	});
}

export const clan = commandGroup({
	routes: { list, restore },
	docs: { brief: "commands that `clan backups` runs on a machine" },
});
