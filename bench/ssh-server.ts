// This machine over SSH, on loopback: what lies behind it is as far as SSH makes it.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { knownHost, makeSshKeys, startSshd } from "../test/support/sshd.ts";

export interface SshServer {
	/** As borg writes a repository in a folder of this machine. */
	repo(folder: string): string;
	/** The ssh that is let in. */
	readonly rsh: string;
	close(): void;
}

const PORT = 22_077;

export async function sshServer(folder: string): Promise<SshServer> {
	mkdirSync(folder);
	const keys = makeSshKeys(folder);
	const known = join(folder, "known_hosts");
	writeFileSync(known, knownHost(`[127.0.0.1]:${PORT}`, keys));
	const daemon = startSshd(folder, keys, `127.0.0.1:${PORT}`);
	await pause(300);
	return {
		repo: (path) => `ssh://root@127.0.0.1:${PORT}${path}`,
		rsh: `ssh -F none -i ${keys.key} -o UserKnownHostsFile=${known} -o BatchMode=yes`,
		close: () => daemon.kill("SIGKILL"),
	};
}
