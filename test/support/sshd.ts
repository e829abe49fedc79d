// An sshd that accepts root with one key, for tests that do not need an entire machine. It ends with the process that
// started it.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

export interface SshKeys {
	/** File of the key that is accepted. */
	readonly key: string;
	/** File of the host key. */
	readonly hostKey: string;
}

export function makeSshKeys(folder: string): SshKeys {
	const keys = { key: join(folder, "key"), hostKey: join(folder, "host") };
	for (const file of Object.values(keys))
		execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file]);
	return keys;
}

/** A line of known_hosts. */
export const knownHost = (host: string, { hostKey }: SshKeys) =>
	`${host} ${readFileSync(`${hostKey}.pub`, "utf8")}`;

/** `options` are lines of sshd_config(5); `within` is the command that starts it. */
export function startSshd(
	folder: string,
	{ key, hostKey }: SshKeys,
	address: string,
	options: readonly string[] = [],
	within: readonly string[] = [],
): ChildProcess {
	mkdirSync("/run/sshd", { recursive: true });
	const conf = join(folder, "sshd.conf");
	const lines = [
		`ListenAddress ${address}`,
		`HostKey ${hostKey}`,
		`AuthorizedKeysFile ${key}.pub`,
		"StrictModes no",
		"UsePAM no",
		"PidFile none",
		"PermitRootLogin yes",
		...options,
	];
	writeFileSync(conf, lines.map((line) => `${line}\n`).join(""));
	return spawn("setpriv", ["--pdeathsig", "KILL", ...within, "/usr/sbin/sshd", "-D", "-e", "-f", conf], {
		stdio: "ignore",
	});
}

export async function freePort(): Promise<number> {
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const address = server.address();
	await new Promise((resolve) => server.close(resolve));
	return typeof address === "object" && address ? address.port : 0;
}

export async function listening(port: number): Promise<void> {
	for (let attempt = 0; attempt < 600; attempt++) {
		const isThere = await new Promise<boolean>((resolve) => {
			const socket = connect(port, "127.0.0.1", () => {
				socket.destroy();
				resolve(true);
			});
			socket.on("error", () => resolve(false));
		});
		if (isThere) return;
		await pause(50);
	}
	throw new Error("the sshd does not listen");
}
