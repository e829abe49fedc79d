// holdfast init: inspect this machine and write a first config.
import { existsSync } from "node:fs";
import { homedir, hostname } from "node:os";
import { join, normalize } from "node:path";
import { loadMachines, machinesIn } from "../../config/load.ts";
import { firstConfig, type ProposedFolders } from "../../config/write.ts";
import { archiveFolders } from "../../config/written-places.ts";
import { readYaml } from "../../config/yaml.ts";
import { ENGINES } from "../../engines/list.ts";
import { putFile } from "../../host/files.ts";
import { places } from "../../host/places.ts";
import { programPath } from "../../host/programs.ts";
import { hostServices } from "../../host/services.ts";
import { resolvedOrSame } from "../../host/trust.ts";
import type { Manifest } from "../../manifest/schema.ts";
import { type Proposal, propose, withPossibleSettings } from "../../modules/propose.ts";
import { linesIn } from "../../report/terminal.ts";
import { HoldfastError } from "../../values/error.ts";
import { EXIT } from "../../values/error-codes.ts";
import { ownerOf, readSettings, toldOf } from "../application-settings.ts";
import { type Call, command } from "../command.ts";
import { type DataFolders, dataFolders } from "../data-folders.ts";
import { type CommonFlags, commonFlags, switchFlag } from "../flags.ts";
import { type OwnFolders, ownFolders } from "../own-folders.ts";

interface Flags extends CommonFlags {
	readonly dryRun: boolean;
	readonly force: boolean;
}

export const init = command({
	docs: {
		brief: "inspect this machine and write a first config",
		fullDescription: [
			"It looks for services that are running or enabled and for folders of known applications, and proposes a module for",
			"each, and for the folders in /srv, /var/www and /home a state each. For a user other than root it proposes the folders",
			"of their home. What is left unprotected is named. Nothing is started, stopped or backed up. Edit the file as you like.",
			"Exit code 0: the config protects something; 3: it protects nothing yet.",
			"",
			"Examples:",
			"  holdfast init --dry-run      print it",
			"  holdfast init                write /etc/holdfast/holdfast.yaml (root) or ~/.config/holdfast/holdfast.yaml",
			"  holdfast init --config here.yaml",
		].join("\n"),
	},
	outputs: async () => (await import("../outputs/machines.ts")).CONFIG,
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
		const archives = root ? "/var/backups/holdfast" : join(homedir(), "holdfast-archives");
		const secrets = join(root ? "/etc" : configHome(), "holdfast", "secrets");
		const nixos = existsSync("/etc/NIXOS");
		const seen = propose({
			units: await hostServices().catch(() => []),
			has: existsSync,
			// What it would say is root's to act on.
			read: root ? readSettings : () => undefined,
			owner: ownerOf,
			nixos,
		});
		const textWith = (folders: ProposedFolders, proposal: Proposal) =>
			firstConfig({
				machine:
					hostname()
						.split(".")[0]
						?.replaceAll(/[^a-zA-Z0-9_-]/g, "-") || "machine",
				...{ nixos, proposal: root ? proposal : undefined, folders },
				providers: ENGINES.flatMap(
					({ firstConfig: lines, programs }) =>
						lines?.({
							archives,
							secrets,
							isInstalled: programs.every(({ names }) => names.some(programPath)),
						}) ?? [],
				),
			});
		const { proposal, covered } = await withPossibleSettings(seen, async (some) => ({
			proposal: some,
			covered: await foldersIn(textWith(NO_FOLDERS, some)),
		}));
		const holding = await holdingArchives(archives, file);
		const { folders, left } = root
			? leftByRoot(proposal, dataFolders("/", { covered, archives: holding }))
			: leftByUser(proposal, ownFolders(homedir(), holding));
		const text = textWith(folders, proposal);
		const declared = (await machinesIn(readYaml({ file, text }), file)).map(({ state }) => state);
		const states = declared.flatMap(Object.keys);
		const told = root ? toldOf(proposal, declared.flatMap(foldersOf)) : { shown: [], unprotected: [] };
		const unprotected = [...told.unprotected, ...left];
		const said =
			states.length > 0
				? `it protects: ${states.join(", ")}`
				: `✘ nothing is protected yet: ${root ? NONE_FOR_ROOT : "you have no folder that is not hidden"}`;
		const code = states.length > 0 ? EXIT.done : EXIT.partial;
		if (flags.dryRun) {
			await out.result({ kind: "answer", value: { file, config: text, unprotected }, text: linesIn(text) });
			out.note([
				...(states.length > 0 ? [] : [said]),
				...unprotected.map((line) => `! not protected: ${line}`),
			]);
			return code;
		}
		const look = async (draft: string) => void (await loadMachines(draft));
		await putFile(file, text, { replace: flags.force, look, scratch: join(places().state, "spool") });
		await out.result({ kind: "answer", value: { file, config: text, unprotected }, text: [] });
		out.say([
			`wrote ${file}`,
			said,
			...told.shown,
			...unprotected.map((line) => `not protected: ${line}`),
			...(states.length > 0
				? [
						"next: holdfast create, then holdfast list",
						DEPLOY,
						`archives are kept for ever, until the disk is full: see the comment on "retention" in ${file}`,
					]
				: [
						`next: name the folders to back up in ${file}, under "state", as its comments show`,
						"then: holdfast validate, and holdfast create",
						DEPLOY,
					]),
		]);
		return code;
	},
});

const DEPLOY = "then: holdfast deploy, which sets up the timers; until then, nothing is backed up by itself";
const NONE_FOR_ROOT = "no application was recognised, and there is no folder in /srv, /var/www or /home";

/** Folders with archives, as far as they are known: the proposed one, and those of the configs that there are. */
async function holdingArchives(proposed: string, file: string): Promise<string[]> {
	const known = [file, undefined].map((one) => archiveFolders(one).catch(() => []));
	const all = [proposed, ...(await Promise.all(known)).flat()].map((path) =>
		normalize(path).replace(/(?<=.)\/$/, ""),
	);
	return [...new Set(all.flatMap((path) => [path, resolvedOrSame(path)]))];
}

interface Chosen {
	readonly folders: ProposedFolders;
	/** What is not protected, one line each, with the reason. */
	readonly left: readonly string[];
}

const NO_FOLDERS: ProposedFolders = { states: [], optional: { name: "", about: "", folders: [] } };

/** Those of the states in a config. */
async function foldersIn(text: string): Promise<string[]> {
	const machines = await machinesIn(readYaml({ file: "config", text }), "config");
	return machines.flatMap(({ state }) => foldersOf(state));
}

const foldersOf = (state: Manifest["state"]) => Object.values(state).flatMap(({ folders }) => folders);

function leftByRoot({ services }: Proposal, folders: DataFolders): Chosen {
	return {
		folders,
		left: [
			...(services.length === 0
				? []
				: [`${namesOf(services)}: no module covers them; the config has them as comments`]),
			...folders.left,
			"the rest of the system, such as /etc and /root: name what you need of it under `state`",
		],
	};
}

function leftByUser({ modules, services }: Proposal, folders: OwnFolders): Chosen {
	const found = [...modules.map(({ name }) => ({ unit: name })), ...services];
	const hidden = folders.optional.folders;
	return {
		folders,
		left: [
			`files that lie directly in ${homedir()}: a state has folders; move them into one`,
			...folders.parts.map(({ path, kind }) => `${path}: ${kind}`),
			...(hidden.length > 0
				? [`${hidden.join(", ")}: settings, keys and caches; the config has them as a comment`]
				: []),
			...(found.length > 0
				? [`${namesOf(found)}: they are the system's; for these, run: sudo holdfast init`]
				: ["the system's own files and services: for these, run: sudo holdfast init"]),
		],
	};
}

const namesOf = (services: readonly { readonly unit: string }[]) =>
	services.map(({ unit }) => unit).join(", ");

function configHome(): string {
	return process.env.XDG_CONFIG_HOME || join(homedir(), ".config");
}
