// Finds the config: the one given by `--config`, or the first trusted one in the current, the user's and the system's folder.
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve as resolvePath } from "node:path";
import { examine } from "../host/ownership.ts";
import { workingFolder } from "../host/working-folder.ts";
import { HoldfastError } from "../values/error.ts";
import { howTrusted } from "./obey.ts";
import type { Evaluate } from "./pass.ts";

const FILES = ["holdfast.yaml", "holdfast.yml", "holdfast.ts", "holdfast.json"];

/** A deployed machine has its manifest and no config. */
export const DEPLOYED_MANIFEST = "/etc/holdfast/manifest.json";

export interface LoadOptions {
	/** Evaluates the flake that a machine names; without it, the flake is ignored. */
	readonly evaluate?: Evaluate;
	/** Called for a config that exists and is not read. */
	readonly remark?: (line: string) => void;
	/**
	 * `run`: the config will be executed; `look`: it is only displayed, so a file given by name may belong to anybody;
	 * `names`: none of its code is run.
	 */
	readonly purpose?: "run" | "look" | "names";
	/** Keys in which a fault is a remark, and the key is left out: see tolerance.ts. */
	readonly tolerates?: readonly string[] | undefined;
	/** Called with the faults of a machine that are tolerated, one line each, in place of remarks. */
	readonly tolerated?: ((machine: string, lines: readonly string[]) => void) | undefined;
}

export interface Found {
	readonly file: string;
	/** It was given by `--config`. */
	readonly isNamed: boolean;
	/** Whether its owner must be trusted, and that of the code that it is or imports. */
	readonly guards: { readonly data: boolean; readonly code: boolean };
}

const isRoot = () => process.geteuid?.() === 0;

/** The config that `--config` names, or the first found of this folder, the user's and the system's. */
export function findConfig(given: string | undefined, { remark, purpose = "run" }: LoadOptions = {}): Found {
	if (given !== undefined) {
		const file = resolvePath(given);
		if (!existsSync(file))
			throw new HoldfastError("config-not-found", `the config file ${file} does not exist`, {
				subject: file,
			});
		// Users other than root may run any file they name; for root, it would run as root.
		return { file, isNamed: true, guards: { data: isRoot() && purpose !== "look", code: isRoot() } };
	}
	const { found, refused, folders } = lookForConfig();
	// If none is found, the error reports the same.
	if (found === undefined)
		throw new HoldfastError("config-not-found", "no config found", {
			details: [...refused, ...folders.map((folder) => `${LOOKED_FOR} ${folder}`)],
			hint: "name one with --config FILE, create one for this machine with 'holdfast init', or, if only archives are left, see 'holdfast adopt --help'",
		});
	for (const line of refused) remark?.(line);
	return found;
}

/** How the lines of that error begin that name no refused config. */
export const LOOKED_FOR = "looked for holdfast.yaml in";

/** For commands that also work without a config. */
export function findConfigIfAny({ remark }: LoadOptions): Found | undefined {
	const { found, refused } = lookForConfig();
	for (const line of refused) remark?.(line);
	return found;
}

/** `refused`: messages about those that exist and are not read. */
function lookForConfig() {
	const here = workingFolder();
	const folders = [
		...(here === undefined ? [] : [here]),
		resolvePath(process.env.XDG_CONFIG_HOME || join(homedir(), ".config"), "holdfast"),
		"/etc/holdfast",
	];
	const found = { isNamed: false, guards: { data: true, code: true } };
	const refused = here === undefined ? [HERE_IS_GONE] : [];
	const chosen = (file: string) => ({ found: { file, ...found }, refused, folders });
	for (const folder of folders) {
		const file = FILES.map((name) => join(folder, name)).find((one) => existsSync(one));
		if (file === undefined) continue;
		const { real, fault = removable(real) } = examine(file, false);
		if (fault === undefined) return chosen(file);
		const how =
			isRoot() && !removable(real)
				? `To use it, ${howTrusted(file)}`
				: `If you trust it, use --config ${file}`;
		refused.push(`${file} was ignored: ${fault}. ${how}`);
	}
	if (existsSync(DEPLOYED_MANIFEST)) return chosen(DEPLOYED_MANIFEST);
	return { found: undefined, refused, folders };
}

const HERE_IS_GONE =
	"the current folder no longer exists and was not searched for a config; to change to the folder that replaced it: cd .";

/** Owners and modes on a removable disk prove nothing: the person who prepared the disk could set them. */
const removable = (real: string) =>
	/^\/(run\/)?media\//.test(real) ? "it is on a removable disk" : undefined;
