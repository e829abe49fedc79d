// A first config for a machine, as a person would write it, with comments that say why.
import type { Proposal } from "../modules/propose.ts";

export interface FirstConfig {
	readonly machine: string;
	readonly nixos: boolean;
	readonly proposal: Proposal;
	/** Where archives shall go: a folder. */
	readonly archives: string;
	/** Whether borg is there to use. */
	readonly borg: boolean;
}

export function firstConfig({ machine, nixos, proposal, archives, borg }: FirstConfig): string {
	const { modules, services } = proposal;
	const width = Math.max(0, ...modules.map(({ name }) => name.length));
	return [
		"# Written by `holdfast init` from what it saw on this machine. It is yours now: change it freely, and look at it",
		"# with `holdfast validate`. Every application that it may name: `holdfast modules`.",
		"machines:",
		`  ${machine}:`,
		...(nixos ? ["    system: nixos"] : []),
		...(modules.length > 0
			? [
					"    services:",
					...modules.map(
						({ name, because }) => `      ${`${name}: {}`.padEnd(width + 4)}  # seen: ${because}`,
					),
				]
			: ["    # services:", "    #   grafana: {}"]),
		...(services.length > 0
			? [
					"      # Services with state that no module stands for. Take the # away from those that are worth keeping;",
					"      # each is stopped for the moment of its copy, unless it says `live: true`.",
					"      # systemd-service:",
					...services.map(({ unit, stateDirectory }) => {
						const name = unit.replace(/\.service$/, "").replaceAll(/[^a-zA-Z0-9_-]/g, "-");
						return `      #   ${name}: { unit: ${unit}, stateDirectory: [${stateDirectory.join(", ")}] }`;
					}),
				]
			: []),
		"    # Folders that belong to no application:",
		"    # state:",
		"    #   notes:",
		"    #     folders: [/srv/notes]",
		"    #     stopOnRestore: [notes.service]",
		"    providers:",
		"      # On this machine's own disk: good against mistakes, not against the loss of the disk.",
		"      disk:",
		"        type: tar",
		`        destinations: { here: { path: ${archives} } }`,
		`      # Somewhere else, encrypted and deduplicated${borg ? "" : " (apt-get install borgbackup)"}:`,
		"      # borgbackup:",
		"      #   destinations:",
		"      #     storagebox:",
		"      #       repo: ssh://user@host:23/./borgbackup",
		"      #       passphraseFile: /etc/holdfast/secrets/borg",
		"      #       rsh: ssh -i /etc/holdfast/secrets/id_ed25519",
		"",
	].join("\n");
}
