// One container: an overlay over the host's root, booted by systemd-nspawn. It ends with the process that made it.
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, openSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { bringCode, keepCode } from "./code.ts";
import { command } from "./command.ts";
import { Disk } from "./disk.ts";
import { isAlive } from "./network.ts";

const PROJECT = join(import.meta.dirname, "../..");
const BOOT_SECONDS = 60;

export interface Traits {
	/** In addition to those of a container. */
	readonly capabilities: readonly string[];
	/** It sees only cgroup v2. */
	readonly unifiedCgroups: boolean;
}

export class Container {
	readonly name: string;
	readonly #folder: string;
	readonly #namespace: string;
	readonly #disks: readonly Disk[];
	readonly #traits: Traits;
	#nspawn: ChildProcess | undefined;
	#leader = 0;

	private constructor(
		name: string,
		folder: string,
		namespace: string,
		disks: readonly Disk[],
		traits: Traits,
	) {
		this.#disks = disks;
		this.#traits = traits;
		this.name = name;
		this.#folder = folder;
		this.#namespace = namespace;
	}

	/** Its files are ready; it has not booted yet. */
	static async make(
		name: string,
		namespace: string,
		units: readonly string[],
		disks: Readonly<Record<string, string>>,
		traits: Traits,
	): Promise<Container> {
		await removeStale();
		const folder = await mkdtemp(join(tmpdir(), `holdfast-machine-${process.pid}-${name}-`));
		for (const part of ["up", "work", "root", "mnt"]) await mkdir(join(folder, part));
		// Files that belong only to the host.
		for (const own of ["srv", "opt"]) {
			await mkdir(join(folder, "up", own));
			await command("setfattr", "-n", "trusted.overlay.opaque", "-v", "y", join(folder, "up", own));
		}
		const made: Disk[] = [];
		for (const [at, type] of Object.entries(disks)) made.push(await Disk.make(folder, at, type));
		const container = new Container(name, folder, namespace, made, traits);
		await command(
			"mount",
			"-t",
			"overlay",
			"overlay",
			"-o",
			`lowerdir=/,upperdir=${folder}/up,workdir=${folder}/work`,
			container.#root,
		);
		await container.writeRoot("/etc/hostname", `${name}\n`);
		// Without one, systemd's first-boot setup runs and fails.
		await container.writeRoot("/etc/machine-id", `${randomBytes(16).toString("hex")}\n`);
		await container.writeRoot("/etc/fstab", "");
		// The host's shell configuration for root does not belong to the machine; neither do Holdfast's files for the
		// host.
		await container.writeRoot("/root/.bashrc", "");
		for (const own of ["etc/holdfast", "var/lib/holdfast", "var/cache/holdfast", "usr/local/lib/holdfast"])
			await rm(join(container.#root, own), { recursive: true, force: true });
		await bringCode(container.#root);
		await container.#maskAllBut(units);
		await mkdir(join(container.#root, "opt/holdfast"), { recursive: true });
		return container;
	}

	get #root(): string {
		return join(this.#folder, "root");
	}

	/** The pid of its systemd on this host. */
	get leader(): number {
		return this.#leader;
	}

	/** Write a file in its root from outside; not below a folder where the machine mounts something. */
	async writeRoot(path: string, content: string): Promise<void> {
		await mkdir(dirname(join(this.#root, path)), { recursive: true });
		await rm(join(this.#root, path), { force: true });
		await writeFile(join(this.#root, path), content);
	}

	/** Start only the units that a test asks for, however much is installed on the host. */
	async #maskAllBut(units: readonly string[]): Promise<void> {
		const folder = join(this.#root, "etc/systemd/system");
		for (const wants of (await readdir(folder)).filter((name) => name.endsWith(".wants"))) {
			for (const unit of await readdir(join(folder, wants))) {
				if (units.includes(unit) || unit.endsWith(".target")) continue;
				await rm(join(folder, unit), { force: true });
				await symlink("/dev/null", join(folder, unit));
			}
		}
	}

	async boot(): Promise<void> {
		const log = join(this.#folder, "log");
		const output = openSync(log, "a");
		this.#nspawn = spawn(
			"sh",
			[
				"-ec",
				// A separate control group: two machines in one would end each other's services.
				`for group in ${this.#groups().join(" ")}; do mkdir -p $group; echo $$ >$group/cgroup.procs; done; exec "$@"`,
				"sh",
				"setpriv",
				"--pdeathsig",
				"KILL",
				"systemd-nspawn",
				"--quiet",
				"--register=no",
				"--keep-unit",
				`--directory=${this.#root}`,
				"--boot",
				// Two machines with the same name would share files below /run on the host.
				`--machine=${this.name}-${process.pid}`,
				`--hostname=${this.name}`,
				`--network-namespace-path=/run/netns/${this.#namespace}`,
				"--kill-signal=SIGRTMIN+3",
				"--console=pipe",
				"--resolv-conf=off",
				"--timezone=off",
				`--bind-ro=${PROJECT}:/opt/holdfast`,
				...this.#traits.capabilities.map((capability) => `--capability=${capability}`),
				// Writable storage on disk, like a real machine's.
				`--bind=${this.#folder}/mnt:/mnt`,
				...this.#disks.map((disk) => `--bind=${disk.folder}:${disk.at}`),
			],
			{
				stdio: ["ignore", output, output],
				env: {
					...process.env,
					...(this.#traits.unifiedCgroups ? { SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: "1" } : {}),
				},
			},
		);
		closeSync(output);
		const until = Date.now() + BOOT_SECONDS * 1000;
		while (Date.now() < until && this.#nspawn.exitCode === null) {
			// During setup, nspawn has short-lived children.
			this.#leader = await firstChild(this.#nspawn.pid ?? 0);
			if (this.#leader && (await this.#isUp())) {
				await writeFile(join(this.#folder, "leader"), await identityOf(this.#leader));
				return;
			}
			await pause(50);
		}
		throw new Error(`${this.name} did not boot:\n${await readFile(log, "utf8")}`);
	}

	/** In each hierarchy that systemd uses: the first two for cgroup v1 and hybrid hosts, the last for v2 hosts. */
	#groups(): string[] {
		const hierarchies = ["/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified", "/sys/fs/cgroup"];
		return hierarchies
			.filter((hierarchy) => existsSync(join(hierarchy, "cgroup.procs")))
			.map((hierarchy) => join(hierarchy, `holdfast-test-${process.pid}-${this.name}`));
	}

	/** Waits for the end of the boot as soon as its systemd can be asked. */
	async #isUp(): Promise<boolean> {
		const state = await command(
			"sh",
			"-c",
			'timeout "$2" nsenter -t "$1" -a systemctl is-system-running --wait 2>/dev/null || true',
			"sh",
			String(this.#leader),
			String(BOOT_SECONDS),
		);
		return /^(running|degraded)$/.test(state.trim());
	}

	async powerOff(): Promise<void> {
		await this.#end("SIGKILL");
	}

	async cutPower(): Promise<void> {
		for (const disk of this.#disks) await disk.copy();
		await this.#end("SIGKILL");
		for (const disk of this.#disks) await disk.becomeCopy();
	}

	async #end(signal: NodeJS.Signals): Promise<void> {
		const nspawn = this.#nspawn;
		if (!nspawn || nspawn.exitCode !== null || nspawn.signalCode !== null) return;
		const ended = new Promise((resolve) => nspawn.once("exit", resolve));
		if (this.#leader) process.kill(this.#leader, signal);
		else nspawn.kill("SIGKILL");
		await ended;
		this.#leader = 0;
	}

	async close(): Promise<void> {
		await this.#end("SIGKILL");
		await keepCode(this.#root);
		for (const disk of this.#disks) await disk.unmount();
		await command("umount", "--lazy", this.#root);
		for (const group of this.#groups())
			await command("find", group, "-depth", "-type", "d", "-delete").catch(() => {});
		await command("rm", "-rf", "--one-file-system", this.#folder);
	}
}

/** A pid and its start time: the kernel reuses pids. */
async function identityOf(pid: number | string): Promise<string> {
	const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
	// proc(5): the program's name is in brackets; the 22nd field is the start time.
	return `${pid} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]}`;
}

async function firstChild(pid: number): Promise<number> {
	const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
	return Number(children.split(" ", 1)[0]);
}

/** Overlays of test runs that died: unmounted before they are removed. */
async function removeStale(): Promise<void> {
	for (const entry of await readdir(tmpdir())) {
		const pid = /^holdfast-machine-(\d+)-/.exec(entry)?.[1];
		if (pid === undefined || isAlive(Number(pid))) continue;
		// Two test files can find it at once: the one that renames it removes it, and what has this process's pid is left
		// alone by all others.
		const folder = join(tmpdir(), entry.replace(`-${pid}-`, `-${process.pid}-`));
		const mine = await rename(join(tmpdir(), entry), folder).then(
			() => true,
			() => false,
		);
		if (!mine) continue;
		// If nspawn itself is killed, the machine's systemd survives.
		const leader = await readFile(join(folder, "leader"), "utf8").catch(() => "");
		const leaderPid = leader.split(" ", 1)[0] ?? "";
		if (leader !== "" && leader === (await identityOf(leaderPid))) process.kill(Number(leaderPid), "SIGKILL");
		await command(
			"sh",
			"-c",
			'for mount in "$1"/root "$1"/disk-*; do ! mountpoint -q "$mount" || umount --lazy "$mount"; done',
			"sh",
			folder,
		);
		await command("rm", "-rf", "--one-file-system", folder);
	}
}
