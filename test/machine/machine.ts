// Test machines: containers of this host's own root that boot real systemd and have their own network. Needs root.
//
//   const web01 = await machine("web01", { units: ["postgresql.service"] });
//   await web01.sh("systemctl is-active postgresql");
//
// Machines of one test file reach each other by name. They are removed when the file's tests are done.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { after } from "node:test";
import { testedBundle } from "../support/tested-bundle.ts";
import { Container } from "./container.ts";
import { Network } from "./network.ts";

export interface Output {
	readonly code: number;
	readonly stdout: string;
	readonly stderr: string;
}

export interface RunOptions {
	readonly input?: string;
	readonly env?: Readonly<Record<string, string>>;
	readonly cwd?: string;
}

export interface Machine {
	readonly name: string;
	/** IPv4, reachable from the other machines only. */
	readonly address: string;
	/** Run a program to its end, whatever its exit code. */
	run(argv: readonly string[], options?: RunOptions): Promise<Output>;
	/** Run a script under `bash -eu -o pipefail` that must succeed; its output without the last line break. */
	sh(script: string, options?: RunOptions): Promise<string>;
	/** The program under test, from this checkout. */
	holdfast(...args: string[]): Promise<Output>;
	/** Write a file with its parents. */
	write(path: string, content: string, mode?: string): Promise<void>;
	/** Block all traffic until `restoreNetwork`. */
	cutNetwork(): Promise<void>;
	restoreNetwork(): Promise<void>;
	/** SIGKILL to all of it at once. Written data stay, since they are in this host's page cache. */
	powerOff(): Promise<void>;
	/** A power failure: like `powerOff`, but everything that was not synced to its disks is lost. */
	cutPower(): Promise<void>;
	/** Boot it again after `powerOff` or `cutPower`, with what it had on disk. */
	boot(): Promise<void>;
}

export interface MachineOptions {
	/** Units of the host's packages that start at boot; all others are masked. */
	readonly units?: readonly string[];
	/** Its own filesystems, by mount point. */
	readonly disks?: Readonly<Record<string, "ext4" | "btrfs" | "xfs">>;
	/** In addition to those of a container, such as CAP_NET_ADMIN. */
	readonly capabilities?: readonly string[];
	/** Its systemd sees nothing but cgroup v2, as on today's distributions, whatever the host has. */
	readonly unifiedCgroups?: boolean;
}

/** Why no test machine can run here, or undefined if one can; for a test's `skip`. */
export const noMachines: string | undefined =
	process.getuid?.() !== 0
		? "test machines need root"
		: existsSync("/usr/bin/systemd-nspawn")
			? undefined
			: "test machines need systemd-nspawn (Debian: systemd-container)";

let network: Promise<Network> | undefined;
const running: Container[] = [];

after(closeMachines);

/** The tests of a file call this automatically when they are done. */
export async function closeMachines(): Promise<void> {
	await Promise.all(running.splice(0).map((container) => container.close()));
	await (await network)?.close();
	network = undefined;
}

/** A machine that has booted. */
export async function machine(
	name: string,
	{ units = [], disks = {}, capabilities = [], unifiedCgroups = false }: MachineOptions = {},
): Promise<Machine> {
	network ??= Network.make();
	const cables = await network;
	const link = await cables.join(name);
	const container = await Container.make(name, link.namespace, units, disks, {
		capabilities,
		unifiedCgroups,
	});
	running.push(container);
	await Promise.all(
		running.map((one) => one.writeRoot("/etc/hosts", `127.0.0.1 localhost ${one.name}\n${cables.hosts()}`)),
	);
	await container.boot();

	const run = (argv: readonly string[], options: RunOptions = {}) => inside(container, argv, options);
	const sh = async (script: string, options?: RunOptions) => {
		const { code, stdout, stderr } = await run(
			["bash", "--norc", "-eu", "-o", "pipefail", "-c", script],
			options,
		);
		if (code !== 0) throw new Error(`on ${name}, exit code ${code}: ${script}\n${stdout}${stderr}`);
		return stdout.trimEnd();
	};
	return {
		name,
		address: link.address,
		run,
		sh,
		holdfast: (...args) =>
			run(["/opt/holdfast/bin/holdfast", ...args], { env: testedBundle("/opt/holdfast") }),
		write: async (path, content, mode = "0644") => {
			await sh('mkdir -p "$(dirname "$FILE")"; cat >"$FILE"; chmod "$MODE" "$FILE"', {
				input: content,
				env: { FILE: path, MODE: mode },
			});
		},
		cutNetwork: () => link.set("down"),
		restoreNetwork: () => link.set("up"),
		powerOff: () => ended(container, container.powerOff()),
		cutPower: () => ended(container, container.cutPower()),
		boot: () => container.boot(),
	};
}

/** nsenter stops together with its child; while it is stopped it reaps nothing, and the kernel waits for that. */
async function ended(container: Container, ending: Promise<void>): Promise<void> {
	const goOn = setInterval(() => {
		for (const child of inMachine.get(container) ?? []) child.kill("SIGCONT");
	}, 50);
	await ending.finally(() => clearInterval(goOn));
}

const inMachine = new Map<Container, Set<ChildProcess>>();

function inside(container: Container, argv: readonly string[], options: RunOptions): Promise<Output> {
	const child = spawn(
		"nsenter",
		["-t", String(container.leader), "-a", `--wdns=${options.cwd ?? "/root"}`, ...argv],
		{
			env: {
				PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
				HOME: "/root",
				LANG: "C.UTF-8",
				BORG_SELFTEST: "disabled",
				...options.env,
			},
			stdio: ["pipe", "pipe", "pipe"],
		},
	);
	const children = inMachine.get(container) ?? new Set();
	inMachine.set(container, children.add(child));
	let stdout = "";
	let stderr = "";
	child.stdout.setEncoding("utf8").on("data", (chunk) => {
		stdout += chunk;
	});
	child.stderr.setEncoding("utf8").on("data", (chunk) => {
		stderr += chunk;
	});
	child.stdin.on("error", () => {});
	child.stdin.end(options.input ?? "");
	return new Promise((resolve, reject) => {
		child.on("error", reject);
		child.on("close", (code) => {
			children.delete(child);
			resolve({ code: code ?? -1, stdout, stderr });
		});
	});
}
