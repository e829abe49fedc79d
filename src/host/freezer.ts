// Freezes units: systemd stops the scheduling of all their processes (freezer of cgroup v2, systemd 246 and later), which neither
// notice it nor lose anything.
import { readFileSync, statfsSync, writeFileSync } from "node:fs";
import { wordsOf } from "../values/system-error.ts";
import type { Unit } from "../values/unit.ts";
import { exec } from "./exec.ts";
import { manager, refused, systemctl } from "./systemd.ts";

/** systemd itself thaws what nobody has thawed after this time, also when we were killed. */
export const FREEZE_SECONDS = 30;
/** Of these, units are frozen only in the first ones. */
export const BEGIN_SECONDS = 15;
/** Most freezes take milliseconds; a process that waits for a disk delays them. */
const PATIENCE_SECONDS = 10;
const CGROUP2_MAGIC = 0x63677270;
const CGROUPS = "/sys/fs/cgroup";

export type FreezerState = "frozen" | "running" | "down" | "missing";

export interface Freezer {
	/** `down`: it has no processes that write; `missing`: systemd knows no such unit. */
	readonly state: FreezerState;
	/** Its folder in the file system of the cgroups, while it runs. */
	readonly cgroup?: string;
}

export async function freezerOf({ unit, user }: Unit): Promise<Freezer> {
	const properties = "--property=LoadState,ActiveState,FreezerState,ControlGroup";
	const { stdout } = await systemctl(user, ["show", properties, "--", unit], undefined, PATIENCE_SECONDS);
	const [, path] = stdout.map((line) => /^ControlGroup=(\/.+)$/.exec(line)).find((found) => found) ?? [];
	const cgroup = path === undefined || path.split("/").includes("..") ? {} : { cgroup: CGROUPS + path };
	if (stdout.includes("FreezerState=frozen")) return { state: "frozen", ...cgroup };
	if (!["inactive", "failed"].some((state) => stdout.includes(`ActiveState=${state}`)))
		return { state: "running", ...cgroup };
	return { state: stdout.includes("LoadState=not-found") ? "missing" : "down" };
}

/** Returns why a unit could not be frozen. */
export async function freezeUnit(one: Unit): Promise<string | undefined> {
	const { unit, user } = one;
	if (isUnified()) {
		const { cgroup } = await freezerOf(one);
		// It has ended but is still active, as a unit that starts containers.
		if (cgroup === undefined || !isPopulated(cgroup))
			return "it has no processes; name the unit that the processes are in";
	}
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

function isPopulated(cgroup: string): boolean {
	try {
		return /^populated 1$/m.test(readFileSync(`${cgroup}/cgroup.events`, "utf8"));
	} catch {
		return false;
	}
}

function isUnified(): boolean {
	try {
		return statfsSync(CGROUPS).type === CGROUP2_MAGIC;
	} catch {
		return false;
	}
}

/** Does nothing if it is not frozen. */
export async function thawUnit(unit: Unit): Promise<void> {
	const properties = ["--property=FreezerState", "--value"];
	const { stdout } = await systemctl(
		...([unit.user, ["show", ...properties, "--", unit.unit], undefined, PATIENCE_SECONDS] as const),
	);
	if (["running", ""].includes(stdout[0] ?? "")) return;
	const thaw = () => systemctl(unit.user, ["thaw", "--", unit.unit], undefined, PATIENCE_SECONDS);
	const result = await thaw();
	if (result.code === 0 && !result.timedOut) return;
	// systemd refuses while it is still freezing, and while the unit has a job, as when somebody stops it.
	const { cgroup } = await freezerOf(unit);
	if (cgroup === undefined || !isThawedAt(cgroup)) throw refused("thaw", unit, result, [], PATIENCE_SECONDS);
	await thaw();
}

/** Has the kernel thaw it, whatever systemd takes it for. */
function isThawedAt(cgroup: string): boolean {
	try {
		writeFileSync(`${cgroup}/cgroup.freeze`, "0", { flag: "r+" });
		return true;
	} catch {
		return false;
	}
}

/** As `thawUnit`, until it has worked: the arguments are the command that thaws. systemd itself would replace `\${…}`. */
const THAW = `set -f
until "$@"; do
	for cgroup in $CGROUPS; do echo 0 >"$cgroup/cgroup.freeze"; done
	sleep 5
done`;
const GIVE_UP_SECONDS = 3_600;

/** Have systemd thaw units of one manager after `FREEZE_SECONDS`, unless `disarm` is called with the same name. Returns why it will not. */
export async function armThaw(
	name: string,
	user: string | undefined,
	units: readonly { readonly unit: string; readonly cgroup?: string }[],
): Promise<string | undefined> {
	const { options, env, user: as } = await manager(user);
	const timer = [`--unit=${name}`, `--on-active=${FREEZE_SECONDS}`, "--timer-property=AccuracySec=100ms"];
	const cgroups = units.flatMap(({ cgroup }) => (cgroup === undefined ? [] : [cgroup]));
	const service = [`--setenv=CGROUPS=${cgroups.join(" ")}`, `--property=RuntimeMaxSec=${GIVE_UP_SECONDS}`];
	const thaw = ["systemctl", ...options, "thaw", "--", ...units.map(({ unit }) => unit)];
	const what = [...service, "--", "sh", "-c", THAW, "holdfast-thaw", ...thaw];
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
	await systemctl(user, ["stop", "--", `${name}.timer`, `${name}.service`], undefined, PATIENCE_SECONDS);
}
