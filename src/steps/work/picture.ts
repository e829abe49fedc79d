// What stopping some units means for the units around them, and which should be up afterwards. Decided before the stop,
// from what systemd reports about each. Pure: asks nothing and does nothing.
import type { UnitFacts } from "../../host/unit-facts.ts";
import type { Role } from "../unit-outcome.ts";
import { levelsOf } from "./start-order.ts";
import { isDown, isUp } from "./unit-status.ts";

/** By every name of each unit. */
export type Facts = ReadonlyMap<string, UnitFacts>;

/** What is planned for a unit. */
export interface Verdict {
	readonly unit: string;
	readonly role: Role;
	readonly wasUp: boolean;
	/** It is running or about to. */
	readonly stops: boolean;
	/** The invocation that was running before. */
	readonly invocation: string;
	/** It was down before, and is to be started anyway. */
	readonly shouldRun: boolean;
	/** Why it should run, or why not. */
	readonly because: string;
	/** It is down although something depends on it, so the service's health checks are skipped. */
	readonly missed: boolean;
	/** The longest that its stop and start may take, in seconds; undefined for no limit. */
	readonly stopSeconds?: number;
	readonly startSeconds?: number;
	/** It runs until it is finished, and nobody waits for that. */
	readonly ends: boolean;
	/** Units of a lower level are started first. */
	readonly level: number;
}

export function factsByName(facts: readonly UnitFacts[]): Map<string, UnitFacts> {
	return new Map(facts.flatMap((one) => one.names.map((name) => [name, one] as const)));
}

const isTarget = (unit: string) => unit.endsWith(".target");

/** The units that are affected by stopping `own`, each with the strongest of its roles. */
export function affected(own: readonly string[], facts: Facts): Map<string, Role> {
	const roles = new Map<string, Role>();
	const queue: UnitFacts[] = [];
	const add = (name: string, role: Role) => {
		const one = facts.get(name);
		if (!one) return;
		const known = roles.get(one.unit);
		if (known === undefined) queue.push(one);
		if (known === undefined || STRENGTH[role] > STRENGTH[known]) roles.set(one.unit, role);
	};
	for (const name of own) add(name, "own");
	for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
		for (const name of one.stopsAlong) add(name, "along");
		for (const name of triggersOf(one, facts)) add(name, "also");
		for (const name of membersOf(one, own, facts)) add(name, "also");
		for (const name of one.connections) if (upIn(name, facts)) add(name, "also");
		if (isUp(one)) for (const name of one.serves) if (upIn(name, facts)) add(name, "also");
		// A unit that only this one needed stops after it.
		if (isUp(one))
			for (const name of one.needs) {
				const need = facts.get(name);
				// Unless another unit needs it too: then its triggers do not matter here.
				if (need?.stopWhenUnneeded && isUp(need) && !roles.has(need.unit)) roles.set(need.unit, "along");
			}
	}
	return roles;
}

const STRENGTH: Readonly<Record<Role, number>> = { along: 0, also: 1, own: 2 };

/** The unit, and the units that are down and would start it with them, directly or indirectly. */
function pullersOf(unit: UnitFacts, facts: Facts): UnitFacts[] {
	const found = new Set([unit]);
	for (const one of found)
		for (const name of one.pulledBy) {
			const puller = facts.get(name);
			if (puller?.load !== "loaded") continue;
			// Starting a target changes what the machine does; and a unit that is already up does not start again.
			if (puller && !isTarget(puller.unit) && !isUp(puller)) found.add(puller);
		}
	return [...found];
}

/** The units that would start it while it is down. A socket whose service is masked does nothing, and would fail to restart. */
function triggersOf(unit: UnitFacts, facts: Facts): string[] {
	if (unit.load !== "loaded") return [];
	return [
		...unit.upheldBy.filter((name) => !isTarget(name)),
		...pullersOf(unit, facts).flatMap(({ triggeredBy }) => triggeredBy),
	];
}

/** It was created for one connection and ends with it; the next connection creates another. */
function isOfConnection(unit: UnitFacts, facts: Facts): boolean {
	return unit.triggeredBy.some((name) => facts.get(name)?.connections.includes(unit.unit));
}

/** The units that only a named target starts. Most targets do not stop the units that they started. */
function membersOf(target: UnitFacts, own: readonly string[], facts: Facts): string[] {
	if (!isTarget(target.unit) || !target.names.some((name) => own.includes(name))) return [];
	return target.needs.filter((name) => {
		const one = facts.get(name);
		return (
			one !== undefined &&
			/\.(service|socket|timer|path)$/.test(one.unit) &&
			one.pulledBy.every((by) => own.includes(by))
		);
	});
}

/** The names that must be looked up before anything can be decided; empty when all are known. */
export function stillUnknown(own: readonly string[], facts: Facts): string[] {
	const wanted = new Set(own);
	for (const name of affected(own, facts).keys()) {
		const one = facts.get(name);
		if (!one) continue;
		const around = [
			...one.stopsAlong,
			...one.upheldBy,
			...one.connections,
			...one.serves,
			...(isUp(one) || isTarget(one.unit) ? one.needs : []),
			...(isUp(one) ? [] : one.conflicts),
			...pullersOf(one, facts).flatMap(({ pulledBy, triggeredBy }) => [...pulledBy, ...triggeredBy]),
		];
		for (const other of around) wanted.add(other);
	}
	return [...wanted].filter((name) => !facts.has(name));
}

/** Why these units cannot be stopped and started again, one line each; empty if they can. */
export function obstacles(
	own: readonly string[],
	facts: Facts,
	itself: ReadonlySet<string>,
	label: (unit: string) => string,
): string[] {
	const faults: string[] = [];
	for (const name of own) {
		const one = facts.get(name);
		if (!one || (one.load === "not-found" && !isUp(one)))
			faults.push(`there is no unit ${label(name)} on this machine`);
		else if (one.load === "template")
			faults.push(
				`${label(name)} is a template: name its instances, such as ${name.replace("@.", "@NAME.")}`,
			);
		else if (one.upheldBy.some((by) => isTarget(by) && upIn(by, facts)))
			faults.push(
				`${label(name)} cannot be kept down: ${one.upheldBy.find(isTarget)} starts it again at once (Upholds=)`,
			);
	}
	if (faults.length > 0) return faults;
	for (const [name, role] of affected(own, facts)) {
		const one = facts.get(name);
		if (!one || !isUp(one)) continue;
		const along = role === "own" ? "" : `, which stops along with ${own.map(label).join(", ")},`;
		if (itself.has(name))
			faults.push(
				`stopping ${label(name)} would end this run, which is part of it: run it from elsewhere, or stop fewer units`,
			);
		else if (isOfConnection(one, facts)) continue;
		else if (one.transient)
			faults.push(
				`${label(name)}${along} is transient: it disappears when it stops and could not be started again; create a unit file for it, or stop it in preRestore or preBackup`,
			);
		else if (one.load === "masked")
			faults.push(
				`${label(name)}${along} is running but masked, so it could not be started again: systemctl unmask it`,
			);
		else if (one.load !== "loaded")
			faults.push(
				`${label(name)}${along} is running, but could not be started again: systemd cannot load its file (${one.load})`,
			);
		else if (role !== "along" && !one.mayStop)
			faults.push(`${label(name)}${along} refuses to be stopped (RefuseManualStop=)`);
		else if (!one.mayStart)
			faults.push(`${label(name)}${along} could not be started again (RefuseManualStart=, or no such start)`);
	}
	return faults;
}

const upIn = (name: string, facts: Facts) => {
	const one = facts.get(name);
	return one !== undefined && isUp(one);
};

/** What is planned for each unit that is affected by stopping `own`, in starting order. */
export function verdictsOf(own: readonly string[], facts: Facts): Verdict[] {
	const roles = affected(own, facts);
	const reasons = new Map<string, Reason>();
	// A unit that should run is a reason for others to run. Units that wait for each other's trigger are left down.
	for (let round = 0; round <= roles.size; round++) {
		const before = startingIn(reasons);
		for (const [name, role] of roles) {
			const one = facts.get(name);
			if (one && !isUp(one)) reasons.set(name, reasonFor(one, role, facts, reasons));
		}
		if (round > 0 && before === startingIn(reasons)) break;
	}
	const levels = levelsOf(own, [...roles.keys()], facts);
	return [...roles]
		.flatMap(([name, role]): Verdict[] => {
			const one = facts.get(name);
			if (!one) return [];
			const reason = reasons.get(name);
			const wasUp = isUp(one) && !isOfConnection(one, facts);
			return [
				{
					unit: name,
					role,
					wasUp,
					stops: !isDown(one),
					invocation: wasUp ? one.invocation : "",
					shouldRun: reason?.starts ?? false,
					because: reason?.because ?? (wasUp ? "it was running" : "its connection has ended"),
					missed: reason?.missed ?? false,
					...(one.stopSeconds === undefined ? {} : { stopSeconds: one.stopSeconds }),
					...(one.startSeconds === undefined ? {} : { startSeconds: one.startSeconds }),
					ends: one.ends,
					level: levels.get(name) ?? 0,
				},
			];
		})
		.sort((left, right) => left.level - right.level);
}

interface Reason {
	readonly starts: boolean;
	readonly because: string;
	readonly missed?: boolean;
}

const startingIn = (reasons: ReadonlyMap<string, Reason>) =>
	[...reasons.values()].filter(({ starts }) => starts).length;

/** For a unit that is down: whether it should run, and why. */
function reasonFor(unit: UnitFacts, role: Role, facts: Facts, reasons: ReadonlyMap<string, Reason>): Reason {
	const left = (because: string, missed = false): Reason => ({ starts: false, because, missed });
	const start = (because: string): Reason => ({ starts: true, because });
	const runs = (name: string) => {
		const one = facts.get(name);
		return one !== undefined && (isUp(one) || (reasons.get(one.unit)?.starts ?? false));
	};
	if (unit.load === "no-manager")
		return left("its user's systemd manager does not run (loginctl enable-linger)", true);
	if (unit.load === "masked") return left("it is masked", true);
	if (unit.load !== "loaded") return left(`systemd cannot load it (${unit.load})`, true);
	if (unit.transient) return left("it is transient, and was not running", true);
	if (!unit.mayStart) return left("systemd does not allow it to be started manually");
	const failed = unit.active === "failed";
	const trigger = unit.triggeredBy.find(runs);
	if (unit.ends && (!failed || (trigger !== undefined && !trigger.endsWith(".socket"))))
		return left(trigger === undefined ? "it runs only on request" : `${trigger} starts it when it is due`);
	const rival = unit.conflicts.find((name) => !name.endsWith(".target") && upIn(name, facts));
	if (rival !== undefined) return left(`${rival} is running, and would be stopped by its start`, true);
	const puller = unit.pulledBy.find((name) => name !== unit.unit && runs(name));
	const wanted = isEnabled(unit) ? "it is enabled" : puller === undefined ? undefined : `${puller} wants it`;
	if (role === "own") {
		if (failed) return start("it had failed");
		if (wanted !== undefined) return start(wanted);
		const fallen = unit.pulledBy.find((name) => {
			const one = facts.get(name);
			return one !== undefined && isEnabled(one) && !isUp(one) && fellWith(one, unit);
		});
		if (fallen !== undefined) return start(`${fallen}, which is enabled, wants it`);
		return trigger === undefined
			? left("it is not enabled, and nothing that runs wants it")
			: left(`${trigger} starts it when it is needed`);
	}
	if (wanted === undefined) return left("it is not enabled, and nothing that runs wants it");
	if (failed) return start("it had failed");
	const fell = [...reasons].some(([name, { starts }]) => {
		const one = starts ? facts.get(name) : undefined;
		return one?.stopsAlong.includes(unit.unit) && fellWith(unit, one);
	});
	return fell ? start(wanted) : left("it had stopped on its own");
}

const isEnabled = ({ file }: UnitFacts) => file === "enabled" || file === "enabled-runtime";

const AT_ONCE_US = 1_000_000;

/** It went down with its dependency, or never came up because of it: nobody stopped it separately before. */
function fellWith(unit: UnitFacts, cause: UnitFacts): boolean {
	// Dependent units have stopped by the time the stop of the cause begins.
	return cause.active === "failed" || unit.downSince === 0 || unit.downSince + AT_ONCE_US >= cause.leftSince;
}
