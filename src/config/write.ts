// Writes a config with comments for a machine that has none: the first one, or one from an archive.
import { dump, SCALAR_STYLE, visit } from "js-yaml";
import type { Command } from "../manifest/commands.ts";
import type { Manifest } from "../manifest/schema.ts";
import type { Proposal } from "../modules/propose.ts";
import { type DataPath, originAt } from "../values/origin.ts";
import { patternOf } from "../values/patterns.ts";
import { hidesSomething, printableLine } from "../values/printable.ts";
import { isRecord } from "../values/record.ts";
import { readYaml } from "./yaml.ts";

export interface FirstConfig {
	readonly machine: string;
	readonly nixos: boolean;
	/** Undefined for a user other than root, whose services are the system's. */
	readonly proposal: Proposal | undefined;
	/** Folders that belong to no service. */
	readonly folders: ProposedFolders;
	/** Lines of YAML with the proposed providers. */
	readonly providers: readonly string[];
}

export interface ProposedFolders {
	readonly states: readonly {
		readonly name: string;
		readonly folder: string;
		/** Paths below it. */
		readonly exclude: readonly string[];
	}[];
	/** One more state, as a comment: not everybody needs it. */
	readonly optional: {
		readonly name: string;
		/** A sentence: what is in these folders. */
		readonly about: string;
		readonly folders: readonly string[];
	};
}

/** `example`: the lines of a state, if there is none to propose. */
function folderLines({ states, optional }: ProposedFolders, example: readonly string[]): string[] {
	const { name, about, folders } = optional;
	const optionalAt = (margin: string) =>
		folders.length === 0
			? []
			: [
					`      # ${about} Remove the # to back them up:`,
					`${margin}${name}:`,
					`${margin}  folders: [${folders.map((folder) => JSON.stringify(folder)).join(", ")}]`,
				];
	// A map without entries would be a mistake.
	if (states.length === 0)
		return ["    # state:", ...example.map((line) => `    #   ${line}`), ...optionalAt("    #   ")];
	return [
		"    state:",
		...states.flatMap(({ name, folder, exclude }) => [
			`      ${name}:`,
			`        folders: [${JSON.stringify(folder)}]`,
			...(exclude.length === 0 ? [] : [`        exclude: ${JSON.stringify(exclude.map(patternOf))}`]),
		]),
		...optionalAt("      # "),
	];
}

const OWN_FOLDERS = [
	"    # Folders that belong to no application. If a service uses one, add `stopOnRestore: [NAME.service]` to its state: the service",
	"    # is then down for the moment in which a restore swaps the data. `stopOnBackup` stops it while the data are copied, too: for",
	"    # files of which a copy is useless if they are written meanwhile. If the service has a database, add it to the same state,",
	"    # with `dumps: [{ postgresql: NAME }]` or `dumps: [{ mariadb: NAME }]`: the two are then backed up and restored together,",
	"    # and `services` leaves this database out of the server's own state.",
];

export function firstConfig({ machine, nixos, proposal, folders, providers }: FirstConfig): string {
	return [
		"# Written by `holdfast init` from what it found on this machine. Change it as you like, and check it",
		"# with `holdfast validate`. To list all applications that have a module: `holdfast modules`.",
		"machines:",
		`  ${machine}:`,
		...(nixos ? ["    system: nixos"] : []),
		...(proposal === undefined
			? folderLines(folders, ["notes:", "  folders: [/home/me/notes]"])
			: [
					...serviceLines(proposal),
					...OWN_FOLDERS,
					...folderLines(folders, ["notes:", "  folders: [/srv/notes]", "  stopOnRestore: [notes.service]"]),
				]),
		"    providers:",
		...providers.map((line) => `      ${line}`),
		"",
	].join("\n");
}

/** Options of a module, in YAML's flow style. */
function flow(options: object): string {
	const entries = Object.entries(options).map(([name, values]) => `${name}: ${JSON.stringify(values)}`);
	return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

function serviceLines({ modules, services }: Proposal): string[] {
	const lines = modules.map(({ name, because, options, told }) => ({
		...{ text: `${name}: ${flow(options)}`, because },
		more: [...told.shown, ...told.unclear.map((line) => `not protected: ${line}`)],
	}));
	const width = Math.max(0, ...lines.map(({ text }) => text.length));
	return [
		...(modules.length > 0
			? [
					"    services:",
					...lines.flatMap(({ text, because, more }) => [
						`      ${text.padEnd(width)}  ${comment(`found: ${because}`)}`,
						...more.map((line) => `      ${comment(line)}`),
					]),
				]
			: ["    # services:", "    #   grafana: {}"]),
		...(services.length > 0
			? [
					"      # Services whose state no module covers. Remove the # from those that you want to back up;",
					"      # each is stopped while it is copied, unless it has `live: true`.",
					"      # systemd-service:",
					...services.map(({ unit, stateDirectory }) => {
						const name = unit.replace(/\.service$/, "").replaceAll(/[^a-zA-Z0-9_-]/g, "-");
						return `      #   ${name}: { unit: ${unit}, stateDirectory: [${stateDirectory.join(", ")}] }`;
					}),
				]
			: []),
	];
}

/** The config for a manifest. Secrets are files and commands, which must exist on this machine. */
export function adoptedConfig(
	{ machine, state, providers }: Manifest,
	from: {
		readonly newest: { readonly name: string };
		readonly provider: string;
		readonly destination: string;
		readonly commands: readonly Command[];
	},
): string {
	const others = Object.entries(providers).flatMap(([provider, options]) =>
		"destinations" in options
			? Object.keys(options.destinations)
					.filter((name) => provider !== from.provider || name !== from.destination)
					.map((name) => `${provider}/${name}`)
			: [provider],
	);
	return [
		comment(
			`Written by \`holdfast adopt\` from the archive ${from.newest.name}, in ${from.provider}/${from.destination}.`,
		),
		"# Modules were replaced with the states that they declared. Check it with `holdfast validate`.",
		...(others.length > 0
			? [
					comment(`Other destinations of this machine's archives: ${others.join(", ")}.`),
					"# Their keys and passphrases are not in an archive: put them back at the paths below, or remove those destinations.",
				]
			: []),
		yamlText(
			{ machines: { [machine]: { state: tidied(state), providers } } },
			from.commands.map(({ path }) => ["machines", machine, ...path]),
		),
	].join("\n");
}

/** Without empty values. */
function tidied(state: Manifest["state"]): object {
	return Object.fromEntries(
		Object.entries(state).map(([name, fields]) => [
			name,
			Object.fromEntries(
				Object.entries(fields).filter(
					([, value]) => !(typeof value === "object" && Object.keys(value).length === 0),
				),
			),
		]),
	);
}

/** Nix declarations as a config that needs no Nix, and that is valid: throws one error with all faults otherwise. Clan's declarations are already states and providers. */
export async function importedConfig(
	machine: string,
	declared: Readonly<Record<string, unknown>>,
	from: string,
): Promise<string> {
	const { fromClan, withClan } = await import("./clan.ts");
	const { machinesIn } = await import("./load.ts");
	await machinesIn(
		{ machines: { [machine]: declared } },
		from,
		"correct it where it is declared, then import it again",
	);
	const { machine: imported } = withClan(declared, { name: machine });
	const remarks = isRecord(declared.clan) ? fromClan(declared.clan).remarks : [];
	return [
		comment(`Written by \`holdfast import\` from ${from}. Check it with \`holdfast validate\`.`),
		...remarks.map(comment),
		yamlText({ machines: { [machine]: { ...imported } } }),
	].join("\n");
}

/** Quoted text must not end the comment. */
const comment = (text: string) => `# ${printableLine(text)}`;

/**
 * As YAML, with a comment at everything that would be run. Values with invisible characters are double-quoted, so that these
 * can be escaped.
 */
function yamlText(value: object, commands: readonly DataPath[] = []): string {
	const text = dump(value, {
		lineWidth: 120,
		noRefs: true,
		quoteStyle: "double",
		transform: (documents) =>
			visit(documents, (node) => {
				if (node.kind === "scalar" && hidesSomething(node.value)) node.style = SCALAR_STYLE.DOUBLE_QUOTED;
			}),
	})
		.split("\n")
		.map(printableLine)
		.join("\n");
	return withComments(text, commands, "# from the archive; runs as root unless a user is set");
}

/** The text with a comment line before each of these keys. */
function withComments(text: string, paths: readonly DataPath[], comment: string): string {
	const written = readYaml({ file: "config", text });
	const offsets = paths.flatMap((path) => originAt(written, path)?.offset ?? []).sort((a, b) => b - a);
	return offsets.reduce((whole, offset) => {
		const before = whole.slice(0, offset);
		const column = offset - (before.lastIndexOf("\n") + 1);
		return `${before}${comment}\n${" ".repeat(column)}${whole.slice(offset)}`;
	}, text);
}
