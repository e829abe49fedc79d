// Options that many modules share, and the states derived from them.
import * as v from "valibot";
import type { Dump } from "../databases/dump.ts";
import { DATABASES } from "../databases/list.ts";
import * as f from "../values/fields.ts";
import type { Yield } from "./module.ts";

/** A folder of the application, with its usual path. */
export const folder = (usual: string, what: string) =>
	v.pipe(v.optional(f.folder, usual), v.description(`${what} (default ${usual})`));

/** Further folders of the application. */
export const moreFolders = v.pipe(
	v.optional(v.array(f.folder), []),
	v.description("additional folders that belong to it, such as its configuration"),
);

/** The folder with its configuration. NixOS generates that. */
export const configFolder = (usual: string) =>
	v.pipe(
		v.optional(v.union([v.literal(false), f.folder])),
		v.description(`its configuration, or false for none (default ${usual}, on NixOS false)`),
	);

/** A folder with its configuration that not every installation has; `holdfast init` names it where it exists. */
export const optionalConfig = (usual: string) =>
	v.pipe(
		v.optional(v.union([v.literal(false), f.folder])),
		v.description(`its configuration, or false for none (default false; init names ${usual})`),
	);

/** Those that are not false. */
export const named = (...chosen: readonly (string | false | undefined)[]) =>
	chosen.filter((one) => typeof one === "string");

/** The value of `configFolder` as a list of folders. */
export const configured = (chosen: string | false | undefined, usual: string, nixos: boolean) =>
	[chosen ?? (nixos ? false : usual)].filter((folder) => folder !== false);

/** A URL for a health check; false for none. `localhost` is tried as ::1 and as 127.0.0.1: services listen on one or the other. */
export const healthAddress = v.union([v.literal(false), v.pipe(v.string(), v.startsWith("http"))]);

/** The file with its command line or environment, where its package has one; `holdfast init` names it there. */
export const defaultsFile = (usual: string) =>
	v.pipe(
		v.optional(v.union([v.literal(false), f.path])),
		v.description(`its environment file, or false for none (default false; init names ${usual})`),
	);

/** A default that depends on the machine's system. */
export interface Usual<T> {
	readonly debian: T;
	readonly nixos: T;
}

/** The chosen value, or the usual one of this system. */
export const orUsual = <T>(chosen: T | undefined, usual: Usual<T>, nixos: boolean): T =>
	chosen ?? usual[nixos ? "nixos" : "debian"];

const differing = ({ debian, nixos }: Usual<string | false>) => `default ${debian}, on NixOS ${nixos}`;

export const folderHere = (usual: Usual<string>, what: string) =>
	v.pipe(v.optional(f.folder), v.description(`${what} (${differing(usual)})`));

export const healthHere = (usual: Usual<string | false>) =>
	v.pipe(
		v.optional(healthAddress),
		v.description(`a URL that responds if it is healthy, or false (${differing(usual)})`),
	);

export const unitsHere = ({ debian, nixos }: Usual<readonly string[]>) =>
	v.pipe(
		v.optional(v.array(f.unitName)),
		v.description(
			`the units that run it (${differing({ debian: debian.join(", ") || "none", nixos: nixos.join(", ") || "none" })})`,
		),
	);

/** `usual`: false if the address is different on every machine. */
export const health = (usual: string | false) =>
	v.pipe(
		v.optional(healthAddress, usual),
		v.description(`a URL that responds if it is healthy, or false (default ${usual})`),
	);

export const units = (usual: readonly string[]) =>
	v.pipe(
		v.optional(v.array(f.unitName), [...usual]),
		v.description(`the units that run it (default ${usual.join(", ") || "none"})`),
	);

const KINDS = DATABASES.filter((one) => one.speaksSql);
type Kind = (typeof KINDS)[number];
type FileKey = Extract<Kind, { kind: "file" }>["key"];

/**
 * The application's database: on one of these servers or, if the application supports it, in a file of this kind. Name only
 * servers that the module's `uses` names.
 */
export function database(
	usual: { type: Kind["key"]; name: string },
	own?: { readonly type: FileKey; readonly file: string },
	servers: readonly string[] = KINDS.map(({ key }) => key),
) {
	const kinds = KINDS.filter(({ kind, key }) =>
		kind === "server" ? servers.includes(key) : key === own?.type,
	);
	const label = kinds.find(({ key }) => key === own?.type)?.label;
	return v.pipe(
		v.optional(
			v.strictObject({
				...kindAndName(
					kinds.map(({ key }) => key),
					usual,
				),
				file: v.pipe(
					v.optional(f.path, own?.file ?? "/"),
					v.description(own === undefined ? "not used here" : `${label}'s file (default ${own.file})`),
				),
			}),
			{},
		),
		v.description(DATABASE),
	);
}

export const DATABASE = "the database in which it stores its data";

/** Which kind of database, and its name on a server. */
export const kindAndName = (
	kinds: readonly Kind["key"][],
	{ type, name }: { readonly type: Kind["key"]; readonly name: string },
) => ({
	type: v.pipe(v.optional(v.picklist(kinds), type), v.description(`kind of database (default ${type})`)),
	name: v.pipe(v.optional(f.text, name), v.description(`its name on the server (default ${name})`)),
});

/** What the database option adds: a dump of a database file, or a database in the options of the server's module. */
export function databaseOf(
	state: string,
	{ type, name, file }: { type: Kind["key"]; name: string; file: string },
): { dumps: Dump[]; services: NonNullable<Yield["services"]> } {
	const kind = KINDS.find(({ key }) => key === type);
	if (kind?.kind === "file") return { dumps: [kind.named(file)], services: {} };
	return { dumps: [], services: { [type]: { databases: { [name]: { state } } } } };
}

/** The health check for the URL, if there is one. */
export const asks = (address: string | false) => (address === false ? [] : [{ http: address }]);
