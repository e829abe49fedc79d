// holdfast init: inspect this machine and write a first config.
import { existsSync } from "node:fs";
import { homedir, hostname } from "node:os";
import { join } from "node:path";
import { loadMachines } from "../../config/load.ts";
import { firstConfig, type OwnFolders } from "../../config/write.ts";
import { ENGINES } from "../../engines/list.ts";
import { putFile } from "../../host/files.ts";
import { places } from "../../host/places.ts";
import { programPath } from "../../host/programs.ts";
import { hostServices } from "../../host/services.ts";
import { type Proposal, propose, signFolders } from "../../modules/propose.ts";
import { linesIn } from "../../report/terminal.ts";
import { HoldfastError } from "../../values/error.ts";
import { EXIT } from "../../values/error-codes.ts";
import { type Call, command } from "../command.ts";
import { type CommonFlags, commonFlags, switchFlag } from "../flags.ts";
import { ownFolders } from "../own-folders.ts";

interface Flags extends CommonFlags {
	readonly dryRun: boolean;
	readonly force: boolean;
}

export const init = command({
	docs: {
		brief: "inspect this machine and write a first config",
		fullDescription: [
			"It looks for services that are running or enabled and for folders of known applications, and proposes a module for",
			"each. For a user other than root it proposes the folders of their home. Nothing is started, stopped or backed up. Edit the file as you like.",
			"",
			"Examples:",
			"  holdfast init --dry-run      print it",
			"  holdfast init                write /etc/holdfast/holdfast.yaml (root) or ~/.config/holdfast/holdfast.yaml",
			"  holdfast init --config here.yaml",
		].join("\n"),
	},
	parameters: {
		flags: {
			...commonFlags,
			dryRun: switchFlag("print the config and write nothing"),
			force: switchFlag("replace an existing config"),
		},
		positional: { kind: "tuple", parameters: [] },
	},
	run: async ({ out }: Call, flags: Flags) => {
		const root = process.getuid?.() === 0;
		const file = flags.config ?? join(root ? "/etc" : configHome(), "holdfast", "holdfast.yaml");
		if (existsSync(file) && !flags.force && !flags.dryRun)
			throw new HoldfastError("file-exists", `${file} already exists`, {
				subject: file,
				hint: "see what would be written with --dry-run; replace the file with --force",
			});
		const proposal = propose({
			units: await hostServices().catch(() => []),
			folders: signFolders().filter((folder) => existsSync(folder)),
		});
		const archives = root ? "/var/backups/holdfast" : join(homedir(), "holdfast-archives");
		const secrets = join(root ? "/etc" : configHome(), "holdfast", "secrets");
		const own = root ? undefined : ownFolders(homedir(), archives);
		const unprotected = own === undefined ? leftByRoot(proposal) : leftByUser(proposal, own);
		const text = firstConfig({
			machine:
				hostname()
					.split(".")[0]
					?.replaceAll(/[^a-zA-Z0-9_-]/g, "-") || "machine",
			nixos: existsSync("/etc/NIXOS"),
			...{ proposal, own },
			providers: ENGINES.flatMap(
				({ firstConfig: lines, programs }) =>
					lines?.({
						archives,
						secrets,
						isInstalled: programs.every(({ names }) => names.some(programPath)),
					}) ?? [],
			),
		});
		if (flags.dryRun) {
			await out.result({ kind: "answer", value: { file, config: text, unprotected }, text: linesIn(text) });
			out.note(unprotected.map((line) => `! not protected: ${line}`));
			return EXIT.done;
		}
		let states: string[] = [];
		const look = async (draft: string) => {
			const machines = await loadMachines(draft);
			states = [...machines.values()].flatMap(({ state }) => Object.keys(state));
		};
		await putFile(file, text, { replace: flags.force, look, scratch: join(places().state, "spool") });
		await out.result({ kind: "answer", value: { file, config: text, unprotected }, text: [] });
		out.say([
			`wrote ${file}`,
			states.length > 0
				? `it protects: ${states.join(", ")}`
				: own === undefined
					? "it protects nothing yet: no application was recognised"
					: "it protects nothing yet: you have no folder that is not hidden",
			...unprotected.map((line) => `not protected: ${line}`),
			...(states.length > 0
				? ["next: holdfast create, then holdfast list"]
				: [
						`next: name the folders to back up in ${file}, under "state", as its comments show`,
						"then: holdfast validate, and holdfast create",
					]),
		]);
		return EXIT.done;
	},
});

/** One line each, with the reason. */
function leftByRoot({ services }: Proposal): string[] {
	if (services.length === 0) return [];
	return [`${namesOf(services)}: no module covers them; the config has them as comments`];
}

function leftByUser({ modules, services }: Proposal, { hidden }: OwnFolders): string[] {
	const found = [...modules.map(({ name }) => ({ unit: name })), ...services];
	return [
		`files that lie directly in ${homedir()}: a state has folders; move them into one`,
		...(hidden.length > 0
			? [`${hidden.join(", ")}: settings, keys and caches; the config has them as a comment`]
			: []),
		...(found.length > 0
			? [`${namesOf(found)}: they are the system's; for these, run: sudo holdfast init`]
			: ["the system's own files and services: for these, run: sudo holdfast init"]),
	];
}

const namesOf = (services: readonly { readonly unit: string }[]) =>
	services.map(({ unit }) => unit).join(", ");

function configHome(): string {
	return process.env.XDG_CONFIG_HOME || join(homedir(), ".config");
}
