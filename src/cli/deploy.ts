// holdfast deploy [MACHINE…], holdfast undeploy [MACHINE…]: Holdfast, its manifest, secrets and timers onto machines.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildCommand } from "@stricli/core";
import { accountOf, clientsOf } from "../fleet/borg-server.ts";
import { type Desired, desiredFor, type Secret, shipment, sizeOf } from "../fleet/deployment.ts";
import { type Layout, layoutOf } from "../fleet/layout.ts";
import {
	makeSecret,
	openStore,
	publicKeyOf,
	type SecretStore,
	type WantedSecret,
	wantedSecrets,
} from "../fleet/secrets.ts";
import { isHere } from "../fleet/select.ts";
import {
	type Content,
	type Facts,
	factsOf,
	hashesOf,
	script,
	send,
	type Target,
	targetHere,
	targetOver,
	textOf,
} from "../fleet/target.ts";
import { operate as operateThere } from "../fleet/there.ts";
import { exec } from "../host/exec.ts";
import { EXIT, HoldfastError } from "../manifest/error.ts";
import type { Manifest } from "../manifest/schema.ts";
import type { Deployment } from "../plan/install.ts";
import { size } from "../report/units.ts";
import { newRunId } from "../run/run-id.ts";
import {
	type CommonFlags,
	chosen,
	commonFlags,
	type FleetFlags,
	fleetFlags,
	guard,
	machineWords,
	switchFlag,
} from "./flags.ts";
import { codeOf, connect, endOf, remarkTo } from "./fleet.ts";
import { confirm, reporter } from "./operate.ts";
import { interruptible } from "./signals.ts";

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
			const { machines, every, sshConfig, secrets } = await chosen(flags, { machine });
			const signal = interruptible();
			const store = openStore(secrets);
			const codes: number[] = [];
			for (const manifest of machines)
				codes.push(
					await apart(machines, manifest, flags, () =>
						onTarget(manifest, sshConfig, signal, (place) => deployTo(place, manifest, every, store, flags)),
					),
				);
			return codeOf(codes);
		}),
});

export const undeploy = buildCommand({
	docs: {
		brief: "take Holdfast and its timers away from a machine; archives, secrets and the journal stay",
		fullDescription: "Examples:\n  holdfast undeploy web01 --dry-run\n  holdfast undeploy web01",
	},
	parameters: { flags, positional: machineWords },
	func: (flags: Flags, ...machine: string[]) =>
		guard(flags, async () => {
			const { machines, sshConfig } = await chosen(flags, { machine });
			const signal = interruptible();
			const codes: number[] = [];
			for (const manifest of machines)
				codes.push(
					await apart(machines, manifest, flags, () =>
						onTarget(manifest, sshConfig, signal, (place) => undeployFrom(place, manifest, flags)),
					),
				);
			return codeOf(codes);
		}),
});

/** Of several machines one's failure is its own. */
async function apart(
	machines: readonly Manifest[],
	{ machine }: Manifest,
	flags: Flags,
	work: () => Promise<number>,
): Promise<number> {
	if (machines.length === 1) return work();
	if (!flags.quiet) process.stdout.write(`\n${machine}\n`);
	let code: number = EXIT.failed;
	await guard(flags, work);
	code = Number(process.exitCode ?? EXIT.done);
	process.exitCode = undefined;
	return code;
}

/** A machine as a deploy finds it. */
interface Place {
	readonly target: Target;
	readonly layout: Layout;
	readonly facts: Omit<Facts, "hashes">;
	readonly user: boolean;
	/** Run what was sent, there, and hear of it to its end. */
	run(program: readonly string[], argv: readonly string[]): Promise<number>;
}

async function onTarget(
	manifest: Manifest,
	sshConfig: string | undefined,
	signal: AbortSignal,
	work: (place: Place, flags?: Flags) => Promise<number>,
): Promise<number> {
	const { machine } = manifest;
	if (isHere(manifest)) {
		const target = targetHere(machine);
		return work(
			await placeOf(target, async (program, argv) => {
				const [command = "", ...words] = program;
				const result = await exec([command, ...words, ...argv], {
					env: { ...(process.env as Record<string, string>) },
					signal,
					onStdout: (line) => process.stdout.write(`${line}\n`),
					onStderr: (line) => process.stderr.write(`${line}\n`),
				});
				return result.code ?? EXIT.failed;
			}),
		);
	}
	const connection = await connect({ manifest, sshConfig }, signal);
	try {
		const target = targetOver(connection);
		return await work(
			await placeOf(target, async (program, argv) => {
				const quiet = { json: false, quiet: false, debug: false };
				const hearing = { signal, listener: await reporter(quiet), remark: remarkTo(quiet) };
				return endOf(await operateThere(connection, { program, argv, run: newRunId() }, hearing));
			}),
		);
	} finally {
		await connection.close();
	}
}

async function placeOf(target: Target, run: Place["run"]): Promise<Place> {
	const root = layoutOf();
	const first = await factsOf(target, [root.arrivals, root.lib]);
	const user = first.uid !== 0;
	const layout = user ? layoutOf(first.home) : root;
	const facts = user ? await factsOf(target, [layout.arrivals, layout.lib]) : first;
	return { target, layout, facts, user, run };
}

/** `uname -m` of what Node calls the architecture. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
	x64: "x86_64",
	arm64: "aarch64",
	ppc64: "ppc64le",
	s390x: "s390x",
	riscv64: "riscv64",
};

function requireFit({ target: { machine }, facts }: Place): void {
	const { os, arch, systemd, nixos } = facts;
	const own = ARCHITECTURES[process.arch] ?? process.arch;
	const fault =
		os !== "Linux"
			? { what: `runs ${os}`, hint: "Holdfast works on Linux" }
			: !systemd
				? { what: "does not run under systemd", hint: "its timers and units are what a deploy sets up" }
				: nixos
					? {
							what: "is NixOS, whose files come from its configuration",
							hint: "import the NixOS module instead",
						}
					: arch !== own
						? {
								what: `is ${arch}, and this machine is ${own}`,
								hint: "deploy from a machine of its architecture: the runtime that is sent is this one's own",
							}
						: undefined;
	if (fault) throw new HoldfastError("failed", `${machine} ${fault.what}`, { hint: fault.hint });
}

async function deployTo(
	place: Place,
	manifest: Manifest,
	every: readonly Manifest[],
	store: SecretStore,
	flags: Flags,
): Promise<number> {
	requireFit(place);
	const { target, layout, user } = place;
	const run = newRunId();
	const wanted = wantedSecrets(manifest, layout);
	const served = new Set(
		every.filter((one) => one.borgServer).flatMap((one) => clientsOf(one, every).map(({ secret }) => secret)),
	);
	const secrets = await secretsFor(place, wanted, store, flags, served);
	// Keys of machines that were not deployed to yet are made now, and used then.
	const made = new Map<string, string>();
	const account =
		manifest.borgServer &&
		(await accountOf(manifest, clientsOf(manifest, every), store, async ({ secret }) => {
			const key = made.get(secret) ?? makeSecret("ssh-key", secret);
			made.set(secret, key);
			return key;
		}));
	const desired = await desiredFor(manifest, layout, user, secrets.values, account);
	const there = await hashesOf(
		target,
		desired.files.map(({ path }) => path),
	);
	const before = await textOf(target, layout.installed);
	const known = before === undefined ? undefined : (JSON.parse(before) as Deployment);
	const { contents } = shipment(desired, there, layout);
	const gone = (known?.files ?? []).filter(
		({ path, stays }) => !stays && !desired.files.some((file) => file.path === path),
	);
	const lines = await changes(target, desired, there, gone);
	const enabled = JSON.stringify(known?.timers) === JSON.stringify(desired.timers);
	if (lines.length === 0 && known && enabled) {
		if (!flags.quiet) process.stdout.write(`${target.machine} is as it shall be: nothing to do\n`);
		await secrets.tell();
		return EXIT.done;
	}
	const bytes = await sizeOf(contents);
	requireRoom(place, bytes);
	process.stdout.write(`${[...lines, ...secrets.lines].join("\n")}\n${size(bytes)} are sent\n`);
	if (flags.dryRun) return EXIT.done;
	await confirm(`Do this on ${target.machine}?`, flags.yes, `this changes ${target.machine}`);
	await secrets.keep();
	for (const [name, key] of made) await store.set(name, key);
	const folder = join(layout.arrivals, run);
	await send(target, folder, contents);
	try {
		const code = await place.run(await programOf(place, desired, contents, folder), ["__install", folder]);
		if (code === EXIT.done) await secrets.tell();
		return code;
	} finally {
		await script(target, 'rm -rf -- "$1"', [folder]).catch(() => {});
	}
}

/** The program that arrived, by the runtime that arrived or was there already. */
async function programOf(
	{ target }: Place,
	{ files }: Desired,
	contents: ReadonlyMap<string, Content>,
	folder: string,
): Promise<string[]> {
	const arrived = (path: string | undefined, index: number) =>
		contents.has(`file-${index}`) ? join(folder, `file-${index}`) : (path ?? "");
	const [runtime = "", bundle = ""] = files.slice(0, 2).map(({ path }, index) => arrived(path, index));
	const starts = await script(target, 'chmod u+x "$1" 2>/dev/null; "$1" --version 2>&1; true', [runtime]);
	if (!/^v\d+/.test(starts))
		throw new HoldfastError("failed", `the runtime does not start on ${target.machine}`, {
			details: starts.split("\n").slice(0, 5),
			hint: "it needs glibc 2.28 or later and libstdc++ (Debian: libstdc++6)",
		});
	return ["env", `HOLDFAST_BUNDLE=${bundle}`, runtime, "--disable-warning=ExperimentalWarning", bundle];
}

function requireRoom({ target: { machine }, facts, layout }: Place, bytes: number): void {
	const [arrives = 0, stays = 0] = facts.room;
	for (const [room, folder] of [
		[arrives, layout.arrivals],
		[stays, layout.lib],
	] as const)
		if (room < bytes * 1.1)
			throw new HoldfastError(
				"failed",
				`no room on ${machine} in ${folder}: ${size(room)} of ${size(bytes)}`,
				{
					hint: `make room there; see: df -h ${folder}`,
				},
			);
}

/** One line a file, with what changes in those that people read. */
async function changes(
	target: Target,
	{ files }: Desired,
	there: ReadonlyMap<string, string>,
	gone: readonly { readonly path: string }[],
): Promise<string[]> {
	const lines: string[] = [];
	for (const { path, content, sha256, shown } of files) {
		const known = there.get(path);
		if (known === sha256) continue;
		lines.push(`${known === undefined ? "+" : "~"} ${path}`);
		if (known !== undefined && shown && "text" in content)
			lines.push(...(await difference((await textOf(target, path)) ?? "", content.text)));
	}
	return [...lines, ...gone.map(({ path }) => `- ${path}`)];
}

async function difference(before: string, after: string): Promise<string[]> {
	const folder = await mkdtemp(join(tmpdir(), "holdfast-diff-"));
	try {
		await writeFile(join(folder, "before"), before, { mode: 0o600 });
		await writeFile(join(folder, "after"), after, { mode: 0o600 });
		const lines: string[] = [];
		await exec(["diff", "-U1", "before", "after"], { cwd: folder, onStdout: (line) => lines.push(line) });
		return lines.filter((line) => !/^(---|\+\+\+) /.test(line)).map((line) => `    ${line}`);
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

/** Secrets out of the store, made anew, or left as they are there. Nothing is kept before somebody has said yes. */
async function secretsFor(
	{ target }: Place,
	wanted: readonly WantedSecret[],
	store: SecretStore,
	{ quiet }: Flags,
	/** Keys that a deploy to their server lets in. */
	served: ReadonlySet<string>,
) {
	const there = await hashesOf(
		target,
		wanted.map(({ path }) => path),
	);
	const values: (Secret & WantedSecret)[] = [];
	const made: (Secret & WantedSecret)[] = [];
	const lines: string[] = [];
	for (const secret of wanted) {
		const known = await store.get(secret.name);
		const isThere = there.has(secret.path);
		if (known === undefined && isThere) {
			lines.push(`  ${secret.path} is there and not in ${store.place}: it stays as it is`);
			continue;
		}
		const value = known ?? makeSecret(secret.kind, secret.name);
		if (known === undefined) {
			made.push({ ...secret, value });
			lines.push(
				`  ${secret.path} is made (${secret.kind} of ${secret.of.join(", ")}), and kept in ${store.place}`,
			);
		} else if (isThere && there.get(secret.path) !== (await sha256(value)))
			throw new HoldfastError(
				"failed",
				`${target.machine} has another secret at ${secret.path} than ${store.place}: nothing was changed`,
				{
					details: [`it opens ${secret.of.join(", ")}: with the wrong one, no archive there can be read`],
					hint: "find out which is right; then delete the other one",
				},
			);
		values.push({ ...secret, value });
	}
	return {
		values,
		lines,
		keep: async () => {
			for (const { name, value } of made) await store.set(name, value);
		},
		/** What a person must carry to somebody else. */
		tell: async () => {
			if (quiet) return;
			for (const { name, kind, value, of } of made)
				if (kind === "ssh-key" && !served.has(name))
					process.stdout.write(
						`the backup server of ${of.join(", ")} must let this key in:\n${publicKeyOf(value)}\n`,
					);
		},
	};
}

async function sha256(value: string): Promise<string> {
	const { createHash } = await import("node:crypto");
	return createHash("sha256").update(value).digest("hex");
}

async function undeployFrom(place: Place, _manifest: Manifest, flags: Flags): Promise<number> {
	const { target, layout } = place;
	const text = await textOf(target, layout.installed);
	if (text === undefined) {
		process.stdout.write(`nothing was deployed to ${target.machine}\n`);
		return EXIT.done;
	}
	const { files, timers, atBoot } = JSON.parse(text) as Deployment;
	const going = files.filter(({ stays }) => !stays);
	const staying = files.filter(({ stays }) => stays);
	process.stdout.write(
		[
			...[...timers, ...atBoot].map((unit) => `- ${unit} (stopped, disabled)`),
			...going.map(({ path }) => `- ${path}`),
			...staying.map(({ path }) => `  ${path} stays: archives are read with it`),
			"",
		].join("\n"),
	);
	if (flags.dryRun) return EXIT.done;
	await confirm(`Do this on ${target.machine}?`, flags.yes, `this changes ${target.machine}`);
	return place.run([layout.program], ["__uninstall", layout.installed]);
}
