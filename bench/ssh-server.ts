// An sshd on loopback with keys of its own: what lies behind it is as far as SSH makes it.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

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
	mkdirSync("/run/sshd", { recursive: true });
	const [key, hostKey] = [join(folder, "key"), join(folder, "host")];
	for (const file of [key, hostKey])
		execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file]);
	const known = join(folder, "known_hosts");
	writeFileSync(known, `[127.0.0.1]:${PORT} ${readFileSync(`${hostKey}.pub`, "utf8")}`);
	const conf = join(folder, "sshd.conf");
	writeFileSync(
		conf,
		[
			`ListenAddress 127.0.0.1:${PORT}`,
			`HostKey ${hostKey}`,
			`AuthorizedKeysFile ${key}.pub`,
			"StrictModes no",
			"UsePAM no",
			"PidFile none",
			"PermitRootLogin yes",
			"",
		].join("\n"),
	);
	const daemon = spawn("setpriv", ["--pdeathsig", "KILL", "/usr/sbin/sshd", "-D", "-e", "-f", conf], {
		stdio: "ignore",
	});
	await pause(300);
	return {
		repo: (path) => `ssh://root@127.0.0.1:${PORT}${path}`,
		rsh: `ssh -F none -i ${key} -o UserKnownHostsFile=${known} -o BatchMode=yes`,
		close: () => daemon.kill("SIGKILL"),
	};
}
