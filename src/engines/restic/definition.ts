// restic 0.14 and later: encrypted and deduplicated, in a folder, over SFTP, on a REST server, in object storage or by rclone.
import { HoldfastError } from "../../values/error.ts";
import { defineEngine } from "../engine.ts";
import { isLocked, PASSPHRASE_FLAG, passphraseFaults, secretFiles } from "../passphrase.ts";
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
			environmentFile: { brief: "NAME=VALUE lines for restic", placeholder: "FILE", kind: "path" },
			option: { brief: "like restic's --option; may be repeated", placeholder: "KEY=VALUE", kind: "texts" },
		},
		destination: (repo, { option, ...given }) => {
			if (given.passphraseFile === undefined)
				throw new HoldfastError("usage", "a restic repository needs its passphrase", {
					hint: "give it with --passphrase-file",
				});
			return { repo, ...given, ...(option === undefined ? {} : { options: option }) };
		},
	},
	sheetOf: (destination) => {
		const { environmentFile, options = [] } = destination;
		return {
			isLocked: isLocked(destination),
			flags: [
				...(environmentFile === undefined ? [] : [["--environment-file", "FILE"] as const]),
				...options.map((option) => ["--option", option] as const),
			],
			notes:
				environmentFile === undefined
					? []
					: [`it also needs the variables of ${environmentFile}: ________________`],
		};
	},
	open: async (_provider, options) => (await import("./restic.ts")).resticDestinations(options),
});
