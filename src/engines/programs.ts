// The engines' own programs: a person installs them. A new engine is one line here.
import type { Program } from "../host/programs.ts";
import type { ProviderOptions } from "../manifest/schema.ts";

const SSH: Program = { names: ["ssh"], debianPackage: "openssh-client" };
const RCLONE: Program = { names: ["rclone"], debianPackage: "rclone" };

export const ENGINE_PROGRAMS: Readonly<Record<ProviderOptions["type"], readonly Program[]>> = {
	tar: [{ names: ["tar"], debianPackage: "tar" }],
	borgbackup: [{ names: ["borg"], debianPackage: "borgbackup" }],
	restic: [{ names: ["restic"], debianPackage: "restic" }],
	localbackup: [
		{ names: ["rsnapshot"], debianPackage: "rsnapshot" },
		{ names: ["rsync"], debianPackage: "rsync" },
	],
	command: [],
};

/** The engine's, and those that it reaches its repositories by. */
export function programsOf(options: ProviderOptions): readonly Program[] {
	const repos =
		options.type === "borgbackup" || options.type === "restic"
			? Object.values(options.destinations).map(({ repo }) => repo)
			: [];
	return [
		...ENGINE_PROGRAMS[options.type],
		...(repos.some((repo) => /^(ssh:\/\/|sftp:)/.test(repo)) ? [SSH] : []),
		...(repos.some((repo) => repo.startsWith("rclone:")) ? [RCLONE] : []),
	];
}
