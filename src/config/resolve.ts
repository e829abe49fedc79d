// From what a user wrote to the manifest: short forms become long ones, and defaults are filled in.
import { type Dump, databaseOf, dumpFile, isOfAll, isServerDump, withDatabase } from "../databases/dump.ts";
import type { HealthCheck } from "../health/list.ts";
import type { Schedule } from "../manifest/machine.ts";
import { HOOKS, type Hook, type Manifest, type State } from "../manifest/schema.ts";
import type { HealthCheckInput, HookInput, StateInput } from "../modules/state.ts";
import { secondsOf } from "../values/duration.ts";
import { recordOf } from "../values/record.ts";
import type { Unit } from "../values/unit.ts";
import type { Config } from "./schema.ts";

/** A machine whose services have become states. */
export type MachineInput = Omit<Config["machines"][string], "state" | "services" | "clan" | "nix"> & {
	readonly state?: Readonly<Record<string, StateInput>> | undefined;
};

const DEFAULT_HOOK_SECONDS = 3600;
const DEFAULT_SETTLE_SECONDS = 3;
const DEFAULT_HEALTH_CHECK_SECONDS = 30;

export function resolveMachine(name: string, machine: MachineInput): Manifest {
	const states = recordOf(
		Object.entries(machine.state ?? {}).map(([key, state]) => [key, resolveState(state)] as const),
	);
	return {
		version: 1,
		machine: name,
		...definedOnly({
			host: machine.host,
			tags: machine.tags,
			deploy: machine.deploy,
			borgServer: machine.borgServer,
			schedule: machine.schedule && resolveSchedule(machine.schedule),
			maxAge: machine.maxAge === undefined ? undefined : seconds(machine.maxAge),
			notify: machine.notify,
			metricsFile: machine.metricsFile,
		}),
		state: withoutOthers(states),
		providers: machine.providers ?? recordOf(),
	};
}

function resolveSchedule({ randomizedDelay, ...schedule }: NonNullable<MachineInput["schedule"]>): Schedule {
	return {
		...schedule,
		...definedOnly({ randomizedDelay: randomizedDelay === undefined ? undefined : seconds(randomizedDelay) }),
	};
}

function definedOnly<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
	return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
		[K in keyof T]?: Exclude<T[K], undefined>;
	};
}

function resolveState(state: StateInput): State {
	const hooks: { -readonly [K in keyof State["hooks"]]: State["hooks"][K] } = {};
	for (const hook of HOOKS) {
		const input = state.hooks?.[hook];
		if (input !== undefined) hooks[hook] = resolveHook(input);
	}
	return {
		folders: [...new Set(state.folders ?? [])],
		exclude: state.exclude ?? [],
		dumps: state.dumps ?? [],
		hooks,
		stopOnBackup: (state.stopOnBackup ?? []).map(resolveUnit),
		stopOnRestore: (state.stopOnRestore ?? []).map(resolveUnit),
		after: state.after ?? [],
		settle: state.settle === undefined ? DEFAULT_SETTLE_SECONDS : seconds(state.settle),
		...(state.specialFiles === undefined ? {} : { specialFiles: state.specialFiles }),
		healthChecks: (state.healthChecks ?? []).map(resolveHealthCheck),
		...(state.maxAge === undefined ? {} : { maxAge: seconds(state.maxAge) }),
	};
}

/** "All databases" leaves out those that another state names. */
function withoutOthers(states: Readonly<Record<string, State>>): Record<string, State> {
	const named = Object.values(states)
		.flatMap(({ dumps }) => dumps)
		.filter(isServerDump)
		.filter((dump) => !isOfAll(dump));
	const leaveOut = (dump: Dump): Dump => {
		if (!isOfAll(dump)) return dump;
		const others = named.filter((one) => dumpFile(one) === dumpFile(withDatabase(dump, databaseOf(one))));
		return { ...dump, except: [...new Set([...(dump.except ?? []), ...others.map(databaseOf)])] };
	};
	return recordOf(
		Object.entries(states).map(
			([name, state]) => [name, { ...state, dumps: state.dumps.map(leaveOut) }] as const,
		),
	);
}

function resolveHook(input: HookInput): Hook {
	if (typeof input === "string") return { script: input, timeout: DEFAULT_HOOK_SECONDS };
	if (Array.isArray(input)) return { command: input, timeout: DEFAULT_HOOK_SECONDS };
	const { timeout, ...rest } = input;
	return { ...rest, timeout: timeout === undefined ? DEFAULT_HOOK_SECONDS : seconds(timeout) };
}

function resolveHealthCheck({ within, ...check }: HealthCheckInput): HealthCheck {
	return { ...check, within: within === undefined ? DEFAULT_HEALTH_CHECK_SECONDS : seconds(within) };
}

/** systemctl itself reads a name without a suffix as a service. */
function resolveUnit(input: string | Unit): Unit {
	const unit = typeof input === "string" ? { unit: input } : input;
	return {
		...unit,
		unit: /\.(service|socket|timer|target|mount|path|slice|scope|automount|swap)$/.test(unit.unit)
			? unit.unit
			: `${unit.unit}.service`,
	};
}

function seconds(duration: string | number): number {
	if (typeof duration === "number") return duration;
	return secondsOf(duration) ?? 0;
}
