// From what a user wrote to the manifest: short forms become long ones, defaults are filled in, and what the
// schema cannot see (states that overlap, names that point nowhere) is checked.
import { HOOKS, type Hook, type Manifest, type State, type Unit } from "../manifest/schema.ts";
import { type Fault, nearest } from "./faults.ts";
import type { Config, HookInput, StateInput } from "./schema.ts";

type MachineInput = Config["machines"][string];

const DEFAULT_HOOK_SECONDS = 3600;

export function resolveMachine(name: string, machine: MachineInput): Manifest {
	return {
		version: 1,
		machine: name,
		...(machine.host === undefined ? {} : { host: machine.host }),
		state: Object.fromEntries(
			Object.entries(machine.state ?? {}).map(([key, state]) => [key, resolveState(state)]),
		),
		providers: machine.providers ?? {},
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
		hooks,
		stopOnBackup: (state.stopOnBackup ?? []).map(resolveUnit),
		stopOnRestore: (state.stopOnRestore ?? []).map(resolveUnit),
		after: state.after ?? [],
	};
}

function resolveHook(input: HookInput): Hook {
	if (typeof input === "string") return { script: input, timeout: DEFAULT_HOOK_SECONDS };
	if (Array.isArray(input)) return { command: input, timeout: DEFAULT_HOOK_SECONDS };
	const { timeout, ...rest } = input;
	return { ...rest, timeout: timeout === undefined ? DEFAULT_HOOK_SECONDS : seconds(timeout) };
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
	const unit = { s: 1, m: 60, h: 3600, d: 86400 }[duration.at(-1) ?? "s"] ?? 1;
	return Number.parseInt(duration, 10) * unit;
}

/** Faults in what the fields mean together. */
export function meaningFaults(config: Config): Fault[] {
	return Object.entries(config.machines).flatMap(([name, machine]) => [
		...overlapFaults(name, machine),
		...orderFaults(name, machine),
		...emptyFaults(name, machine),
		...passphraseFaults(name, machine),
	]);
}

function overlapFaults(name: string, machine: MachineInput): Fault[] {
	const owned = Object.entries(machine.state ?? {}).flatMap(([state, { folders }]) =>
		(folders ?? []).map((folder, index) => ({ state, folder, index })),
	);
	const faults: Fault[] = [];
	for (const [position, one] of owned.entries()) {
		for (const other of owned.slice(0, position)) {
			const same = one.folder === other.folder;
			const nested = one.folder.startsWith(`${other.folder}/`) || other.folder.startsWith(`${one.folder}/`);
			if (!same && !nested) continue;
			faults.push({
				path: ["machines", name, "state", one.state, "folders", one.index],
				message:
					one.state === other.state
						? `"${one.folder}" and "${other.folder}" overlap`
						: `"${one.folder}" overlaps "${other.folder}" of state "${other.state}"`,
				hint: "a restore of one would change the other; give each folder to one state",
			});
		}
	}
	return faults;
}

function orderFaults(name: string, machine: MachineInput): Fault[] {
	const states = machine.state ?? {};
	const faults: Fault[] = [];
	for (const [state, { after }] of Object.entries(states)) {
		for (const [index, before] of (after ?? []).entries()) {
			if (before in states) continue;
			const meant = nearest(before, Object.keys(states));
			faults.push({
				path: ["machines", name, "state", state, "after", index],
				message: `there is no state "${before}"`,
				...(meant ? { hint: `did you mean "${meant}"?` } : {}),
			});
		}
	}
	const cycle = faults.length === 0 ? findCycle(states) : undefined;
	if (cycle)
		faults.push({
			path: ["machines", name, "state", cycle[0] ?? "", "after"],
			message: `the states wait for each other: ${cycle.join(" → ")}`,
		});
	return faults;
}

function findCycle(states: Record<string, StateInput>): string[] | undefined {
	const finished = new Set<string>();
	const visit = (state: string, trail: readonly string[]): string[] | undefined => {
		if (trail.includes(state)) return [...trail.slice(trail.indexOf(state)), state];
		if (finished.has(state)) return undefined;
		for (const before of states[state]?.after ?? []) {
			const cycle = visit(before, [...trail, state]);
			if (cycle) return cycle;
		}
		finished.add(state);
		return undefined;
	};
	for (const state of Object.keys(states)) {
		const cycle = visit(state, []);
		if (cycle) return cycle;
	}
	return undefined;
}

function emptyFaults(name: string, machine: MachineInput): Fault[] {
	return Object.entries(machine.state ?? {})
		.filter(([, state]) => (state.folders ?? []).length === 0)
		.map(([state]) => ({
			path: ["machines", name, "state", state],
			message: `the state "${state}" owns no folder, so there is nothing to back up`,
			hint: "add: folders: [/path/of/its/data]",
		}));
}

function passphraseFaults(name: string, machine: MachineInput): Fault[] {
	const faults: Fault[] = [];
	for (const [provider, options] of Object.entries(machine.providers ?? {})) {
		if (options.type !== "borgbackup") continue;
		for (const [destination, { passphraseFile, passphraseCommand, encryption }] of Object.entries(
			options.destinations,
		)) {
			const path = ["machines", name, "providers", provider, "destinations", destination];
			const has = passphraseFile !== undefined || passphraseCommand !== undefined;
			if (passphraseFile !== undefined && passphraseCommand !== undefined)
				faults.push({ path, message: "give passphraseFile or passphraseCommand, not both" });
			if (!has && encryption !== "none")
				faults.push({
					path,
					message: `the repository needs a passphrase`,
					hint: "add passphraseFile: /path, or passphraseCommand: [program, argument], or encryption: none",
				});
		}
	}
	return faults;
}
