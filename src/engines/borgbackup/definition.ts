// BorgBackup 1.2 and later: encrypted and deduplicated, in a folder or over SSH.
import { defineEngine } from "../engine.ts";
import {
	isLocked,
	PASSPHRASE_FLAG,
	PASSPHRASE_OPTIONS,
	passphraseFaults,
	secretFiles,
} from "../passphrase.ts";
import { diskNeed, passphraseNeed, sshNeeds } from "../sheet.ts";
import { borgOptions } from "./schema.ts";

export const borgbackup = defineEngine({
	options: borgOptions,
	programs: [{ names: ["borg"], debianPackage: "borgbackup", nixPackage: "borgbackup" }],
	reachedBy: [{ address: "ssh://", program: { names: ["ssh"], debianPackage: "openssh-client" } }],
	runs: ["passphraseCommand", "remotePath", "rsh"],
	data: ["compression", "encryption", "keyFile", "repo", "server"],
	checks: true,
	address: "repo",
	faultsIn: (destination) =>
		destination.encryption === "none" && !isLocked(destination)
			? []
			: passphraseFaults(destination, ", or encryption: none"),
	secretsOf: (destination) => secretFiles(destination, [destination.rsh]),
	adoption: {
		looksLike: (address, names) =>
			address.startsWith("ssh://") ||
			(["data", "config"].every((name) => names?.has(name)) && !names?.has("snapshots")),
		flags: {
			...PASSPHRASE_FLAG,
			keyFile: { brief: "borg's key, for encryption: keyfile", placeholder: "FILE", kind: "path" },
			rsh: { brief: "the remote shell, as borg's --rsh", placeholder: "COMMAND", kind: "text" },
			remotePath: { brief: "borg's program on the remote side", placeholder: "PROGRAM", kind: "text" },
		},
		forgets: PASSPHRASE_OPTIONS,
		destination: (repo, given) => ({
			repo,
			...given,
			...(given.passphraseFile === undefined ? { encryption: "none" } : {}),
			// borg on this machine has never seen it at any address.
			relocated: true,
		}),
	},
	sheetOf: ({ repo, rsh, remotePath, keyFile, mountpoint, ...destination }) => ({
		needs: [
			...passphraseNeed(destination),
			...(repo.startsWith("ssh://") ? sshNeeds(repo, [rsh]) : []),
			...diskNeed(mountpoint),
		],
		flags: [
			...(rsh === undefined ? [] : [["--rsh", rsh] as const]),
			...(remotePath === undefined ? [] : [["--remote-path", remotePath] as const]),
		],
		importKeys: {
			environment: {
				...(rsh === undefined ? {} : { BORG_RSH: rsh }),
				...(remotePath === undefined ? {} : { BORG_REMOTE_PATH: remotePath }),
			},
			words: ["borg", "key", "import", "--paper", repo],
			apart: {
				was: keyFile ?? "borg's own folder, ~/.config/borg/keys",
				file: "borg.key",
				variable: "BORG_KEY_FILE",
				flag: "--key-file",
			},
		},
	}),
	firstConfig: ({ isInstalled, secrets }) => [
		`# Somewhere else, encrypted and deduplicated${isInstalled ? "" : " (install borgbackup first)"}:`,
		"# borgbackup:",
		"#   destinations:",
		"#     storagebox:",
		"#       repo: ssh://user@host:23/./borgbackup",
		`#       passphraseFile: ${secrets}/borg`,
		`#       rsh: ssh -i ${secrets}/id_ed25519`,
	],
	server: {
		of: ({ server }) => server,
		reach: ({ user, host, folder, secret }) => ({
			repo: `ssh://${user}@${host}${folder}`,
			passphraseFile: `${secret}.passphrase`,
			// The server's host key is accepted on first use, as in Clan; set `rsh` to change this.
			rsh: `ssh -i ${secret}.key -o BatchMode=yes -o StrictHostKeyChecking=accept-new`,
		}),
	},
	open: async (_provider, options) => (await import("./borgbackup.ts")).borgDestinations(options),
});
