// What an application's own settings say about where its data are. They are read as data, and shown: the service's user may
// be able to write them, so that what they name is never taken for granted.
import { isSystemFolder } from "../host/system-folders.ts";
import { isWithin, LONGEST_PATH } from "../values/paths.ts";
import { hidesSomething } from "../values/printable.ts";
import type { Sight, Told } from "./module.ts";
import { assignedValues, environmentValues, type Values } from "./settings-text.ts";

interface Setting {
	/** Undefined if it is not plain. */
	readonly value: string | undefined;
	/** The file or unit that has it. */
	readonly where: string;
	/** Who can set it. */
	readonly owner: number;
}

/** How settings name this machine as a database's server: also by a socket, and with a port. */
const THIS_MACHINE = /^(?:(?:localhost|127\.0\.0\.1|\[?::1\]?)(?::.*)?|\/.*)$/;
export const DATABASE_NAME = /^[\w.-]{1,63}$/;

export class Settings implements Told {
	options: object = {};
	readonly shown: string[] = [];
	readonly unclear: string[] = [];
	readonly leaves: string[] = [];
	readonly #sight: Sight;
	readonly #values = new Map<string, Setting>();

	constructor(sight: Sight) {
		this.#sight = sight;
	}

	/** A file that says more, in which a later value counts; whether it was read. */
	file(path: string, read: (text: string) => Values): boolean {
		const found = this.#sight.read(path);
		if (found === undefined) return false;
		if ("fault" in found)
			this.unclear.push(`${path} may say where its data are, and was not read: ${found.fault}`);
		else this.#add(read(found.text), path, "owner" in found ? found.owner : ROOT);
		return "text" in found;
	}

	/** The environment of a unit, then that in these files. */
	environment(units: readonly string[], files: readonly string[] = []): this {
		for (const unit of units) {
			const { assigned, files: named } = this.#sight.environment(unit);
			this.#add(assignedValues(assigned), unit);
			for (const path of named) if (!files.includes(path)) this.file(path, environmentValues);
		}
		for (const path of files) this.file(path, environmentValues);
		return this;
	}

	/** Whether it is set, and not to an empty text. */
	has = (key: string): boolean => this.#values.has(key) && this.plain(key) !== "";

	/** Undefined if it is not set or not plain; nothing is said of it. */
	plain = (key: string): string | undefined => this.#values.get(key)?.value;

	/** A plain path in this folder, where its place need not be said. */
	below(key: string, folder: string): string | undefined {
		const path = withoutSlashes(this.plain(key) ?? "");
		return !isOdd(path) && isWithin(path, folder) ? path : undefined;
	}

	/** A plain value; one that is set and is not plain, or does not look like this, is said: without the value. */
	text(key: string, what: string, like: { test(value: string): boolean } = /./): string | undefined {
		const { value, where } = this.#values.get(key) ?? {};
		if (where === undefined || value === "") return undefined;
		if (value !== undefined && value.length <= LONGEST_PATH && like.test(value)) return value;
		this.unclear.push(`${what} is set in ${where} (${key}): check it`);
		return undefined;
	}

	/** A database's server other than this machine is said. */
	server(key: string): void {
		const is = this.plain(key) === undefined ? "may be another machine's" : "is not this machine";
		this.text(key, `the server of its database, which ${is},`, THIS_MACHINE);
	}

	/** A folder or file that is not where it usually is, and that a state may have. What may not be taken is said. */
	path(key: string, isUsual: (path: string) => boolean, what = "its data"): string | undefined {
		const { value, where, owner = ROOT } = this.#values.get(key) ?? {};
		if (where === undefined || value === "") return undefined;
		const path = value === undefined ? undefined : withoutSlashes(value);
		if (path !== undefined && !isOdd(path) && isUsual(path)) return undefined;
		if (path === undefined || isOdd(path))
			this.unclear.push(`the place of ${what} is set in ${where} (${key}): check it`);
		else {
			const fault = this.#faultOf(path, owner);
			if (fault === undefined) {
				this.shown.push(`the place of ${what} is ${path} (${key} in ${where})`);
				return path;
			}
			this.unclear.push(`${key} in ${where} names ${path}, which ${fault}: it is not proposed, check it`);
		}
		return undefined;
	}

	/** SQLite's file, if it is not the usual one. `home`: in the state already; a folder elsewhere is added. */
	databaseFile(key: string, usual: string, home: string): void {
		const file = this.path(key, (path) => path === usual, "its database");
		if (file === undefined) return;
		const folder = file.slice(0, file.lastIndexOf("/")) || "/";
		if (isWithin(file, home)) {
			this.set({ database: { file } });
			return;
		}
		const fault = this.#faultOf(folder, this.#values.get(key)?.owner ?? ROOT, file);
		if (fault === undefined) this.set({ folders: [folder], database: { file } });
		else this.unclear.push(`${folder}, with its database (${key}), ${fault}: it is not proposed, check it`);
	}

	/** Puts options beside those that are there. A folder that is in another is the state's already. */
	set(options: object): void {
		const { folders, ...all } = both(this.options, options) as { readonly folders?: readonly string[] };
		const isHeld = (path: string) => folders?.some((other) => other !== path && isWithin(path, other));
		this.options = {
			...all,
			...(folders === undefined ? {} : { folders: folders.filter((path) => !isHeld(path)) }),
		};
	}

	#add(values: Values, where: string, owner = ROOT): void {
		for (const [key, value] of values) this.#values.set(key, { value, where, owner });
	}

	/** Why a state may not have what the settings of this user name. `there`: a path in it, or itself. */
	#faultOf(path: string, owner: number, there = path): string | undefined {
		if (isOfSystem(path)) return "is the system's";
		if (!this.#sight.has(there)) return "does not exist";
		if (owner !== ROOT && this.#sight.owner(path) !== owner)
			return "does not belong to the user that has these settings";
		return undefined;
	}
}

/** Lists are joined, maps merged; of single values, the second counts. */
export function both(one: object, other: object): object {
	const joined = new Map<string, unknown>(Object.entries(one));
	for (const [key, value] of Object.entries(other)) {
		const before = joined.get(key);
		const isList = Array.isArray(before) && Array.isArray(value);
		const areMaps = typeof before === "object" && before !== null && !Array.isArray(before);
		joined.set(key, isList ? [...new Set([...before, ...value])] : areMaps ? { ...before, ...value } : value);
	}
	return Object.fromEntries(joined);
}

/** Only as long as a path may be: the expression tries every slash. */
const withoutSlashes = (value: string) =>
	value.length > LONGEST_PATH ? value : value.replace(/(?<=.)\/+$/, "");

const isOdd = (path: string) =>
	path.length > LONGEST_PATH ||
	!path.startsWith("/") ||
	hidesSomething(path) ||
	path.split("/").some((part) => part === ".." || part === ".");

const ROOT = 0;
/** With what is below them. */
const OF_SYSTEM = [
	...["/etc", "/root", "/run", "/usr", "/var/run", "/var/spool"],
	...["/var/lib/apt", "/var/lib/dpkg", "/var/lib/systemd"],
];
const isOfSystem = (path: string) =>
	isSystemFolder(path) || OF_SYSTEM.some((folder) => isWithin(path, folder));

interface Variable {
	/** Another name of the usual folder, relative to the one in which the unit starts. */
	readonly alsoUsual?: string;
	/** The option for the folder that the variable names. */
	readonly option: string;
	readonly usual: string;
	/** Below the folder that the variable names. */
	readonly below?: string;
}

/** For an application whose data folder is in a variable of its unit or of one of these files. */
export const fromEnvironment =
	(units: readonly string[], variables: Readonly<Record<string, Variable>>, files: readonly string[] = []) =>
	(sight: Sight): Told => {
		const settings = new Settings(sight).environment(units, files);
		for (const [name, { option, usual, alsoUsual, below = "" }] of Object.entries(variables)) {
			if (alsoUsual !== undefined && settings.plain(name) === alsoUsual) continue;
			const folder = settings.path(name, (path) => `${path}${below}` === usual);
			if (folder !== undefined) settings.set({ [option]: `${folder}${below}` });
		}
		return settings;
	};
