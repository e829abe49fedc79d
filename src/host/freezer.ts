// Freezes units: systemd stops the scheduling of all their processes (freezer of cgroup v2, systemd 246 and later), which neither
// notice it nor lose anything.
import { statfsSync } from "node:fs";
import { wordsOf } from "../values/system-error.ts";
import type { Unit } from "../values/unit.ts";
import { exec } from "./exec.ts";
import { manager, refused, systemctl } from "./systemd.ts";

/** systemd itself thaws what nobody has thawed after this time, also when we were killed. */
export const FREEZE_SECONDS = 30;
/** Most freezes take milliseconds; a process that waits for a disk delays them. */
const PATIENCE_SECONDS = 10;
const CGROUP2_MAGIC = 0x63677270;

export type FreezerState = "frozen" | "running" | "down" | "missing";

/** `down`: it has no processes that write; `missing`: systemd knows no such unit. */
export async function freezerStateOf({ unit, user }: Unit): Promise<FreezerState> {
	const { stdout } = await systemctl(user, [
		...["show", "--property=LoadState,ActiveState,FreezerState", "--", unit],
	]);
	if (stdout.includes("LoadState=not-found")) return "missing";
	if (stdout.includes("FreezerState=frozen")) return "frozen";
	return ["inactive", "failed"].some((state) => stdout.includes(`ActiveState=${state}`)) ? "down" : "running";
}

/** Returns why a unit could not be frozen. */
export async function freezeUnit({ unit, user }: Unit): Promise<string | undefined> {
	const { code, timedOut, stderr } = await systemctl(
		user,
		["freeze", "--", unit],
		undefined,
		PATIENCE_SECONDS,
	);
	if (code === 0 && !timedOut) return undefined;
	if (timedOut) return `it was not frozen after ${PATIENCE_SECONDS} seconds`;
	if (stderr.some((line) => /does not support freezing/.test(line)) && !isUnified())
		return "systemd can freeze only where the machine uses nothing but cgroup v2 (kernel parameter systemd.unified_cgroup_hierarchy=1)";
	if (stderr.some((line) => /Unknown (command )?verb/.test(line))) return "systemd 246 or later is required";
	return stderr.join(" ").trim() || `systemctl ended with exit code ${code}`;
}

function isUnified(): boolean {
	try {
		return statfsSync("/sys/fs/cgroup").type === CGROUP2_MAGIC;
	} catch {
		return false;
	}
}

/** Does nothing if it is not frozen. */
export async function thawUnit(unit: Unit): Promise<void> {
	const { stdout } = await systemctl(unit.user, [
		"show",
		"--property=FreezerState",
		"--value",
		"--",
		unit.unit,
	]);
	if (["running", ""].includes(stdout[0] ?? "")) return;
	const result = await systemctl(unit.user, ["thaw", "--", unit.unit], undefined, FREEZE_SECONDS);
	if (result.code !== 0 || result.timedOut) throw refused("thaw", unit, result, [], FREEZE_SECONDS);
}

/** Have systemd thaw units of one manager after `FREEZE_SECONDS`, unless `disarm` is called with the same name. Returns why it will not. */
export async function armThaw(
	name: string,
	user: string | undefined,
	units: readonly string[],
): Promise<string | undefined> {
	const { options, env, user: as } = await manager(user);
	const timer = [`--unit=${name}`, `--on-active=${FREEZE_SECONDS}`, "--timer-property=AccuracySec=100ms"];
	const what = ["--", "systemctl", ...options, "thaw", "--", ...units];
	try {
		const { code, stderr } = await exec(
			["systemd-run", ...options, "--quiet", "--collect", "--no-ask-password", ...timer, ...what],
			{
				...(env ? { env } : {}),
				...(as === undefined ? {} : { user: as }),
				timeoutSeconds: PATIENCE_SECONDS,
			},
		);
		return code === 0 ? undefined : stderr.join(" ").trim() || `systemd-run ended with exit code ${code}`;
	} catch (error) {
		return wordsOf(error);
	}
}

export async function disarmThaw(name: string, user: string | undefined): Promise<void> {
	await systemctl(user, ["stop", "--", `${name}.timer`], undefined, PATIENCE_SECONDS);
}
