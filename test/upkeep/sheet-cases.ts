// The destinations whose recovery sheets are followed: every engine, and every option that decides how one is reached.
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after } from "node:test";
import { SERVERS } from "../engines/servers.ts";
import { scratch } from "../support/scratch.ts";
import { isRoot } from "../support/tree.ts";

const servers: ChildProcess[] = [];
const mounted: string[] = [];
// Before the scratch folder is removed, which they keep in use.
after(() => {
	for (const server of servers) server.kill();
	for (const disk of mounted) spawnSync("umount", [disk], { stdio: "ignore" });
});

export const SECRET = "correct horse";
export const below = scratch("sheet");
const passphraseFile = join(below, "passphrase");
writeFileSync(passphraseFile, `${SECRET}\n`, { mode: 0o600 });
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is the shell's
const PAST_OPTIONS = 'while [ "${1#-}" != "$1" ]; do [ "$1" = -i ] && shift; shift; done; shift; exec "$@"';
/** Instead of ssh: it drops ssh's options and the host, and runs the command here. */
const rsh = script("rsh", PAST_OPTIONS);

function script(name: string, text: string): string {
	const file = join(below, name);
	writeFileSync(file, `#!/bin/sh\n${text}\n`);
	chmodSync(file, 0o755);
	return file;
}

export interface Case {
	missing?: string | undefined;
	provider(at: string): object | Promise<object>;
	/** What the sheet says is needed. */
	needs?: readonly RegExp[];
	/** What is typed into the file of this name. */
	typed?: (at: string) => Readonly<Record<string, string>>;
	/** What the sheet asks for apart from what is typed: done on the new machine, whose home is given, before its commands. */
	brought?: (at: string, home: string) => void;
	/** It has no archive with a manifest: the config is put back as the sheet says. */
	keepsConfig?: boolean;
}

const S3 = SERVERS.find(({ name }) => name.startsWith("an S3 server"));
/** Read by mount in place of /etc/fstab. */
const FSTAB = join(below, "fstab");
mkdirSync(join(below, "bin"));
script("bin/mount", `LIBMOUNT_FSTAB=${FSTAB} exec /usr/bin/mount "$@"`);
process.env.PATH = `${join(below, "bin")}:${process.env.PATH}`;
process.env.CREDENTIALS_DIRECTORY = join(below, "credentials");
mkdirSync(process.env.CREDENTIALS_DIRECTORY);
writeFileSync(join(process.env.CREDENTIALS_DIRECTORY, "borg"), `${SECRET}\n`, { mode: 0o600 });

const PASSPHRASE = /you need the passphrase \(on the old machine: .*\/passphrase\):\n\n +_+\n/;
const KEY_PRINTED = /you need the repository's key \(on the old machine: .*\): it is printed below\n/;
const borg = (more: object, needs: readonly RegExp[] = [PASSPHRASE]): Case => ({
	provider: (repo) => ({ borgbackup: { destinations: { nas: { repo, passphraseFile, ...more } } } }),
	needs,
});
const restic = (more: object, needs: readonly RegExp[] = []): Case => ({
	provider: (repo) => ({ restic: { destinations: { nas: { repo, passphraseFile, ...more } } } }),
	needs: [PASSPHRASE, ...needs],
});

/** A folder that is a disk: it holds what `disk.store` holds while it is mounted. */
const diskOf = (at: string) => `${at}.disk`;
function mountDisk(at: string): void {
	const [store, disk] = [`${at}.store`, diskOf(at)];
	for (const folder of [store, disk]) mkdirSync(folder, { recursive: true });
	execFileSync("mount", ["--bind", store, disk]);
	mounted.push(disk);
}
const unmountDisk = (at: string) => execFileSync("umount", [diskOf(at)]);

function rcloneConfig(home: string, remote: string): void {
	mkdirSync(join(home, "rclone"), { recursive: true });
	writeFileSync(join(home, "rclone/rclone.conf"), `[nas]\ntype = alias\nremote = ${remote}\n`);
}

/** The same destination on a disk that is mounted by hand. */
const onDisk = (type: string, more: object, needs: readonly RegExp[]): Case => ({
	missing: isRoot ? undefined : "only root can mount",
	provider: (at) => {
		mountDisk(at);
		const [address, mountpoint] = [join(diskOf(at), "kept"), diskOf(at)];
		const where = type === "tar" ? { path: address } : { repo: address };
		return { own: { type, destinations: { usb: { ...where, mountpoint, ...more } } } };
	},
	needs: [...needs, /you need its disk, mounted at \/.*\.disk\n/],
	brought: (at) => {
		unmountDisk(at);
		mountDisk(at);
	},
});
const CREDENTIAL = /you need the passphrase \(on the old machine: the systemd credential borg\):/;

export const CASES: Readonly<Record<string, Case>> = {
	tar: { provider: (path) => ({ tar: { destinations: { usb: { path } } } }) },
	"tar on a disk [long]": onDisk("tar", {}, []),
	"borgbackup on a disk, passphraseCredential [long]": onDisk(
		"borgbackup",
		{ passphraseCredential: "borg" },
		[CREDENTIAL],
	),
	"restic on a disk, passphraseCredential [long]": onDisk("restic", { passphraseCredential: "borg" }, [
		CREDENTIAL,
	]),
	"borgbackup, repokey": borg({ encryption: "repokey" }, [
		PASSPHRASE,
		/ {2}should the repository lose its key: borg key import --paper \/.*\/kept\n\n[\s\S]*BORG PAPER KEY/,
	]),
	"borgbackup, repokey-blake2 [long]": borg({ encryption: "repokey-blake2" }),
	"borgbackup, keyfile in borg's own folder [long]": borg({ encryption: "keyfile" }, [
		PASSPHRASE,
		KEY_PRINTED,
	]),
	"borgbackup, keyfile-blake2 with keyFile [long]": {
		provider: (repo) => {
			const options = { repo, passphraseFile, encryption: "keyfile-blake2", keyFile: `${repo}.key` };
			return { borgbackup: { destinations: { nas: options } } };
		},
		needs: [PASSPHRASE, KEY_PRINTED, /\(on the old machine: .*\/kept\.key\)/],
	},
	"borgbackup, not encrypted [long]": {
		provider: (repo) => ({ borgbackup: { destinations: { nas: { repo, encryption: "none" } } } }),
	},
	"borgbackup, passphraseCommand [long]": borg(
		{ passphraseFile: undefined, passphraseCommand: ["cat", passphraseFile] },
		[/you need the passphrase \(on the old machine: the output of: cat .*\)/],
	),
	"borgbackup, keyfile over SSH": {
		provider: (at) => {
			const reach = {
				repo: `ssh://borg@nas${at}`,
				rsh: `${rsh} -i /nowhere/key`,
				remotePath: "/usr/bin/borg",
			};
			const options = { ...reach, passphraseFile, encryption: "keyfile" };
			return { borgbackup: { destinations: { nas: options } } };
		},
		needs: [
			PASSPHRASE,
			KEY_PRINTED,
			/you need the SSH key, at the same path \(on the old machine: \/nowhere\/key\)/,
			/apt-get install borgbackup openssh-client/,
		],
	},
	"restic [long]": restic({}),
	"restic, environmentFile [long]": {
		...restic({ environmentFile: join(below, "environment") }, [
			/you need the environment variables, one NAME=VALUE a line \(on the old machine: .*\/environment\):/,
		]),
		typed: () => ({ environment: "RESTIC_COMPRESSION=max" }),
	},
	"restic, SFTP with options [long]": {
		provider: (at) => {
			const options = [`sftp.command=${rsh} -i /nowhere/key nas /usr/lib/openssh/sftp-server`];
			return { restic: { destinations: { nas: { repo: `sftp:nas:${at}`, passphraseFile, options } } } };
		},
		needs: [PASSPHRASE, /you need the SSH key, at the same path \(on the old machine: \/nowhere\/key\)/],
	},
	"restic, a REST server with a password in repoFile": {
		provider: async (at) => {
			const { address, secret } = await restServer(at);
			const repoFile = `${at}.address`;
			writeFileSync(repoFile, secret, { mode: 0o600 });
			return { restic: { destinations: { nas: { repo: address, repoFile, passphraseFile } } } };
		},
		needs: [
			PASSPHRASE,
			/you need the complete address, with its password \(on the old machine: .*\.address\):/,
		],
		typed: (at) => ({ address: readFileSync(`${at}.address`, "utf8") }),
	},
	"restic, passphraseCommand [long]": restic({
		passphraseFile: undefined,
		passphraseCommand: ["cat", passphraseFile],
	}),
	"restic, an S3 server [long]": {
		missing: S3?.missing,
		provider: async (at) => {
			mkdirSync(at);
			const served = await S3?.serve(at);
			return { restic: { destinations: { nas: { ...served, passphraseFile } } } };
		},
		needs: [
			PASSPHRASE,
			/you need the environment variables, one NAME=VALUE a line \(on the old machine: .*\/environment\):/,
		],
		typed: (at) => ({ environment: readFileSync(join(at, "environment"), "utf8") }),
	},
	"restic, a remote of rclone's config [long]": {
		provider: (at) => {
			rcloneConfig(join(at, "../config"), at);
			return { restic: { destinations: { nas: { repo: "rclone:nas:web01", passphraseFile } } } };
		},
		needs: [
			PASSPHRASE,
			/you need rclone's config \(on the old machine: ~\/\.config\/rclone\/rclone\.conf\)/,
			/apt-get install restic rclone/,
		],
		brought: (at, home) => {
			rcloneConfig(join(home, ".config"), at);
		},
	},
	"localbackup on a disk of /etc/fstab [long]": {
		missing: isRoot ? undefined : "only root can mount",
		provider: (at) => {
			mountDisk(at);
			unmountDisk(at);
			writeFileSync(FSTAB, `${at}.store ${diskOf(at)} none bind,noauto 0 0\n`);
			const target = { directory: join(diskOf(at), "kept"), mountpoint: diskOf(at) };
			return { localbackup: { destinations: { usb: target } } };
		},
		needs: [/you need the line for \/.*\.disk \(on the old machine: \/etc\/fstab\)/],
	},
	"localbackup [long]": {
		provider: (directory) => ({ localbackup: { destinations: { usb: { directory } } } }),
	},
	"localbackup, with hooks": {
		provider: (directory) => ({
			localbackup: { destinations: { usb: { directory, preMountHook: "echo unlock\ntrue" } } },
		}),
		needs: [/ {2}first, as preMountHook did:\n {4}echo unlock\n {4}true\n/],
	},
	command: {
		provider: (at) => ({
			own: {
				type: "command",
				create: `mkdir -p ${at}; tar -cPf ${at}/"$HOLDFAST_ARCHIVE" -- $(tr : ' ' <<<"$FOLDERS")`,
				list: `ls ${at}`,
				restore: `tar -xPf ${at}/"$NAME"`,
			},
		}),
		needs: [
			/you need this machine's config, since no archive of such a provider holds it/,
			/this script lists the archives \(bash\):\n {4}ls /,
			/the archive NAME:\n {4}tar -xPf /,
		],
		keepsConfig: true,
	},
};

async function restServer(at: string): Promise<{ address: string; secret: string }> {
	const port = await new Promise<number>((resolve) => {
		const probe = createServer().listen(0, "127.0.0.1", () => {
			const address = probe.address();
			probe.close(() => resolve(typeof address === "object" && address ? address.port : 0));
		});
	});
	const words = ["serve", "restic", "--addr", `127.0.0.1:${port}`, "--user", "u", "--pass", "p-4711", at];
	servers.push(spawn("rclone", words, { stdio: "ignore" }));
	const address = `rest:http://127.0.0.1:${port}/`;
	for (let tries = 0; tries < 100; tries++) {
		const answers = await fetch(address.slice("rest:".length)).then(
			() => true,
			() => false,
		);
		if (answers) break;
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
	return { address, secret: address.replace("//", "//u:p-4711@") };
}
