// What became of a unit that a run dealt with.

/**
 * `own`: named in the config. `also`: not named, but stopped because it would start one of those meanwhile, or is
 * a member of a target that is named. `along`: stopped by systemd together with those.
 */
export type Role = "own" | "also" | "along";

export interface UnitOutcome {
	readonly unit: string;
	readonly user?: string;
	readonly role: Role;
	readonly wasUp: boolean;
	readonly became: "started" | "kept running" | "left down";
	readonly because: string;
	/** It is down although something depends on it. */
	readonly missed?: true;
}

/** As a line of text. */
export function outcomeWords({ unit, user, role, wasUp, became, because }: UnitOutcome): string {
	const label = user === undefined ? unit : `${unit} of ${user}`;
	if (became === "left down")
		return `${label}: ${wasUp ? "" : "was not running, "}left down, because ${because}`;
	if (became === "kept running") return `${label}: kept running`;
	if (!wasUp) return `${label}: was not running, started, because ${because}`;
	return `${label}: started${role === "own" ? "" : ", because it was stopped along with it"}`;
}
