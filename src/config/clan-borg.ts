// `services.borgbackup.jobs` of NixOS, one per destination, as Clan's borgbackup service sets them, as providers. What has no
// equivalent is a fault: nothing is left out without a word.
import type { Fault } from "../manifest/faults.ts";
import type { DataPath } from "../values/origin.ts";
import { asPattern } from "../values/patterns.ts";
import { isRecord } from "../values/record.ts";

type Job = Record<string, unknown>;

/**
 * Jobs with the same schedule, compression and retention are destinations of the provider `borgbackup`. If they differ, each
 * is a provider of its own. nix/module.nix makes the timers by the same rule.
 */
export function borgOf(jobs: Job, faults: Fault[]): Record<string, unknown> {
	const all = Object.entries(jobs).filter((entry): entry is [string, Job] => {
		if (!isRecord(entry[1]))
			faults.push({ path: pathOf(entry[0]), message: `the job "${entry[0]}" is not a map` });
		return isRecord(entry[1]);
	});
	const [first] = all;
	if (first === undefined) return {};
	const settings = new Set(all.map(([, job]) => JSON.stringify([job.startAt, job.compression, keptBy(job)])));
	if (settings.size === 1) return { borgbackup: providerOf(all, first, faults) };
	return Object.fromEntries(
		all.map((entry) => [`borgbackup-${entry[0]}`, providerOf([entry], entry, faults)]),
	);
}

function providerOf(jobs: readonly [string, Job][], [name, job]: [string, Job], faults: Fault[]): object {
	return {
		type: "borgbackup",
		...(job.compression === undefined ? {} : { compression: job.compression }),
		...scheduleOf(job.startAt),
		...retentionOf(keptBy(job), [...pathOf(name), "prune", "keep"], faults),
		destinations: Object.fromEntries(jobs.map(([key, one]) => [key, destinationOf(one)])),
	};
}

const pathOf = (job: string): string[] => ["borgbackup", "jobs", job];
const keptBy = (job: Job) => mapIn(mapIn(job, "prune"), "keep");

function destinationOf(job: Job): object {
	const { BORG_RSH, BORG_RELOCATED_REPO_ACCESS_IS_OK, BORG_REMOTE_PATH, BORG_KEY_FILE } = mapIn(
		job,
		"environment",
	);
	const { mode, passCommand } = mapIn(job, "encryption");
	return {
		repo: job.repo,
		...(typeof BORG_RSH === "string" ? { rsh: BORG_RSH } : {}),
		...(typeof BORG_REMOTE_PATH === "string" ? { remotePath: BORG_REMOTE_PATH } : {}),
		...(typeof BORG_KEY_FILE === "string" ? { keyFile: BORG_KEY_FILE } : {}),
		...(typeof mode === "string" ? { encryption: mode } : {}),
		...passphraseOf(passCommand),
		...(BORG_RELOCATED_REPO_ACCESS_IS_OK === "yes" ? { relocated: true } : {}),
	};
}

/** One time or a list of them; an empty list: by hand only. */
function scheduleOf(startAt: unknown): object {
	if (startAt === undefined || startAt === null) return {};
	if (!Array.isArray(startAt)) return { schedule: startAt };
	return { schedule: startAt.length === 0 ? false : startAt.length === 1 ? startAt[0] : startAt };
}

function passphraseOf(command: unknown): object {
	if (typeof command !== "string" || command === "") return {};
	const file = /^cat (\/[^\s"'$;|&]+)$/.exec(command)?.[1];
	return file === undefined ? { passphraseCommand: ["sh", "-c", command] } : { passphraseFile: file };
}

const DAYS: Readonly<Record<string, number>> = { d: 1, w: 7, m: 31, y: 366 };
const PERIODS: Readonly<Record<string, string>> = {
	last: "keepLast",
	hourly: "hourly",
	daily: "daily",
	weekly: "weekly",
	monthly: "monthly",
	yearly: "yearly",
};
/** Enough for every archive: borg's -1. */
const ALL = 1_000_000;

/** `prune.keep`: `within` in borg's own units (borg-prune(1): H, d, w, m, y), and a number for each period. */
function retentionOf(keep: Job, path: DataPath, faults: Fault[]): object {
	const retention: Record<string, unknown> = {};
	for (const [key, value] of Object.entries(keep)) {
		const rule = PERIODS[key];
		const number = /^-?\d+$/.test(String(value)) ? Number(value) : undefined;
		const [, count, unit = ""] = /^(\d+)([Hdwmy])$/.exec(String(value)) ?? [];
		if (key === "within" && count !== undefined)
			retention.keepWithin = unit === "H" ? `${count}h` : `${Number(count) * (DAYS[unit] ?? 1)}d`;
		else if (rule !== undefined && number === -1) retention[rule] = ALL;
		else if (rule !== undefined && number !== undefined && number >= 0) {
			if (number > 0) retention[rule] = number;
		} else
			faults.push({
				path: [...path, key],
				message: `prune.keep.${key} = ${JSON.stringify(value)} has no equivalent here`,
				hint: `what can be kept: within (such as "7d"), ${Object.keys(PERIODS).join(", ")} (a number, -1 for all)`,
			});
	}
	return Object.keys(retention).length > 0 ? { retention } : {};
}

/** A state has one list, for all destinations: what one job wants to keep is not excluded. */
export function excludedByAll(jobs: Job): string[] {
	const [first = [], ...others] = Object.values(jobs).map((job) =>
		isRecord(job) ? textsIn(job.exclude).map(patternOf) : [],
	);
	return [...new Set(first)].filter((pattern) => others.every((other) => other.includes(pattern)));
}

/** A line for each job with patterns that are not `excluded`: what they name is backed up. */
export function notExcluded(jobs: Job, excluded: readonly string[]): string[] {
	return Object.entries(jobs).flatMap(([name, job]) => {
		const left = (isRecord(job) ? textsIn(job.exclude) : []).filter(
			(text) => !excluded.includes(patternOf(text)),
		);
		return left.length === 0
			? []
			: [
					`what job ${name} excludes and other destinations do not is backed up to all of them: ${left.join(", ")}`,
				];
	});
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

/** The map under a key; empty if there is none. */
export function mapIn(value: unknown, key: string): Job {
	const found = isRecord(value) ? value[key] : undefined;
	return isRecord(found) ? found : {};
}

/** A list of strings, or one string. */
export function textsIn(value: unknown): string[] {
	return (Array.isArray(value) ? value : [value]).filter((one): one is string => typeof one === "string");
}
