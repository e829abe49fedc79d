// Many machines that are one sshd each, in separate network namespaces, on this host's own files: for tests that
// depend on their number. They have no systemd; a stand-in for `systemd-run` starts its command and waits.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Network } from "../machine/network.ts";
import { knownHost, makeSshKeys, startSshd } from "../support/sshd.ts";
import { standInForSystemd } from "../support/systemd.ts";

const PROJECT = join(import.meta.dirname, "../..");

export const COLUMNS = 60;

interface Answer {
	readonly code: number;
	readonly stdout: string;
	readonly stderr: string;
	readonly seconds: number;
}

export interface SimulatedFleet {
	readonly names: readonly string[];
	/** Its config, as a person would write it. */
	readonly config: string;
	/** The program under test, next to them in the network. */
	holdfast(words: readonly string[]): Promise<Answer>;
	/** Run a command on all of them at once, or on the first few, each over a separate ssh: as without Holdfast. */
	bySsh(command: (name: string) => string, count?: number): Promise<Answer>;
	/** The same fleet, with programs in a folder that precedes the others in the PATH. */
	withPrograms(folder: string): SimulatedFleet;
	/** Its own config, as installed on a machine. */
	configOf(name: string): string;
	/** The same on a terminal with `COLUMNS` columns and 20 rows; its stdout is everything that is drawn. */
	onTerminal(words: readonly string[]): Promise<Answer>;
	close(): Promise<void>;
}

/** The message for each ssh that failed. */
const FAILED = "one-of-them-failed";

/**
 * `hook` runs on each machine before a backup; with `jump`, the first one is the jump host of all others, with its
 * own sshd options.
 */
export async function simulatedFleet(
	folder: string,
	count: number,
	hook: string,
	jump?: string,
): Promise<SimulatedFleet> {
	const network = await Network.make();
	const laptop = await network.join("laptop");
	const bin = join(folder, "bin");
	mkdirSync(bin, { recursive: true });
	standInForSystemd(bin);
	writeFileSync(join(bin, "holdfast"), `#!/bin/sh\nexec ${PROJECT}/bin/holdfast "$@"\n`, { mode: 0o755 });
	const keys = makeSshKeys(folder);
	const names = Array.from({ length: count }, (_, index) => `m${String(index + 1).padStart(2, "0")}`);
	const daemons: ChildProcess[] = [];
	const known: string[] = [];
	const machines: string[] = [];
	const addresses = new Map<string, string>();
	for (const name of names) {
		const { namespace, address } = await network.join(name);
		const own = join(folder, name);
		mkdirSync(join(own, "data"), { recursive: true });
		writeFileSync(join(own, "data/file"), name);
		const options = [
			...(jump !== undefined && name === names[0] ? [jump] : []),
			`SetEnv HOLDFAST_STATE_DIR=${own}/state HOLDFAST_RUNTIME_DIR=${own}/runtime HOLDFAST_CACHE_DIR=${own}/cache PATH=${bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
		];
		daemons.push(startSshd(own, keys, address, options, ["ip", "netns", "exec", namespace]));
		const state = `state: { notes: { folders: ["${own}/data"], hooks: { preBackup: "${hook}" } } }, providers: { tar: { destinations: { disk: { path: "${own}/archives" } } } }`;
		writeFileSync(join(own, "holdfast.yaml"), `machines: { ${name}: { ${state} } }\n`);
		addresses.set(name, address);
		known.push(knownHost(address, keys));
		machines.push(`  ${name}: { host: root@${address}, tags: [all], ${state} }`);
	}
	writeFileSync(join(folder, "known_hosts"), known.join(""));
	const first = addresses.get(names[0] ?? "");
	const identity = `IdentityFile ${keys.key}\nUserKnownHostsFile ${folder}/known_hosts\n`;
	const way = jump === undefined ? "" : `Host 10.77.0.* !${first}\nProxyJump root@${first}\n`;
	writeFileSync(join(folder, "ssh.conf"), identity + way);
	const config = join(folder, "holdfast.yaml");
	writeFileSync(config, `sshConfig: ssh.conf\nmachines:\n${machines.join("\n")}\n`);
	await pause(300);
	const program = join(PROJECT, "bin/holdfast");
	const run = async (argv: readonly string[]): Promise<Answer> => {
		const began = performance.now();
		const { NO_COLOR: _, ...env } = process.env;
		const child = spawn("ip", ["netns", "exec", laptop.namespace, ...argv], {
			stdio: ["ignore", "pipe", "pipe"],
			env: {
				...env,
				TERM: "xterm",
				HOLDFAST_STATE_DIR: join(folder, "laptop"),
				HOLDFAST_RUNTIME_DIR: join(folder, "laptop-run"),
			},
		});
		let stdout = "";
		let stderr = "";
		child.stdout.setEncoding("utf8").on("data", (chunk) => {
			stdout += chunk;
		});
		child.stderr.setEncoding("utf8").on("data", (chunk) => {
			stderr += chunk;
		});
		const code = await new Promise<number>((resolve) => child.on("close", (it) => resolve(it ?? -1)));
		return { code, stdout, stderr, seconds: (performance.now() - began) / 1000 };
	};
	const fleet: SimulatedFleet = {
		names,
		config,
		holdfast: (words) => run([program, ...words, "--config", config]),
		withPrograms: (folder) => ({
			...fleet,
			holdfast: (words) =>
				run(["env", `PATH=${folder}:${process.env.PATH}`, program, ...words, "--config", config]),
		}),
		async bySsh(command, most = count) {
			const one = (name: string) =>
				`{ ssh -F '${join(folder, "ssh.conf")}' root@${addresses.get(name)} '${command(name)}' || echo ${FAILED} >&2; } & `;
			const answer = await run(["sh", "-c", `${names.slice(0, most).map(one).join("")}wait`]);
			return { ...answer, code: answer.stderr.includes(FAILED) ? 1 : answer.code };
		},
		configOf: (name) => join(folder, name, "holdfast.yaml"),
		onTerminal: (words) =>
			run([
				"script",
				"-qec",
				`stty cols ${COLUMNS} rows 20; exec '${program}' ${words.join(" ")} --config '${config}'`,
				"/dev/null",
			]),
		async close() {
			for (const daemon of daemons) daemon.kill("SIGKILL");
			await pause(100);
			await network.close();
		},
	};
	return fleet;
}
