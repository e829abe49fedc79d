// Properties of systemd units: their states, their relations, and what may be done with them.
import { readFileSync } from "node:fs";
import type { Unit } from "../values/unit.ts";
import { exec } from "./exec.ts";
import { answerReader } from "./lines.ts";
import { isTemplate, manager, refused } from "./systemd.ts";
import { account } from "./users.ts";

export interface UnitFacts {
	/** Its main name; any of `names` refers to it. */
	readonly unit: string;
	readonly names: readonly string[];
	/** systemd's LoadState: loaded, not-found, masked …; `no-manager` when the user's manager does not run. */
	readonly load: string;
	/** systemd's ActiveState and SubState. */
	readonly active: string;
	readonly sub: string;
	/** systemd's UnitFileState: enabled, static, masked, generated, transient … */
	readonly file: string;
	readonly result: string;
	/** For a service: it runs a command to completion and is not active afterwards. */
	readonly ends: boolean;
	/** The type of the job that is queued or running for it: start, restart, stop …; empty without one. */
	readonly job: string;
	readonly transient: boolean;
	/** Whether systemd permits a manual start and stop. */
	readonly mayStart: boolean;
	readonly mayStop: boolean;
	/** False when the last start was skipped because of a `Condition…=`. */
	readonly conditionsMet: boolean;
	readonly stopWhenUnneeded: boolean;
	/** Changes with each start. */
	readonly invocation: string;
	/** When its last stop began and finished, in microseconds since boot; 0 if it has not stopped since boot. */
	readonly leftSince: number;
	readonly downSince: number;
	/** Its timeouts for stop and start, in seconds; undefined if unlimited. */
	readonly stopSeconds: number | undefined;
	readonly startSeconds: number | undefined;
	/** Units that stop when it is stopped. */
	readonly stopsAlong: readonly string[];
	/** Units whose start starts it. */
	readonly pulledBy: readonly string[];
	/** Units that restart it whenever it stops, while they are active (Upholds=). */
	readonly upheldBy: readonly string[];
	/** Socket, timer and path units. */
	readonly triggeredBy: readonly string[];
	/** For a socket with Accept=yes (systemd.socket(5)): the service instances of its connections. */
	readonly connections: readonly string[];
	/** For a socket with Accept=no: its service. The socket cannot be started while that runs. */
	readonly serves: readonly string[];
	readonly conflicts: readonly string[];
	/** Units that it requires or wants. */
	readonly needs: readonly string[];
	readonly after: readonly string[];
}

const PROPERTIES = [
	...["Id", "Names", "LoadState", "ActiveState", "SubState", "UnitFileState", "Result", "Type", "Job"],
	...["RemainAfterExit", "Transient", "CanStart", "CanStop", "RefuseManualStart", "RefuseManualStop"],
	...["ConditionResult", "StopWhenUnneeded", "InvocationID", "ActiveExitTimestampMonotonic"],
	...["InactiveEnterTimestampMonotonic", "TimeoutStopUSec", "TimeoutStartUSec"],
	...["RequiredBy", "RequisiteOf", "BoundBy", "ConsistsOf", "PropagatesStopTo", "WantedBy", "UpheldBy"],
	...[
		"TriggeredBy",
		"Triggers",
		"Accept",
		"Conflicts",
		"ConflictedBy",
		"Requires",
		"Requisite",
		"BindsTo",
		"Wants",
		"After",
	],
];

/** Facts about units of one manager, in the order of the names. Templates and missing units have facts too. */
export async function unitFacts(user: string | undefined, names: readonly string[]): Promise<UnitFacts[]> {
	if (names.length === 0) return [];
	const answers = await ask(
		user,
		names.filter((name) => !isTemplate(name)),
	);
	if (answers === undefined) return names.map((unit) => nothingOf(unit, "no-manager"));
	const found = new Map(answers.flatMap((facts) => facts.names.map((name) => [name, facts] as const)));
	return names.map((name) => found.get(name) ?? nothingOf(name, isTemplate(name) ? "template" : "not-found"));
}

/** The units that this process is part of: its service or session, and the slices around it. */
export function ownUnits(): ReadonlySet<string> {
	try {
		return new Set(
			readFileSync("/proc/self/cgroup", "utf8")
				.split(/[/\n]/)
				.filter((part) => /\.(service|scope|slice)$/.test(part)),
		);
	} catch {
		return new Set();
	}
}

/** Undefined if the manager is not running, so that none of its units can be active. */
async function ask(user: string | undefined, names: readonly string[]): Promise<UnitFacts[] | undefined> {
	if (names.length === 0) return [];
	for (let tries = 1; ; tries++) {
		const shown = await answerOf(user, ["show", `--property=${PROPERTIES.join(",")}`, "--", ...names]);
		if (shown.result.code !== 0) {
			if (user !== undefined && !(await hasManager(user))) return undefined;
			const unit: Unit = { unit: names.join(", "), ...(user === undefined ? {} : { user }) };
			throw refused("ask for", unit, shown.result);
		}
		const found = shown.text.split("\n\n").filter(Boolean).map(factsIn);
		if (found.every(({ job }) => job === "")) return found;
		const types = await jobTypes(user);
		// One that is over by now has changed its unit.
		if (tries < JOB_TRIES && found.some(({ job }) => job !== "" && !types.has(job))) continue;
		return found.map((one) => ({ ...one, job: types.get(one.job) ?? one.job }));
	}
}

const JOB_TRIES = 4;

/** By each job's number. */
async function jobTypes(user: string | undefined): Promise<Map<string, string>> {
	const { text } = await answerOf(user, ["list-jobs", "--no-legend", "--full"]);
	return new Map(
		text.split("\n").flatMap((line): [string, string][] => {
			const [number, , type] = line.trim().split(/\s+/);
			return number === undefined || type === undefined ? [] : [[number, type]];
		}),
	);
}

async function answerOf(user: string | undefined, words: readonly string[]) {
	const { options, env, user: as } = await manager(user);
	const reader = answerReader();
	const result = await exec(["systemctl", ...options, ...words], {
		reader,
		...(env ? { env } : {}),
		...(as === undefined ? {} : { user: as }),
	});
	return { result, text: reader.text() };
}

async function hasManager(user: string): Promise<boolean> {
	const { uid } = await account(user);
	const { code } = await exec(["systemctl", "is-active", "--quiet", `user@${uid}.service`]);
	return code === 0;
}

function factsIn(block: string): UnitFacts {
	const values = new Map(
		block.split("\n").map((line): [string, string] => {
			const at = line.indexOf("=");
			return [line.slice(0, at), line.slice(at + 1)];
		}),
	);
	const one = (key: string) => values.get(key) ?? "";
	const is = (key: string) => one(key) === "yes";
	const all = (...keys: readonly string[]) => [
		...new Set(keys.flatMap((key) => one(key).split(" ").filter(Boolean))),
	];
	return {
		unit: one("Id"),
		names: all("Id", "Names"),
		load: one("LoadState"),
		active: one("ActiveState"),
		sub: one("SubState"),
		file: one("UnitFileState"),
		result: one("Result"),
		ends: one("Type") === "oneshot" && !is("RemainAfterExit"),
		job: one("Job") === "0" ? "" : one("Job"),
		transient: is("Transient"),
		mayStart: is("CanStart") && !is("RefuseManualStart"),
		mayStop: is("CanStop") && !is("RefuseManualStop"),
		conditionsMet: is("ConditionResult"),
		stopWhenUnneeded: is("StopWhenUnneeded"),
		invocation: one("InvocationID"),
		leftSince: Number(one("ActiveExitTimestampMonotonic")),
		downSince: Number(one("InactiveEnterTimestampMonotonic")),
		stopSeconds: secondsIn(one("TimeoutStopUSec")),
		startSeconds: secondsIn(one("TimeoutStartUSec")),
		stopsAlong: all("RequiredBy", "RequisiteOf", "BoundBy", "ConsistsOf", "PropagatesStopTo"),
		pulledBy: all("RequiredBy", "BoundBy", "WantedBy", "UpheldBy"),
		upheldBy: all("UpheldBy"),
		triggeredBy: all("TriggeredBy"),
		connections: is("Accept") ? all("Triggers") : [],
		serves: one("Id").endsWith(".socket") && !is("Accept") ? all("Triggers") : [],
		conflicts: all("Conflicts", "ConflictedBy"),
		needs: all("Requires", "Requisite", "BindsTo", "Wants"),
		after: all("After"),
	};
}

const SPAN_SECONDS: Readonly<Record<string, number>> = {
	...{ us: 1e-6, ms: 1e-3, s: 1, min: 60, h: 3_600, d: 86_400, w: 604_800, month: 2_629_800, y: 31_557_600 },
};

/** Seconds of a time span as `systemctl show` prints it: `1min 30s`; undefined for `infinity` and for a missing property. */
function secondsIn(span: string): number | undefined {
	const parts = [...span.matchAll(/([\d.]+)(us|ms|min|month|s|h|d|w|y)\b/g)];
	if (parts.length === 0) return undefined;
	return parts.reduce((sum, [, number, unit = ""]) => sum + Number(number) * (SPAN_SECONDS[unit] ?? 0), 0);
}

/** The facts that systemd reports for an unknown unit. */
function nothingOf(unit: string, load: string): UnitFacts {
	return factsIn(`Id=${unit}\nLoadState=${load}\nActiveState=inactive\nSubState=dead`);
}
