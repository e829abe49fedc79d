// restic 0.14 and later: encrypted and deduplicated, in a folder, over SFTP, on a REST server, in object storage or by rclone.
import { HoldfastError } from "../../values/error.ts";
import { defineEngine } from "../engine.ts";
import { PASSPHRASE_FLAG, PASSPHRASE_OPTIONS, passphraseFaults, secretFiles } from "../passphrase.ts";
import { diskNeed, passphraseNeed, sshNeeds } from "../sheet.ts";
import { resticOptions } from "./schema.ts";

export const restic = defineEngine({
	options: resticOptions,
	programs: [{ names: ["restic"], debianPackage: "restic", nixPackage: "restic" }],
	reachedBy: [
		{ address: "sftp:", program: { names: ["ssh"], debianPackage: "openssh-client" } },
		{
			address: "rclone:",
			program: { names: ["rclone"], debianPackage: "rclone", nixPackage: "rclone" },
		},
	],
	runs: ["environmentFile", "options", "passphraseCommand"],
	data: ["compression", "repo", "repoFile"],
	checks: true,
	address: "repo",
	faultsIn: (destination) => passphraseFaults(destination),
	secretsOf: (destination) => secretFiles(destination, destination.options ?? []),
	adoption: {
		looksLike: (address, names) =>
			/^(sftp|rest|s3|swift|b2|azure|gs|rclone):/.test(address) ||
			["data", "config", "snapshots"].every((name) => names?.has(name)),
		flags: {
			...PASSPHRASE_FLAG,
			repoFile: {
				brief: "file with the address, if that contains a password",
				placeholder: "FILE",
				kind: "path",
			},
			environmentFile: { brief: "NAME=VALUE lines for restic", placeholder: "FILE", kind: "path" },
			option: { brief: "like restic's --option; may be repeated", placeholder: "KEY=VALUE", kind: "texts" },
		},
		forgets: [...PASSPHRASE_OPTIONS, "repoFile", "environmentFile"],
		destination: (repo, { option, ...given }) => {
			if (given.passphraseFile === undefined)
				throw new HoldfastError("usage", "a restic repository needs its passphrase", {
					hint: "give it with --passphrase-file",
				});
			return { repo, ...given, ...(option === undefined ? {} : { options: option }) };
		},
	},
	sheetOf: ({ repo, repoFile, environmentFile, options = [], mountpoint, ...destination }) => ({
		needs: [
			...passphraseNeed(destination),
			...(repoFile === undefined
				? []
				: [
						{
							what: "the complete address, with its password",
							was: repoFile,
							written: { file: "address", flag: "--repo-file" },
						},
					]),
			...(environmentFile === undefined
				? []
				: [
						{
							what: "the environment variables, one NAME=VALUE a line",
							was: environmentFile,
							written: { file: "environment", flag: "--environment-file" },
						},
					]),
			...(repo.startsWith("sftp:") ? sshNeeds(repo, options) : []),
			...(repo.startsWith("rclone:")
				? [
						{
							what: "rclone's config",
							was: `~/.config/rclone/rclone.conf${environmentFile === undefined ? "" : ", or the file that RCLONE_CONFIG names"}`,
						},
					]
				: []),
			...diskNeed(mountpoint),
		],
		flags: options.map((option) => ["--option", option] as const),
	}),
	open: async (_provider, options) => (await import("./restic.ts")).resticDestinations(options),
});
