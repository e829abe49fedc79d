// holdfast deploy [MACHINE…]: install Holdfast, its manifest, secrets and timers on machines.

import { join } from "node:path";
import { accountOf, clientsOf, type ServerAccount } from "../../fleet/borg-server.ts";
import { changesOf } from "../../fleet/changes.ts";
import { summaryOf } from "../../fleet/changes-summary.ts";
import { deliver } from "../../fleet/deliver.ts";
import { type Desired, desiredFor, filesToSend, sizeOf } from "../../fleet/deployment.ts";
import { ownProgramOn } from "../../fleet/own-program.ts";
import { type Place, programOf, requireFit, requireRoom } from "../../fleet/place.ts";
import { missingOn } from "../../fleet/programs.ts";
import type { SecretStore } from "../../fleet/secret-store.ts";
import { openStore, wantedSecrets } from "../../fleet/secrets.ts";
import { secretsFor } from "../../fleet/secrets-there.ts";
import { hashesOf, textOf } from "../../fleet/target.ts";
import type { Manifest } from "../../manifest/schema.ts";
import type { Reporter } from "../../report/reporter.ts";
import { size } from "../../report/text/units.ts";
import { newRunId } from "../../run/run-id.ts";
import { EXIT } from "../../values/error-codes.ts";
import { type Call, command } from "../command.ts";
import { machineWords, switchFlag } from "../flags.ts";
import { chosen } from "../machines.ts";
import { confirm } from "../operate.ts";
import {
	onEach,
	type Recorded,
	type RolloutFlags,
	type Run,
	recordIn,
	requireSameMachine,
	rolloutFlags,
	tellChanges,
} from "../rollout.ts";
import { interruptible, untilUndoneThere } from "../signals.ts";

interface Flags extends RolloutFlags {
	readonly verbose: boolean;
}

export const deploy = command({
	docs: {
		brief: "install Holdfast on a machine, with its manifest, secrets and timers",
		fullDescription: [
			"The machine needs only SSH, systemd and Linux on the same architecture. A summary of the changes is shown first; if something fails,",
			"the previous deployment is put back. A machine without a `host` is this one: its timers are installed here.",
			"Passphrases and SSH keys in /etc/holdfast/secrets that the config names are created if they do not exist yet, and",
			"stored here, encrypted (see `secrets` in the config).",
			"",
			"Examples:",
			"  holdfast deploy web01 --dry-run",
			"  holdfast deploy --tag web",
		].join("\n"),
	},
	outputs: async () => (await import("../outputs/machines.ts")).CHANGING,
	parameters: {
		flags: { ...rolloutFlags, verbose: switchFlag("name every file that changes, as --dry-run does") },
		positional: machineWords,
	},
	async run(call: Call, flags: Flags, ...machine: string[]) {
		const { every, secrets, names, ...selected } = await chosen(flags, {
			machine,
			takes: call.takes,
			countsStateless: true,
		});
		// The other machines say whose keys a server must accept.
		const all = await every();
		const store = openStore(secrets);
		return onEach(selected, call, (manifest, place, run) =>
			deployTo(place, run, { manifest, every: all, names, store }, flags, call.out),
		);
	},
});

async function deployTo(
	place: Place,
	run: Run,
	{
		manifest,
		every,
		names,
		store,
	}: { manifest: Manifest; every: readonly Manifest[]; names: readonly string[]; store: SecretStore },
	flags: Flags,
	out: Reporter,
): Promise<number> {
	requireFit(place);
	const { target, layout, user } = place;
	const served = every.filter((one) => one.borgServer).flatMap((one) => clientsOf(one, every));
	const known = recordIn(await textOf(target, layout.installed), place);
	if (known) await requireSameMachine(place);
	const secrets = await secretsFor(place, wantedSecrets(manifest, layout), store, {
		served: new Set(served.map(({ secret }) => secret)),
		deployed: new Set(known?.files.map(({ path }) => path)),
	});
	const server =
		manifest.borgServer &&
		(await accountOf(manifest, clientsOf(manifest, every), names, store, (path) => textOf(target, path)));
	const desired = await desiredFor(manifest, layout, user, secrets.values, server);
	const there = await hashesOf(
		target,
		desired.files.map(({ path }) => path),
	);
	const { contents } = filesToSend(desired, there, layout);
	const lines = await changesOf(target, desired, there, known);
	const say = (some: readonly string[]) => {
		if (!flags.quiet) out.say(some);
	};
	say([...(await missingOn(target, manifest)), ...(server ? keysLeft(manifest, server) : [])]);
	if (lines.length === 0 && isSame(known, desired)) {
		await tellChanges(out, target.machine, []);
		say([...secrets.lines, `${target.machine} is up to date`]);
		return EXIT.done;
	}
	const bytes = await sizeOf(contents);
	requireRoom(place, bytes);
	const { own } = await ownProgramOn(place);
	if (own !== undefined)
		lines.push(`! ${layout.program} is your own${own}: it is replaced, and put back by an undeploy`);
	const shown = flags.dryRun || flags.verbose ? lines : summaryOf(lines);
	out.say([...shown, ...secrets.lines, `${size(bytes)} to send`]);
	await tellChanges(out, target.machine, lines);
	if (flags.dryRun) return EXIT.done;
	await confirm(`Apply these changes to ${target.machine}?`, flags.yes, `this changes ${target.machine}`);
	await secrets.keep();
	await server?.keep();
	const folder = join(layout.arrivals, newRunId());
	return untilUndoneThere(async () => {
		const code = await deliver(target, folder, contents, interruptible(), async (handOver) => {
			const program = await programOf(place, desired, contents, folder);
			handOver();
			return run(program, ["__install", folder]);
		});
		if (code === EXIT.done) say(secrets.told);
		return code;
	});
}

const keysLeft = ({ machine: server }: Manifest, { others, gone, keys }: ServerAccount): string[] => [
	...others.map(
		(name) =>
			`! ${server} still accepts the key of ${name}, which is not in this config; to lock it out, delete its line in ${keys.path} there`,
	),
	...gone.map(
		(name) =>
			`! ${server} will no longer accept the key of ${name}, which has no destination on ${server} in this config`,
	),
];

/** The files are already the same: are the units running? */
function isSame(known: Recorded | undefined, { timers, atBoot }: Desired): boolean {
	return JSON.stringify([known?.timers, known?.atBoot]) === JSON.stringify([timers, atBoot]);
}
