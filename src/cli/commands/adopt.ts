// holdfast adopt DESTINATION: on a bare machine, turn a repository's address and key into a config for a restore.
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import * as v from "valibot";
import { loadMachines } from "../../config/load.ts";
import { adoptedConfig } from "../../config/write.ts";
import type { Adoption, Given } from "../../engines/engine.ts";
import { ENGINES, type ProviderOptions, providerSchema } from "../../engines/list.ts";
import { openProvider } from "../../engines/registry.ts";
import { putFile } from "../../host/files.ts";
import { places } from "../../host/places.ts";
import { adoptDestination } from "../../plan/adopt.ts";
import { linesIn } from "../../report/terminal.ts";
import { HoldfastError, isErrno } from "../../values/error.ts";
import { EXIT } from "../../values/error-codes.ts";
import { nearest } from "../../values/nearest.ts";
import { type Call, command } from "../command.ts";
import { type CommonFlags, commonFlags, switchFlag, valueFlag } from "../flags.ts";
import { confirm } from "../operate.ts";
import { interruptible, unwatched } from "../signals.ts";

interface Flags extends CommonFlags {
	readonly type?: string;
	readonly name: string;
	readonly machine?: string;
	readonly output?: string;
	readonly dryRun: boolean;
	readonly force: boolean;
	readonly yes: boolean;
}

const ADOPTABLE = ENGINES.flatMap(({ type, adoption }) =>
	adoption === undefined ? [] : [{ type, adoption }],
);
const TYPES = ADOPTABLE.map(({ type }) => type);

export const adopt = command({
	docs: {
		brief: "on a bare machine: read a repository, show its archives, and write a config to restore from it",
		customUsage: ["DESTINATION [--type ENGINE] [--passphrase-file FILE]"],
		fullDescription: [
			"Every archive contains the manifest that it was created with. Given the address of a repository and its passphrase,",
			"the newest one becomes this machine's config; then restore as usual. The repository is not changed.",
			"",
			"Examples:",
			"  holdfast adopt ssh://u1@u1.your-storagebox.de:23/./web01 --passphrase-file key --rsh 'ssh -i id_ed25519'",
			"  holdfast adopt sftp:backup@nas:/restic --type restic --passphrase-file key",
			"  holdfast adopt /mnt/usb/holdfast --dry-run      show the archives and the config; write nothing",
		].join("\n"),
	},
	outputs: async () => (await import("../outputs/upkeep.ts")).ADOPTED,
	parameters: {
		flags: {
			...commonFlags,
			type: valueFlag(`the engine: ${TYPES.join(", ")} (default: detected from the address)`, "ENGINE"),
			name: {
				...valueFlag("name of the destination in the new config (default: adopted)", "NAME"),
				optional: false,
				default: "adopted",
			},
			machine: valueFlag("the machine whose archives to use, if there are several", "MACHINE"),
			...engineFlags(),
			output: valueFlag("where to write the config (default: where Holdfast looks for it)", "FILE"),
			dryRun: switchFlag("print the config and write nothing"),
			force: switchFlag("replace an existing config"),
			yes: switchFlag("do not ask before commands from the archive are added to the config"),
		},
		positional: {
			kind: "tuple",
			parameters: [
				{
					brief: "a repository's address, or a folder",
					placeholder: "DESTINATION",
					parse: (text: string) => text,
				},
			],
		},
	},
	run: async ({ out }: Call, flags: Flags, address: string) => {
		const root = process.getuid?.() === 0;
		const home = process.env.XDG_CONFIG_HOME || join(homedir(), ".config");
		const file = flags.output ?? flags.config ?? join(root ? "/etc" : home, "holdfast", "holdfast.yaml");
		if (existsSync(file) && !flags.force && !flags.dryRun)
			throw new HoldfastError("file-exists", `${file} already exists`, {
				subject: file,
				hint: "see what would be written with --dry-run; replace the file with --force, or write another with --output FILE",
			});
		const options = await optionsOf(address, flags);
		const [destination] = await openProvider("adopted", options);
		if (!destination) throw new Error("a provider has a destination");
		const work = unwatched(interruptible());
		const adopted = await adoptDestination(
			destination,
			options,
			flags.machine,
			join(places().state, "spool"),
			work,
		);
		const text = adoptedConfig(adopted.manifest, adopted);
		await out.result({ kind: "adopted", adopted });
		if (flags.dryRun) {
			out.say(["", ...linesIn(text)]);
			return EXIT.done;
		}
		if (adopted.commands.length > 0)
			await confirm("Add these commands to the config? They run whenever you back up or restore.", flags.yes);
		const look = async (draft: string) => void (await loadMachines(draft));
		await putFile(file, text, { replace: flags.force, look, scratch: join(places().state, "spool") });
		const { machine, provider, manifest } = adopted;
		const [state = "NAME"] = Object.keys(manifest.state);
		out.say([
			"",
			`wrote ${file}`,
			"next, restore everything or one service:",
			`  holdfast restore ${machine} ${provider} latest`,
			`  holdfast restore --service ${state} ${machine} ${provider} latest`,
		]);
		return EXIT.done;
	},
});

/** The flags that some engine needs to reach a destination. Read by `givenFor`; the static types do not know them. */
function engineFlags(): object {
	const all = ADOPTABLE.flatMap(({ adoption }) => Object.entries(adoption.flags ?? {}));
	return Object.fromEntries(
		all.map(([name, { brief, placeholder, kind }]) => [
			name,
			{ ...valueFlag(brief, placeholder), ...(kind === "texts" ? { variadic: true } : {}) },
		]),
	);
}

/** The values given for an engine's flags. */
function givenFor({ flags: known = {} }: Adoption, flags: Flags): Given {
	const values: Readonly<Record<string, unknown>> = { ...flags };
	return Object.fromEntries(
		Object.entries(known).flatMap(([name, { kind }]): [string, string | readonly string[]][] => {
			const value = values[name];
			if (typeof value === "string") return [[name, kind === "path" ? resolve(value) : value]];
			return Array.isArray(value) ? [[name, value.map(String)]] : [];
		}),
	);
}

async function optionsOf(address: string, flags: Flags): Promise<ProviderOptions> {
	const type = flags.type ?? (await lookOf(address));
	const adoption = ADOPTABLE.find((engine) => engine.type === type)?.adoption;
	if (adoption === undefined)
		throw new HoldfastError(
			"not-supported",
			`destinations of type ${JSON.stringify(type)} cannot be adopted`,
			{
				hint: `the engines are: ${TYPES.join(", ")}`,
			},
		);
	const place = address.includes(":") && !address.startsWith("/") ? address : resolve(address);
	const destination = adoption.destination(place, givenFor(adoption, flags));
	return v.parse(providerSchema, { type, destinations: { [flags.name]: destination } });
}

/** Guess the engine from the address's scheme, or from the folder's contents. */
async function lookOf(address: string): Promise<string> {
	const names = await readdir(resolve(address)).then(
		(found) => new Set(found),
		(error: unknown) => {
			if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) return undefined;
			throw error;
		},
	);
	const like = (wanted: boolean | "perhaps") =>
		ADOPTABLE.find(({ adoption }) => adoption.looksLike(address, names) === wanted);
	const engine = like(true) ?? like("perhaps");
	if (engine !== undefined) return engine.type;
	const [prefix = ""] = /^[a-z0-9]+(?=:)/.exec(address) ?? [];
	const meant = nearest(prefix, TYPES);
	throw new HoldfastError("usage", `nothing was found at ${address}`, {
		hint:
			meant === undefined
				? "check that the disk is mounted; if this is not a folder, set the engine with --type"
				: `did you mean --type ${meant} ${address.slice(prefix.length + 1)}?`,
	});
}
