// Converts the `clan.core.state` and `clan.core.backups.providers` of a machine under Clan into states and providers, before
// the schema is applied. Sources: nixosModules/clanCore/{state,backups}.nix and clanServices/{borgbackup,localbackup} of
// clan-core, August 2026, and the older names in the blog post.

import type { Fault } from "../manifest/faults.ts";
import { merge } from "../modules/merge.ts";
import { type Origin, originAt, originsOf, withOrigins } from "../values/origin.ts";
import { isRecord, recordOf } from "../values/record.ts";
import { borgOf, excludedByAll, mapIn, notExcluded, textsIn } from "./clan-borg.ts";
import type { Around, Passed, Written } from "./pass.ts";
import { machineSchema } from "./schema.ts";

export const withClan = (machine: Written, { name }: Pick<Around, "name">): Passed => {
	if (!isRecord(machine.clan)) return { machine };
	const { clan: _, ...rest } = machine;
	const { state, providers, faults } = fromClan(machine.clan);
	// The machine's own lines are added to it and take precedence.
	const merged = merge(
		[
			{ value: { system: "nixos", ...rest }, by: `machine "${name}"` },
			{ value: { state, providers }, by: "clan", isDefault: true, origin: originsOf(machine)?.clan },
		],
		[],
		machineSchema,
	);
	return {
		machine: merged as Written,
		faults: faults.map((fault) => ({ ...fault, origin: originAt(machine, ["clan", ...fault.path]) })),
	};
};

interface FromClan {
	/** What differs from Clan's own settings, in words. */
	readonly remarks: readonly string[];
	readonly state: Record<string, unknown>;
	readonly providers: Record<string, unknown>;
	readonly faults: readonly Fault[];
}

/** `{ state, providers, borgbackup: { jobs }, localbackup: { targets, snapshots } }`, as Nix prints it. */
export function fromClan(clan: Record<string, unknown>): FromClan {
	const faults: Fault[] = [];
	const jobs = mapIn(mapIn(clan, "borgbackup"), "jobs");
	const { localbackup } = clan;
	const exclude = isRecord(localbackup) ? [] : excludedByAll(jobs);
	const state = named(["state"], mapIn(clan, "state"), (value) => stateOf(value, exclude), faults);
	// Holdfast itself is one of them, for `clan backups`.
	const others = Object.entries(mapIn(clan, "providers")).filter(([key, value]) => {
		const name = nameOf(key, value);
		if (name === "borgbackup" && Object.keys(jobs).length > 0) return false;
		return name !== "holdfast" && !(name === "localbackup" && isRecord(localbackup));
	});
	const commands = named(
		["providers"],
		withOrigins(recordOf(others), originsOf(clan.providers) ?? recordOf<Origin>()),
		(value, key) => commandsOf(value, key, faults),
		faults,
	);
	const borg = borgOf(jobs, faults);
	for (const name of Object.keys(borg))
		if (name in commands)
			faults.push({ path: ["providers", name], message: `two providers are called "${name}"` });
	const local = isRecord(localbackup) ? { localbackup: localOf(localbackup, faults) } : {};
	return {
		remarks: notExcluded(jobs, exclude),
		state,
		providers: { ...commands, ...borg, ...local },
		faults,
	};
}

const nameOf = (key: string, value: unknown) =>
	isRecord(value) && typeof value.name === "string" ? value.name : key;

/** By the name inside each, or by its key. Two with one name are a fault. */
function named(
	path: readonly string[],
	map: Record<string, unknown>,
	change: (value: unknown, key: string) => unknown,
	faults: Fault[],
): Record<string, unknown> {
	const origins = recordOf<Origin>();
	const found = recordOf<unknown>();
	const keys = recordOf<string>();
	const where = `clan.${path.join(".")}`;
	for (const [key, value] of Object.entries(map)) {
		const name = nameOf(key, value);
		if (name in found)
			faults.push({
				path: [...path, key],
				message: `${where}.${keys[name]} and ${where}.${key} have the same name "${name}"`,
				hint: "give each a name of its own",
			});
		const origin = originsOf(map)?.[key];
		if (origin) origins[name] = { ...origin, by: `${where}.${key}` };
		keys[name] = key;
		found[name] = change(value, key);
	}
	return withOrigins(found, origins);
}

function commandsOf(value: unknown, key: string, faults: Fault[]): unknown {
	if (!isRecord(value)) return value;
	for (const command of ["list", "create", "restore"])
		if (typeof value[command] !== "string" || value[command] === "")
			faults.push({
				path: ["providers", key],
				message: `provider "${nameOf(key, value)}" has no ${command} command`,
			});
	return {
		type: "command",
		...Object.fromEntries(["create", "list", "restore"].map((one) => [one, value[one] ?? ""])),
	};
}

const HOOKS = ["preBackup", "postBackup", "preRestore", "postRestore"] as const;

/** `…Script` is the text; `…Command` the program made of it, or, in older modules and the blog post, the text itself. */
function stateOf(value: unknown, exclude: readonly string[]): unknown {
	if (!isRecord(value)) return value;
	const hooks = Object.fromEntries(
		HOOKS.flatMap((hook) => {
			const script = value[`${hook}Script`] ?? value[`${hook}Command`];
			return typeof script === "string" && script.trim() !== "" ? [[hook, { script }]] : [];
		}),
	);
	const stopOnRestore = textsIn(value.stopOnRestore);
	return {
		folders: Array.isArray(value.folders) ? [...new Set(value.folders)] : value.folders,
		...(exclude.length > 0 ? { exclude } : {}),
		...(Object.keys(hooks).length > 0 ? { hooks } : {}),
		...(stopOnRestore.length > 0 ? { stopOnRestore } : {}),
	};
}

/** `targets` and `snapshots` of Clan's localbackup service. */
function localOf({ targets, snapshots }: Record<string, unknown>, faults: Fault[]): unknown {
	const destinations = named(
		["localbackup", "targets"],
		isRecord(targets) ? targets : {},
		(target) => {
			if (!isRecord(target)) return target;
			const { name: _, ...rest } = target;
			return Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null));
		},
		faults,
	);
	return { type: "localbackup", ...(typeof snapshots === "number" ? { snapshots } : {}), destinations };
}
