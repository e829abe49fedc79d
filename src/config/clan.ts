// Converts the `clan.core.state` and `clan.core.backups.providers` of a machine under Clan into states and providers, before
// the schema is applied. Sources: nixosModules/clanCore/{state,backups}.nix and clanServices/{borgbackup,localbackup} of
// clan-core, August 2026, and the older names in the blog post.

import type { Fault } from "../manifest/faults.ts";
import { merge } from "../modules/merge.ts";
import { type Origin, originAt, originsOf, withOrigins } from "../values/origin.ts";
import { asPattern } from "../values/patterns.ts";
import { isRecord, recordOf } from "../values/record.ts";
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
	readonly state: Record<string, unknown>;
	readonly providers: Record<string, unknown>;
	readonly faults: readonly Fault[];
}

/** `{ state, providers, borgbackup: { jobs }, localbackup: { targets, snapshots } }`, as Nix prints it. */
export function fromClan(clan: Record<string, unknown>): FromClan {
	const faults: Fault[] = [];
	const jobs = mapIn(mapIn(clan, "borgbackup"), "jobs");
	const exclude = [
		...new Set(
			Object.values(jobs).flatMap((job) => (isRecord(job) ? textsIn(job.exclude).map(patternOf) : [])),
		),
	];
	const state = named("clan.state", mapIn(clan, "state"), (value) => stateOf(value, exclude));
	const providers = recordOf<unknown>();
	for (const [key, value] of Object.entries(mapIn(clan, "providers"))) {
		const name = isRecord(value) && typeof value.name === "string" ? value.name : key;
		// Holdfast itself is one of them, for `clan backups`.
		if (name === "holdfast" || !isRecord(value)) continue;
		if (name === "borgbackup" && Object.keys(jobs).length > 0) continue;
		if (name === "localbackup" && isRecord(clan.localbackup)) continue;
		for (const command of ["list", "create", "restore"])
			if (typeof value[command] !== "string" || value[command] === "")
				faults.push({
					path: ["providers", key],
					message: `provider "${name}" has no ${command} command`,
				});
		providers[name] = {
			type: "command",
			...Object.fromEntries(["create", "list", "restore"].map((one) => [one, value[one] ?? ""])),
		};
	}
	if (Object.keys(jobs).length > 0) providers.borgbackup = borgOf(jobs);
	if (isRecord(clan.localbackup)) providers.localbackup = localOf(clan.localbackup);
	return { state, providers, faults };
}

/** By the name inside each, or by its key. */
function named(
	where: string,
	map: Record<string, unknown>,
	change: (value: unknown) => unknown,
): Record<string, unknown> {
	const origins = recordOf<Origin>();
	const entries = Object.entries(map).map(([key, value]) => {
		const name = isRecord(value) && typeof value.name === "string" ? value.name : key;
		const origin = originsOf(map)?.[key];
		if (origin) origins[name] = { ...origin, by: `${where}.${key}` };
		return [name, change(value)] as const;
	});
	return withOrigins(Object.fromEntries(entries), origins);
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

/**
 * Converts a borg pattern if possible (borg help patterns). Without a style, its `*` matches slashes and it starts at the root
 * of the file system. A pattern that cannot be converted is refused because of its style.
 */
function patternOf(text: string): string {
	const [, style, rest = text] = /^(fm|sh|pp|pf):(.*)$/s.exec(text) ?? [];
	const path = rest.replace(/^\/+/, "");
	if (style === "pp" || style === "pf") return `/${asPattern(path)}`;
	if (style === "sh") return `/${path}`;
	if (/^[a-z]+:/.test(text)) return text;
	if (path.startsWith("*") && !path.includes("/")) return path;
	return path.startsWith("*/") ? `/**/${path.slice(2)}` : `/${path}`;
}

/** `services.borgbackup.jobs`, one per destination, as Clan's borgbackup service sets them. */
function borgOf(jobs: Record<string, unknown>): unknown {
	const all = Object.entries(jobs).filter((entry): entry is [string, Record<string, unknown>] =>
		isRecord(entry[1]),
	);
	const first = all[0]?.[1] ?? {};
	const startAt = textsIn(first.startAt)[0];
	return {
		type: "borgbackup",
		...(typeof first.compression === "string" ? { compression: first.compression } : {}),
		...(startAt === undefined ? {} : { schedule: startAt }),
		...retentionOf(mapIn(mapIn(first, "prune"), "keep")),
		destinations: Object.fromEntries(
			all.map(([name, job]) => {
				const { BORG_RSH, BORG_RELOCATED_REPO_ACCESS_IS_OK } = mapIn(job, "environment");
				const { mode, passCommand } = mapIn(job, "encryption");
				return [
					name,
					{
						repo: job.repo,
						...(typeof BORG_RSH === "string" ? { rsh: BORG_RSH } : {}),
						...(typeof mode === "string" ? { encryption: mode } : {}),
						...passphraseOf(passCommand),
						...(BORG_RELOCATED_REPO_ACCESS_IS_OK === "yes" ? { relocated: true } : {}),
					},
				];
			}),
		),
	};
}

function passphraseOf(command: unknown): object {
	if (typeof command !== "string" || command === "") return {};
	const file = /^cat (\/[^\s"'$;|&]+)$/.exec(command)?.[1];
	return file === undefined ? { passphraseCommand: ["sh", "-c", command] } : { passphraseFile: file };
}

const DAYS: Readonly<Record<string, number>> = { d: 1, w: 7, m: 31, y: 366 };

/** `prune.keep`: `within` in borg's own units (borg-prune(1): H, d, w, m, y), and a number for each period. */
function retentionOf(keep: Record<string, unknown>): object {
	const retention: Record<string, unknown> = {};
	for (const period of ["hourly", "daily", "weekly", "monthly", "yearly"])
		if (typeof keep[period] === "number" && keep[period] > 0) retention[period] = keep[period];
	const [, number, unit] = /^(\d+)([Hdwmy])$/.exec(String(keep.within ?? "")) ?? [];
	if (unit === "H") retention.keepWithin = `${number}h`;
	else if (unit !== undefined) retention.keepWithin = `${Number(number) * (DAYS[unit] ?? 1)}d`;
	return Object.keys(retention).length > 0 ? { retention } : {};
}

/** `targets` and `snapshots` of Clan's localbackup service. */
function localOf({ targets, snapshots }: Record<string, unknown>): unknown {
	return {
		type: "localbackup",
		...(typeof snapshots === "number" ? { snapshots } : {}),
		destinations: Object.fromEntries(
			Object.entries(isRecord(targets) ? targets : {}).map(([key, target]) => {
				if (!isRecord(target)) return [key, target];
				const { name = key, ...rest } = target;
				return [String(name), Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null))];
			}),
		),
	};
}

function mapIn(value: unknown, key: string): Record<string, unknown> {
	const found = isRecord(value) ? value[key] : undefined;
	return isRecord(found) ? found : {};
}

/** A list of strings, or one string. */
function textsIn(value: unknown): string[] {
	return (Array.isArray(value) ? value : [value]).filter((one): one is string => typeof one === "string");
}
