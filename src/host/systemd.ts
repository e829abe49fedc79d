// Queries, stops and starts systemd units. Root uses the system manager, other users their own.
import { setTimeout as pause } from "node:timers/promises";
import { counted } from "../values/counted.ts";
import { HoldfastError } from "../values/error.ts";
import type { Unit } from "../values/unit.ts";
import { cleanEnvironment, type ExecResult, exec } from "./exec.ts";
import { account } from "./users.ts";

/** Options for `systemctl` and similar programs: root uses the system manager, other users their own. */
export const ownManager = (): readonly string[] => (process.getuid?.() === 0 ? [] : ["--user"]);

export function unitLabel({ unit, user }: Unit): string {
	return user === undefined ? unit : `${unit} of ${user}`;
}

/** A template has no state; only its instances do. */
export function isTemplate(unit: string): boolean {
	return unit.includes("@.");
}

export interface Patience {
	readonly signal?: AbortSignal;
	/** Maximum time to wait for systemd. */
	readonly seconds: number;
	/** Called from time to time during a long wait. */
	readonly onWait?: (what: string) => void;
}

const TELL_MS = 30_000;
const AGAIN_MS = 200;

/** Returns once systemd has stopped them. */
export async function stopUnits(
	user: string | undefined,
	names: readonly string[],
	patience: Patience,
): Promise<void> {
	if (names.length === 0) return;
	const stop = waited("stop", user, names, ["stop", "--", ...names], patience);
	// Asked meanwhile, so that the start that follows does not have to: until then the units are down.
	const [result] = await Promise.all([stop, isBooting(user).catch(() => false)]);
	if (result.code === 0 && !result.timedOut) return;
	throw refused("stop", unitsOf(user, names), result, [], patience.seconds);
}

export interface Start extends Patience {
	/** Start without the units that they want and require: a target would otherwise start everything that is enabled. */
	readonly alone?: boolean;
	/** Do not wait for the result. */
	readonly noWait?: boolean;
}

/**
 * Returns once the units are up. An error contains the last log lines of those that did not start. While the machine boots
 * it only queues the start, because a unit may be waiting for something that waits for us.
 */
export async function startUnits(
	user: string | undefined,
	names: readonly string[],
	{ alone, noWait, ...patience }: Start,
): Promise<void> {
	if (names.length === 0) return;
	const words = [
		"start",
		...(noWait || (await isBooting(user)) ? ["--no-block"] : []),
		...(alone ? ["--job-mode=ignore-requirements"] : []),
		"--",
		...names,
	];
	const result = await waited("start", user, names, words, patience);
	if (result.code === 0 && !result.timedOut) return;
	const log = await Promise.all(names.map((name) => lastLines(unitsOf(user, [name]))));
	throw refused("start", unitsOf(user, names), result, log.flat(), patience.seconds);
}

/** Reset systemd's start counter, which refuses units that are started too often, as several restores in a row do. */
export async function resetFailed(user: string | undefined, names: readonly string[]): Promise<void> {
	if (names.length > 0) await systemctl(user, ["reset-failed", "--", ...names]);
}

async function waited(
	verb: string,
	user: string | undefined,
	names: readonly string[],
	words: readonly string[],
	{ signal, seconds, onWait }: Patience,
): Promise<ExecResult> {
	const began = performance.now();
	const telling = setInterval(() => {
		const { unit } = unitsOf(user, names);
		onWait?.(`waiting for systemd to ${verb} ${unit} (${Math.round((performance.now() - began) / 1000)} s)`);
	}, TELL_MS);
	try {
		for (;;) {
			const left = seconds - (performance.now() - began) / 1000;
			const result = await systemctl(user, words, signal, Math.max(left, 1));
			// JobTimeoutSec= has passed, but the unit continues: ask again, and systemd waits for the same job.
			const isGivenUp = result.code !== 0 && result.stderr.some((line) => /^Job for .* timed out/.test(line));
			if (!isGivenUp || result.timedOut || left <= 1) return result;
			await pause(AGAIN_MS, undefined, { signal });
		}
	} finally {
		clearInterval(telling);
	}
}

const unitsOf = (user: string | undefined, names: readonly string[]): Unit => ({
	unit: names.join(", "),
	...(user === undefined ? {} : { user }),
});

/** What happened to a unit, with its last log lines. */
export async function unitFailure(unit: Unit, what: string): Promise<HoldfastError> {
	return new HoldfastError("unit-failed", `${unitLabel(unit)} ${what}`, {
		subject: unitLabel(unit),
		details: await lastLines(unit),
		hint: statusHint(unit),
	});
}

async function lastLines(unit: Unit): Promise<readonly string[]> {
	const { journal } = await manager(unit.user);
	const log = await exec([
		"journalctl",
		...journal,
		"-u",
		unit.unit,
		"-n",
		"10",
		"--no-pager",
		"-o",
		"cat",
	]).catch(() => undefined);
	return log?.stdout ?? [];
}

/**
 * For use while the machine boots: cancel the queued starts of these units, and mask them until `unmask`. Units whose files
 * are in /etc cannot be masked, because /etc takes precedence over masks in /run. Returns the units that were masked.
 */
export async function keepDownAtBoot(user: string | undefined, names: readonly string[]): Promise<string[]> {
	const masked: string[] = [];
	await systemctl(user, ["stop", "--no-block", "--", ...names]);
	for (const name of names) {
		const { stdout } = await systemctl(user, ["show", "--property=LoadState", "--value", "--", name]);
		if (stdout[0] === "masked") continue;
		const { code } = await systemctl(user, ["mask", "--runtime", "--", name]);
		if (code === 0) masked.push(name);
	}
	return masked;
}

export async function unmask(user: string | undefined, names: readonly string[]): Promise<void> {
	if (names.length > 0) await systemctl(user, ["unmask", "--runtime", "--", ...names]);
}

/** Managers that have finished booting, by user; they do not boot again while we run. */
const upManagers = new Set<string | undefined>();

/** Whether a manager is still booting. A manager that is up is not asked again. */
export async function isBooting(user: string | undefined): Promise<boolean> {
	if (upManagers.has(user)) return false;
	const { stdout } = await systemctl(user, ["is-system-running"]);
	const booting = stdout[0] === "initializing" || stdout[0] === "starting";
	if (!booting) upManagers.add(user);
	return booting;
}

export async function systemctl(
	user: string | undefined,
	words: readonly string[],
	signal?: AbortSignal,
	timeoutSeconds?: number,
): Promise<ExecResult> {
	const { options, env, user: as } = await manager(user);
	return exec(["systemctl", ...options, "--no-ask-password", ...words], {
		...(env ? { env } : {}),
		...(as === undefined ? {} : { user: as }),
		...(signal ? { signal } : {}),
		...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
	});
}

/** Another user's manager is reached as that user, through the socket in its runtime folder. */
export async function manager(user: string | undefined) {
	if (user !== undefined) {
		const who = await account(user);
		const env = { ...cleanEnvironment(who), XDG_RUNTIME_DIR: `/run/user/${who.uid}` };
		return { options: ["--user"], journal: [`_UID=${who.uid}`], env, user };
	}
	return { options: ownManager(), journal: ownManager() };
}

export function refused(
	verb: string,
	unit: Unit,
	result: ExecResult,
	log: readonly string[] = [],
	seconds = 0,
): HoldfastError {
	const late = result.timedOut ? `: systemd had not finished after ${counted(seconds, "second")}` : "";
	return new HoldfastError("unit-failed", `could not ${verb} ${unitLabel(unit)}${late}`, {
		subject: unitLabel(unit),
		details: [...result.stderr, ...log],
		hint: statusHint(unit),
	});
}

function statusHint({ unit, user }: Unit): string {
	const names = unit.replaceAll(",", "");
	return `see its status with: systemctl ${user === undefined ? "" : `--user --machine=${user}@ `}status ${names}`;
}
