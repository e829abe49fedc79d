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
}

/** How settings name this machine as a database's server: also by a socket, and with a port. */
export const THIS_MACHINE = /^(?:(?:localhost|127\.0\.0\.1|\[?::1\]?)(?::.*)?|\/.*)$/;
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
		else this.#add(read(found.text), path);
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

	has = (key: string): boolean => this.#values.has(key);

	/** A plain value; one that is set and is not plain, or does not look like this, is said. `what`: it is. */
	text(key: string, what: string, like: RegExp = /./): string | undefined {
		const { value, where } = this.#values.get(key) ?? {};
		if (where === undefined || value === "") return undefined;
		if (value !== undefined && value.length <= LONGEST_PATH && like.test(value)) return value;
		this.unclear.push(`${what} is set in ${where} (${key}): check it`);
		return undefined;
	}

	/** A folder or file that is not where it usually is, and that a state may have. What may not be taken is said. */
	path(key: string, isUsual: (path: string) => boolean, what = "its data"): string | undefined {
		const { value, where } = this.#values.get(key) ?? {};
		if (where === undefined || value === "") return undefined;
		const path = value === undefined ? undefined : withoutSlashes(value);
		if (path !== undefined && !isOdd(path) && isUsual(path)) return undefined;
		if (path === undefined || isOdd(path))
			this.unclear.push(`the place of ${what} is set in ${where} (${key}): check it`);
		else if (isOfSystem(path))
			this.unclear.push(
				`${key} in ${where} names ${path}, which is the system's: it is not proposed, check it`,
			);
		else if (this.#sight.has(path)) {
			this.shown.push(`the place of ${what} is ${path} (${key} in ${where})`);
			return path;
		} else this.unclear.push(`${key} in ${where} names ${path}, which does not exist: check it`);
		return undefined;
	}

	/** SQLite's file, if it is not the usual one. `home`: in the state already; a folder elsewhere is added. */
	databaseFile(key: string, usual: string, home: string): void {
		const file = this.path(key, (path) => path === usual, "its database");
		if (file === undefined) return;
		const folder = file.slice(0, file.lastIndexOf("/")) || "/";
		if (isWithin(file, home)) this.set({ database: { file } });
		else if (!isOfSystem(folder)) this.set({ folders: [folder], database: { file } });
		else
			this.unclear.push(`${folder}, with its database (${key}), is the system's and not proposed: check it`);
	}

	/** Puts options beside those that are there. */
	set(options: object): void {
		this.options = both(this.options, options);
	}

	#add(values: Values, where: string): void {
		for (const [key, value] of values) this.#values.set(key, { value, where });
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

const PRIVATE = ["/etc", "/root", "/run"];
const isOfSystem = (path: string) => isSystemFolder(path) || PRIVATE.some((folder) => isWithin(path, folder));

interface Variable {
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
		for (const [name, { option, usual, below = "" }] of Object.entries(variables)) {
			const folder = settings.path(name, (path) => `${path}${below}` === usual);
			if (folder !== undefined) settings.set({ [option]: `${folder}${below}` });
		}
		return settings;
	};
