// How a unit ended up that a run had to do with.

/**
 * `own`: named in the config. `also`: not named, and stopped anyway, since it would start one of them meanwhile or
 * is a member of a target that is named. `along`: systemd stops it when it stops those.
 */
export type Role = "own" | "also" | "along";

export interface UnitOutcome {
	readonly unit: string;
	readonly user?: string;
	readonly role: Role;
	readonly wasUp: boolean;
	readonly became: "started" | "kept running" | "left down";
	readonly because: string;
	/** It is down though somebody counts on it. */
	readonly missed?: true;
}

/** In words. */
export function outcomeWords({ unit, user, role, wasUp, became, because }: UnitOutcome): string {
	const label = user === undefined ? unit : `${unit} of ${user}`;
	if (became === "left down")
		return `${label}: ${wasUp ? "" : "was not running, "}left down, because ${because}`;
	if (became === "kept running") return `${label}: kept running`;
	if (!wasUp) return `${label}: was not running, started, because ${because}`;
	return `${label}: started${role === "own" ? "" : ", since it was stopped along"}`;
}
