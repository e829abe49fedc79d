// A fleet of one honest machine, which is this host, and liars (liar.ts), behind one sshd on loopback.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after } from "node:test";
import { freePort, knownHost, listening, makeSshKeys, startSshd } from "./sshd.ts";
import { standInForSystemd } from "./systemd.ts";

const HOLDFAST = process.env.HOLDFAST_UNDER_TEST ?? join(import.meta.dirname, "../../bin/holdfast");

export interface Told {
	readonly code: number | null;
	readonly signal: NodeJS.Signals | null;
	readonly stdout: string;
	readonly stderr: string;
	readonly seconds: number;
	/** The peak memory of the process, in MB. */
	readonly megabytes: number;
}

export interface Fleet {
	/** Machines are named after their behaviour; `honest` is the honest one. */
	holdfast(words: readonly string[], options?: Partial<Options>): Promise<Told>;
	/** A command on the honest machine itself, which must succeed. */
	there(...words: string[]): void;
	/** A command on a terminal, whose question is answered with yes. `meanwhile`: between the question and the answer. */
	asked(words: string, meanwhile: () => void): Promise<string>;
	/** The names of the honest machine's archives. */
	archives(): string[];
}

interface Options {
	readonly env: Readonly<Record<string, string>>;
	/** How much of its standard output and error is kept. */
	readonly keepBytes: number;
	/** Called while it runs. */
	readonly meanwhile: (child: ChildProcess) => void;
}

/** `retention`: of the honest machine's archives. */
export async function fleetOf(folder: string, liars: readonly string[], retention?: object): Promise<Fleet> {
	const keys = makeSshKeys(folder);
	const port = await freePort();
	const liar = `${process.execPath} --disable-warning=ExperimentalWarning ${join(import.meta.dirname, "liar.ts")}`;
	const hosts = liars.map((name) => {
		const key = join(folder, `key-${name}`);
		execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
		appendFileSync(`${keys.key}.pub`, `command="${liar} ${name}" ${readFileSync(`${key}.pub`, "utf8")}`);
		return `Host ${name}\n  IdentityFile ${key}\n`;
	});
	const bin = join(folder, "bin");
	mkdirSync(bin);
	standInForSystemd(bin);
	writeFileSync(join(bin, "holdfast"), `#!/bin/sh\nexec ${HOLDFAST} "$@"\n`, { mode: 0o755 });
	const own = join(folder, "honest");
	mkdirSync(join(own, "data"), { recursive: true });
	writeFileSync(join(own, "data/file"), "precious");
	const there = { HOLDFAST_STATE_DIR: join(own, "state"), HOLDFAST_RUNTIME_DIR: join(own, "run") };
	const env = Object.entries({ ...there, PATH: `${bin}:${process.env.PATH}` });
	const daemon = startSshd(folder, keys, `127.0.0.1:${port}`, [
		`SetEnv ${env.map(([name, value]) => `${name}=${value}`).join(" ")}`,
	]);
	after(() => daemon.kill("SIGKILL"));
	writeFileSync(join(folder, "known_hosts"), knownHost(`[127.0.0.1]:${port}`, keys));
	writeFileSync(
		join(folder, "ssh.conf"),
		`${hosts.join("")}Host honest\n  IdentityFile ${keys.key}\nHost *\n  HostName 127.0.0.1\n  Port ${port}\n  User root\n  IdentitiesOnly yes\n  UserKnownHostsFile ${folder}/known_hosts\n`,
	);
	const machine = {
		state: { notes: { folders: [join(own, "data")] } },
		providers: { tar: { retention, destinations: { d: { path: join(own, "archives") } } } },
	};
	const config = join(folder, "holdfast.json");
	const names = [...liars, "honest"].map((name) => [name, { ...machine, host: name, tags: ["all"] }]);
	writeFileSync(config, JSON.stringify({ sshConfig: "ssh.conf", machines: Object.fromEntries(names) }));
	// Something to list.
	writeFileSync(join(folder, "local.json"), JSON.stringify({ machines: { honest: machine } }));
	const onItself = (...words: string[]) => {
		execFileSync(HOLDFAST, [...words, "--config", join(folder, "local.json")], {
			env: { ...process.env, ...there },
			stdio: ["ignore", "ignore", "pipe"],
		});
	};
	onItself("create", "--quiet");
	await listening(port);
	return {
		there: onItself,
		archives: () => readdirSync(join(own, "archives")).filter((name) => name.startsWith("honest-")),
		asked(words, meanwhile) {
			const child = spawn("script", ["-qec", `${HOLDFAST} ${words} --config ${config}`, "/dev/null"], {
				env: { ...process.env, HOLDFAST_STATE_DIR: join(folder, "operator"), COLUMNS: "200" },
				stdio: ["pipe", "pipe", "inherit"],
			});
			let text = "";
			let isAsked = false;
			child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
				text += chunk;
				if (isAsked || !text.includes("[y/N]")) return;
				isAsked = true;
				meanwhile();
				child.stdin.write("y\n");
			});
			return new Promise((resolve) => child.on("close", () => resolve(text)));
		},
		async holdfast(words, { env = {}, keepBytes = 1_000_000, meanwhile } = {}) {
			const began = performance.now();
			const child = spawn(HOLDFAST, [...words, "--config", config], {
				stdio: ["ignore", "pipe", "pipe"],
				env: { ...process.env, HOLDFAST_STATE_DIR: join(folder, "operator"), ...env },
			});
			const said = { stdout: "", stderr: "" };
			for (const stream of ["stdout", "stderr"] as const)
				child[stream].setEncoding("utf8").on("data", (text: string) => {
					said[stream] = (said[stream] + text).slice(0, keepBytes);
				});
			let megabytes = 0;
			const look = setInterval(() => {
				megabytes = Math.max(megabytes, memoryOf(child.pid));
			}, 25);
			meanwhile?.(child);
			const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
				child.on("close", (...end) => resolve(end)),
			);
			clearInterval(look);
			return { ...said, code, signal, megabytes, seconds: (performance.now() - began) / 1000 };
		},
	};
}

function memoryOf(pid: number | undefined): number {
	try {
		const [, kilobytes] = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
		return Number(kilobytes ?? 0) / 1000;
	} catch {
		return 0;
	}
}
