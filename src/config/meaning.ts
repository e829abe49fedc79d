// Faults that the schema cannot see: folders that overlap, names that point nowhere, states that wait in a circle.
import { ALL, databaseOf, dumpFile, dumpLabel, isServerDump } from "../manifest/dumps.ts";
import { nearest } from "../manifest/nearest.ts";
import type { StateInput } from "../modules/state.ts";
import type { Fault } from "./faults.ts";
import type { MachineInput } from "./resolve.ts";

/** Faults in what the fields mean together. */
export function meaningFaults(machines: Readonly<Record<string, MachineInput>>): Fault[] {
	return Object.entries(machines).flatMap(([name, machine]) => [
		...overlapFaults(name, machine),
		...orderFaults(name, machine),
		...emptyFaults(name, machine),
		...passphraseFaults(name, machine),
		...destinationFaults(name, machine),
		...dumpFaults(name, machine),
		...stoppedServerFaults(name, machine),
	]);
}

function overlap(one: string, other: string): boolean {
	return one === other || one.startsWith(`${other}/`) || other.startsWith(`${one}/`);
}

function overlapFaults(name: string, machine: MachineInput): Fault[] {
	const owned = Object.entries(machine.state ?? {}).flatMap(([state, { folders }]) =>
		(folders ?? []).map((folder, index) => ({ state, folder, index })),
	);
	const faults: Fault[] = [];
	for (const [position, one] of owned.entries()) {
		for (const other of owned.slice(0, position)) {
			// One state's folder may lie within another's: it is left out of that one's archive and restore.
			if (one.state === other.state ? !overlap(one.folder, other.folder) : one.folder !== other.folder)
				continue;
			faults.push({
				path: ["machines", name, "state", one.state, "folders", one.index],
				message:
					one.state === other.state
						? `"${one.folder}" and "${other.folder}" overlap`
						: `"${one.folder}" belongs to state "${other.state}" already`,
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

function findCycle(states: Readonly<Record<string, StateInput>>): string[] | undefined {
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
		.filter(([, state]) => (state.folders ?? []).length === 0 && (state.dumps ?? []).length === 0)
		.map(([state]) => ({
			path: ["machines", name, "state", state],
			message: `the state "${state}" owns no folder and no database, so there is nothing to back up`,
			hint: "add: folders: [/path/of/its/data]",
		}));
}

/** A database belongs to one state; one that is a file lies in a folder of its state. */
function dumpFaults(name: string, machine: MachineInput): Fault[] {
	const all = Object.entries(machine.state ?? {}).flatMap(([state, { dumps, folders }]) =>
		(dumps ?? []).map((dump, index) => ({ state, dump, index, folders: folders ?? [] })),
	);
	return all.flatMap(({ state, dump, index, folders }, position) => {
		const path = ["machines", name, "state", state, "dumps", index];
		const other = all.slice(0, position).find((one) => dumpFile(one.dump) === dumpFile(dump));
		const file = databaseOf(dump);
		return [
			...(other
				? [
						{
							path,
							message: `the ${dumpLabel(dump)} belongs to state "${other.state}" already`,
							hint: "a restore of one would change the other; give each database to one state",
						},
					]
				: []),
			...(isServerDump(dump) || folders.some((folder) => file.startsWith(`${folder}/`))
				? []
				: [
						{
							path,
							message: `${file} lies in no folder of state "${state}"`,
							hint: `add the folder that holds it: folders: [${file.slice(0, file.lastIndexOf("/")) || "/"}]`,
						},
					]),
			...(isServerDump(dump) && dump.except !== undefined && file !== ALL
				? [{ path, message: `"except" is for "${ALL}", and this names one database` }]
				: []),
		];
	});
}

/** Units of the servers that a dump asks, by its key. */
const SERVER_UNITS: Readonly<Record<string, RegExp>> = {
	postgresql: /^postgresql(@.*)?(\.service)?$/,
	mariadb: /^(mariadb|mysql|mysqld)(@.*)?(\.service)?$/,
	redis: /^(redis|valkey)(-.*)?(@.*)?(\.service)?$/,
};

/** While the archive is written, what is stopped for it is down, and a dump may be made just then. */
function stoppedServerFaults(name: string, machine: MachineInput): Fault[] {
	const states = Object.entries(machine.state ?? {});
	const asked = new Set(states.flatMap(([, { dumps = [] }]) => dumps.flatMap((dump) => Object.keys(dump))));
	const servers = Object.entries(SERVER_UNITS).filter(([server]) => asked.has(server));
	return states.flatMap(([state, { stopOnBackup = [] }]) =>
		stopOnBackup.flatMap((unit, index) => {
			const stopped = typeof unit === "string" ? unit : unit.unit;
			return servers.some(([, units]) => units.test(stopped))
				? [
						{
							path: ["machines", name, "state", state, "stopOnBackup", index],
							message: `"${stopped}" would be down while its databases are dumped`,
							hint: "a dump shows one moment of a server that runs: leave the server out of stopOnBackup",
						},
					]
				: [];
		}),
	);
}

function passphraseFaults(name: string, machine: MachineInput): Fault[] {
	const faults: Fault[] = [];
	for (const [provider, options] of Object.entries(machine.providers ?? {})) {
		if (options.type !== "borgbackup" && options.type !== "restic") continue;
		for (const [destination, it] of Object.entries(options.destinations)) {
			const sources = [it.passphraseFile, it.passphraseCommand, it.passphraseCredential].filter(
				(one) => one !== undefined,
			);
			const open = "encryption" in it && it.encryption === "none";
			const path = ["machines", name, "providers", provider, "destinations", destination];
			if (sources.length > 1)
				faults.push({
					path,
					message: "give one of passphraseFile, passphraseCommand and passphraseCredential",
				});
			if (sources.length === 0 && !open)
				faults.push({
					path,
					message: `the repository needs a passphrase`,
					hint: `add passphraseFile: /path, or passphraseCommand: [program, argument]${options.type === "borgbackup" ? ", or encryption: none" : ""}`,
				});
		}
	}
	return faults;
}

/** A backup inside what it backs up grows without end, and a restore would swap it away. */
function destinationFaults(name: string, machine: MachineInput): Fault[] {
	const folders = Object.entries(machine.state ?? {}).flatMap(([state, { folders }]) =>
		(folders ?? []).map((folder) => ({ state, folder })),
	);
	return localDestinations(machine).flatMap(({ path, place }) =>
		folders
			.filter(({ folder }) => overlap(folder, place.replace(/(?<=.)\/+$/, "")))
			.map(({ state, folder }) => ({
				path: ["machines", name, "providers", ...path],
				message: `"${place}" overlaps "${folder}" of state "${state}"`,
				hint: "keep archives outside the folders that they are made of, best on another disk",
			})),
	);
}

function localDestinations(machine: MachineInput): { path: string[]; place: string }[] {
	return Object.entries(machine.providers ?? {}).flatMap(([provider, options]) => {
		if (options.type === "command") return [];
		return Object.entries(options.destinations).flatMap(([destination, it]) => {
			const [key, place] =
				"path" in it
					? ["path", it.path]
					: "directory" in it
						? ["directory", it.directory]
						: ["repo", it.repo];
			return place.startsWith("/") ? [{ path: [provider, "destinations", destination, key], place }] : [];
		});
	});
}
