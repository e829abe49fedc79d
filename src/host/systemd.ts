// systemd units: what runs, stop it, start it. Root speaks to the system manager, anyone else to their own.
import { HoldfastError } from "../manifest/error.ts";
import type { Unit } from "../manifest/schema.ts";
import { cleanEnvironment, type ExecResult, exec } from "./exec.ts";
import { account } from "./users.ts";

export interface UnitStatus {
	/** systemd's ActiveState: active, activating, inactive, failed … */
	readonly active: string;
	/** systemd's LoadState: loaded, not-found, masked … */
	readonly load: string;
	/** Another one after each start. */
	readonly invocation: string;
}

/** For `systemctl` and its kin: root speaks to the system's manager, anyone else to their own. */
export const ownManager = (): readonly string[] => (process.getuid?.() === 0 ? [] : ["--user"]);

export function unitLabel({ unit, user }: Unit): string {
	return user === undefined ? unit : `${unit} of ${user}`;
}

export async function unitStatus(unit: Unit): Promise<UnitStatus> {
	const result = await systemctl(unit, [
		"show",
		"--property=ActiveState,LoadState,InvocationID",
		"--",
		unit.unit,
	]);
	if (result.code !== 0) throw refused("ask for", unit, result);
	const values = new Map(result.stdout.map((line) => line.split("=", 2) as [string, string]));
	return {
		active: values.get("ActiveState") ?? "unknown",
		load: values.get("LoadState") ?? "unknown",
		invocation: values.get("InvocationID") ?? "",
	};
}

/** Whether it runs, or is on its way there. */
export function isUp({ active }: UnitStatus): boolean {
	return active === "active" || active === "activating" || active === "reloading";
}

/** Returns once systemd has stopped it. */
export async function stopUnit(unit: Unit, signal?: AbortSignal): Promise<void> {
	const result = await systemctl(unit, ["stop", "--", unit.unit], signal);
	if (result.code !== 0) throw refused("stop", unit, result);
}

/**
 * Returns once it is active, at once when it is so already; an error holds the unit's own last log lines. While the
 * machine boots it only asks: the unit may wait for what waits for us.
 */
export async function startUnit(unit: Unit, signal?: AbortSignal): Promise<void> {
	const wait = (await isBooting(unit)) ? ["--no-block"] : [];
	const start = () => systemctl(unit, ["start", ...wait, "--", unit.unit], signal);
	let result = await start();
	// `keepDown` may have masked it. Asked only now: a service is down meanwhile.
	if (result.code !== 0 && (await unitStatus(unit)).load === "masked") {
		await systemctl(unit, ["unmask", "--runtime", "--", unit.unit]);
		result = await start();
	}
	if (result.code !== 0) throw refused("start", unit, result, await lastLines(unit));
}

/** What befell a unit, with its own last log lines. */
export async function unitFailure(unit: Unit, what: string): Promise<HoldfastError> {
	return new HoldfastError("failed", `${unitLabel(unit)} ${what}`, {
		details: await lastLines(unit),
		hint: statusHint(unit),
	});
}

async function lastLines(unit: Unit): Promise<readonly string[]> {
	const { journal } = await manager(unit);
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

/** Stopped, and when the machine boots, not started by that either until `startUnit` is called. */
export async function keepDown(unit: Unit): Promise<void> {
	if (await isBooting(unit)) await systemctl(unit, ["mask", "--runtime", "--", unit.unit]);
	else if (isUp(await unitStatus(unit))) await stopUnit(unit);
}

/** Managers that have come up, by user: they do not boot again while we run. */
const upManagers = new Set<string | undefined>();

/** Whether its manager is on its way up; asked once of a manager that is. */
export async function isBooting(unit: Unit): Promise<boolean> {
	if (upManagers.has(unit.user)) return false;
	const { stdout } = await systemctl(unit, ["is-system-running"]);
	const booting = stdout[0] === "initializing" || stdout[0] === "starting";
	if (!booting) upManagers.add(unit.user);
	return booting;
}

async function systemctl(unit: Unit, words: readonly string[], signal?: AbortSignal): Promise<ExecResult> {
	const { options, env, user } = await manager(unit);
	return exec(["systemctl", ...options, "--no-ask-password", ...words], {
		...(env ? { env } : {}),
		...(user === undefined ? {} : { user }),
		...(signal ? { signal } : {}),
	});
}

/** Another user's manager is reached as that user, through the socket in its runtime folder. */
async function manager(unit: Unit) {
	if (unit.user !== undefined) {
		const who = await account(unit.user);
		const env = { ...cleanEnvironment(who), XDG_RUNTIME_DIR: `/run/user/${who.uid}` };
		return { options: ["--user"], journal: [`_UID=${who.uid}`], env, user: unit.user };
	}
	return { options: ownManager(), journal: ownManager() };
}

function refused(verb: string, unit: Unit, result: ExecResult, log: readonly string[] = []): HoldfastError {
	return new HoldfastError("failed", `could not ${verb} ${unitLabel(unit)}`, {
		details: [...result.stderr, ...log],
		hint: statusHint(unit),
	});
}

function statusHint({ unit, user }: Unit): string {
	return `look at it with: systemctl ${user === undefined ? "" : "--user "}status ${unit}`;
}
