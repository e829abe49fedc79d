// holdfast deploy [MACHINE…], holdfast undeploy [MACHINE…]: Holdfast, its manifest, secrets and timers onto machines.

import { join } from "node:path";
import { buildCommand } from "@stricli/core";
import * as v from "valibot";
import { accountOf, clientsOf } from "../../fleet/borg-server.ts";
import { changesOf } from "../../fleet/changes.ts";
import { type Desired, desiredFor, shipment, sizeOf } from "../../fleet/deployment.ts";
import { type Place, placeOf, programOf, requireFit, requireRoom } from "../../fleet/place.ts";
import { missingOn } from "../../fleet/programs.ts";
import { openStore, type SecretStore, wantedSecrets } from "../../fleet/secrets.ts";
import { secretsFor } from "../../fleet/secrets-there.ts";
import { isHere } from "../../fleet/select.ts";
import { hashesOf, script, send, targetHere, targetOver, textOf } from "../../fleet/target.ts";
import { operate as operateThere } from "../../fleet/there.ts";
import { parseBounded } from "../../host/bounded-json.ts";
import { exec } from "../../host/exec.ts";
import type { Manifest } from "../../manifest/schema.ts";
import { print, printMessage } from "../../report/terminal.ts";
import { size } from "../../report/text/units.ts";
import { newRunId } from "../../run/run-id.ts";
import { HoldfastError } from "../../values/error.ts";
import { EXIT } from "../../values/error-codes.ts";
import { wordsOf } from "../../values/system-error.ts";
import {
	type CommonFlags,
	chosen,
	commonFlags,
	type FleetFlags,
	fleetFlags,
	guard,
	machineWords,
	switchFlag,
} from "../flags.ts";
import { codeOf, connected, endOf, remarkTo } from "../fleet.ts";
import { confirm, reporter } from "../operate.ts";
import { insisted, interruptible, untilUndone, untilUndoneThere } from "../signals.ts";

interface Flags extends CommonFlags, Omit<FleetFlags, "parallel"> {
	readonly dryRun: boolean;
	readonly yes: boolean;
}

const { parallel: _, ...selecting } = fleetFlags;
const flags = {
	...commonFlags,
	...selecting,
	dryRun: switchFlag("show what would change, and change nothing"),
	yes: switchFlag("do not ask"),
} as const;

export const deploy = buildCommand({
	docs: {
		brief: "put Holdfast, a machine's manifest, its secrets and its timers in place there",
		fullDescription: [
			"The machine needs nothing but SSH, systemd and a Linux of this architecture. What changes is shown first; what was",
			"there comes back when something fails. A machine with no `host` is this one: then its timers are put in place here.",
			"Passphrases and SSH keys in /etc/holdfast/secrets that the config names are made when there are none yet, and kept",
			"here, encrypted (see `secrets` in the config).",
			"",
			"Examples:",
			"  holdfast deploy web01 --dry-run",
			"  holdfast deploy --tag web",
		].join("\n"),
	},
	parameters: { flags, positional: machineWords },
	func: (flags: Flags, ...machine: string[]) =>
		guard(flags, async () => {
			const { every, secrets, ...selected } = await chosen(flags, { machine });
			// Whose keys a server lets in is said by the other machines.
			const all = await every();
			const store = openStore(secrets);
			return onEach(selected, flags, (manifest, place, run) =>
				deployTo(place, run, { manifest, every: all, store }, flags),
			);
		}),
});

export const undeploy = buildCommand({
	docs: {
		brief: "take Holdfast and its timers away from a machine; archives, secrets and the journal stay",
		fullDescription: "Examples:\n  holdfast undeploy web01 --dry-run\n  holdfast undeploy web01",
	},
	parameters: { flags, positional: machineWords },
	func: (flags: Flags, ...machine: string[]) =>
		guard(flags, async () =>
			onEach(await chosen(flags, { machine }), flags, (_, place, run) => undeployFrom(place, run, flags)),
		),
});

/** How a run there is started, and heard of to its end; its exit code. */
type Run = (program: readonly string[], argv: readonly string[]) => Promise<number>;

/** One after the other: each is shown, and asked about. Of several, one's failure is its own. */
async function onEach(
	{ machines, sshConfig }: { readonly machines: readonly Manifest[]; readonly sshConfig: string | undefined },
	flags: Flags,
	work: (manifest: Manifest, place: Place, run: Run) => Promise<number>,
): Promise<number> {
	const signal = interruptible();
	const codes: number[] = [];
	for (const manifest of machines) {
		const one = () => onTarget(manifest, sshConfig, signal, (place, run) => work(manifest, place, run));
		if (machines.length === 1) return one();
		if (!flags.quiet) print(["", manifest.machine]);
		await guard(flags, one);
		codes.push(Number(process.exitCode));
	}
	return codeOf(codes);
}

async function onTarget(
	manifest: Manifest,
	sshConfig: string | undefined,
	signal: AbortSignal,
	work: (place: Place, run: Run) => Promise<number>,
): Promise<number> {
	if (isHere(manifest))
		return work(await placeOf(targetHere(manifest.machine)), async (program, argv) => {
			const env = { ...(process.env as Record<string, string>) };
			const options = { env, signal, onStdout: print, onStderr: printMessage };
			const result = await untilUndone(() => exec([...program, ...argv], options));
			return result.code ?? EXIT.failed;
		});
	return connected({ manifest, sshConfig }, signal, async (connection) =>
		work(await placeOf(targetOver(connection)), async (program, argv) => {
			const shown = { json: false, quiet: false, debug: false };
			const listener = await reporter(shown);
			const hearing = { signal, leave: insisted, listener, remark: remarkTo(shown) };
			const wish = { program, argv, run: newRunId() };
			return endOf(await untilUndoneThere(() => operateThere(connection, wish, hearing)));
		}),
	);
}

async function deployTo(
	place: Place,
	run: Run,
	{ manifest, every, store }: { manifest: Manifest; every: readonly Manifest[]; store: SecretStore },
	flags: Flags,
): Promise<number> {
	requireFit(place);
	const { target, layout, user } = place;
	const served = every.filter((one) => one.borgServer).flatMap((one) => clientsOf(one, every));
	const secrets = await secretsFor(
		place,
		wantedSecrets(manifest, layout),
		store,
		new Set(served.map(({ secret }) => secret)),
	);
	const server = manifest.borgServer && (await accountOf(manifest, clientsOf(manifest, every), store));
	const desired = await desiredFor(manifest, layout, user, secrets.values, server);
	const there = await hashesOf(
		target,
		desired.files.map(({ path }) => path),
	);
	const known = recordIn(await textOf(target, layout.installed), place);
	const { contents } = shipment(desired, there, layout);
	const lines = await changesOf(target, desired, there, known);
	const say = (some: readonly string[]) => {
		if (!flags.quiet) print(some);
	};
	say(await missingOn(target, manifest));
	if (lines.length === 0 && isSame(known, desired)) {
		say([`${target.machine} is up to date: nothing to do`]);
		return EXIT.done;
	}
	const bytes = await sizeOf(contents);
	requireRoom(place, bytes);
	print([...lines, ...secrets.lines, `${size(bytes)} are sent`]);
	if (flags.dryRun) return EXIT.done;
	await confirm(`Do this on ${target.machine}?`, flags.yes, `this changes ${target.machine}`);
	await secrets.keep();
	await server?.keep();
	const folder = join(layout.arrivals, newRunId());
	return untilUndoneThere(async () => {
		try {
			await send(target, folder, contents);
			const code = await run(await programOf(place, desired, contents, folder), ["__install", folder]);
			if (code === EXIT.done) say(secrets.told);
			return code;
		} finally {
			// What was sent, secrets among it, does not stay where it arrived.
			await script(target, 'rm -rf -- "$1"', [folder]).catch(() => {});
		}
	});
}

/** What a deploy has written down there, as far as it decides what is shown and compared here. */
function recordIn(text: string | undefined, { target, layout }: Place): Recorded | undefined {
	if (text === undefined) return undefined;
	try {
		return v.parse(recordSchema, parseBounded(text, { depth: 10, values: 100_000 }));
	} catch (cause) {
		throw new HoldfastError("answer-invalid", `${layout.installed} on ${target.machine} cannot be read`, {
			cause,
			details: [wordsOf(cause)],
			hint: "it says what was deployed; if it was damaged: delete it there, then deploy again",
		});
	}
}

const recordSchema = v.object({
	files: v.array(
		v.object({ path: v.pipe(v.string(), v.startsWith("/")), stays: v.optional(v.boolean(), false) }),
	),
	timers: v.array(v.string()),
	atBoot: v.array(v.string()),
});
type Recorded = v.InferOutput<typeof recordSchema>;

/** The files are the same already: are the units that run? */
function isSame(known: Recorded | undefined, { timers, atBoot }: Desired): boolean {
	return JSON.stringify([known?.timers, known?.atBoot]) === JSON.stringify([timers, atBoot]);
}

async function undeployFrom(place: Place, run: Run, flags: Flags): Promise<number> {
	const { target, layout } = place;
	const installed = recordIn(await textOf(target, layout.installed), place);
	if (!installed) {
		print(`nothing was deployed to ${target.machine}`);
		return EXIT.done;
	}
	const { files, timers, atBoot } = installed;
	const going = files.filter(({ stays }) => !stays);
	const staying = files.filter(({ stays }) => stays);
	print([
		...[...timers, ...atBoot].map((unit) => `- ${unit} (stopped, disabled)`),
		...going.map(({ path }) => `- ${path}`),
		...staying.map(({ path }) => `  ${path} stays: archives are read with it`),
	]);
	if (flags.dryRun) return EXIT.done;
	await confirm(`Do this on ${target.machine}?`, flags.yes, `this changes ${target.machine}`);
	return run([layout.program], ["__uninstall", layout.installed]);
}
