// Faults that the schema cannot detect: overlapping folders, unknown names, states that depend on each other in a circle.
import {
	databaseOf,
	definitionOf,
	dumpFile,
	dumpLabel,
	isFileDump,
	isServerDump,
	wayBackOf,
} from "../databases/dump.ts";
import { ALL } from "../databases/fields.ts";
import { addressIn, destinationsIn, engineOf, faultsInProvider } from "../engines/list.ts";
import { excludeFault } from "../manifest/exclude.ts";
import type { Fault } from "../manifest/faults.ts";
import type { Manifest } from "../manifest/schema.ts";
import { nearest } from "../values/nearest.ts";
import { above } from "../values/paths.ts";
import { ownValue } from "../values/record.ts";
import { MAX_FAULTS } from "./limits.ts";
import { promiseFaults } from "./promises.ts";

/** The valid part of a machine: states and providers that do not match the schema are left out. */
export interface Sound {
	readonly state: Manifest["state"];
	readonly providers: Manifest["providers"];
	/** Including those that are left out. */
	readonly stateNames: readonly string[];
	readonly stateless?: boolean;
}

/** Faults in the combination of fields. Paths are relative to the machine. */
export function meaningFaults(machine: Sound): Fault[] {
	return [
		...statelessFaults(machine),
		...overlapFaults(machine),
		...orderFaults(machine),
		...emptyFaults(machine),
		...patternFaults(machine),
		...providerFaults(machine),
		...optionFaults(machine),
		...destinationFaults(machine),
		...dumpFaults(machine),
		...stoppedServerFaults(machine),
		...promiseFaults(machine),
	];
}

function statelessFaults({ stateless = false, stateNames: [name] }: Sound): Fault[] {
	if (!stateless || name === undefined) return [];
	const message = `the machine has a state, "${name}"`;
	return [{ path: ["stateless"], message, hint: "remove `stateless`, or its states" }];
}

interface OwnedFolder {
	readonly state: string;
	readonly folder: string;
	readonly index: number;
}

function overlapFaults(machine: Sound): Fault[] {
	const faults: Fault[] = [];
	const fault = ({ state, folder, index }: OwnedFolder, why: string) => {
		faults.push({
			path: ["state", state, "folders", index],
			message: `"${folder}" ${why}`,
			hint: "restoring one would change the other; declare each folder in one state only",
		});
	};
	const owners = new Map<string, string>();
	for (const [state, { folders }] of Object.entries(machine.state)) {
		const own = new Map<string, OwnedFolder>();
		for (const [index, folder] of folders.entries()) {
			const one = { state, folder, index };
			const owner = owners.get(folder);
			// A state's folder may be inside another state's folder: it is then excluded from the other state.
			if (owner !== undefined && owner !== state) fault(one, `already belongs to state "${owner}"`);
			else if (own.has(folder)) fault(one, `and "${folder}" overlap`);
			else own.set(folder, one);
			owners.set(folder, owner ?? state);
		}
		for (const inner of own.values())
			for (const outer of above(inner.folder)) {
				const other = own.get(outer);
				if (!other) continue;
				// The fault is reported at the one that is written later.
				if (other.index > inner.index) fault(other, `and "${inner.folder}" overlap`);
				else fault(inner, `and "${outer}" overlap`);
			}
	}
	return faults;
}

function orderFaults(machine: Sound): Fault[] {
	const { state: states, stateNames } = machine;
	const known = new Set(stateNames);
	const faults: Fault[] = [];
	for (const [state, { after }] of Object.entries(states)) {
		for (const [index, before] of after.entries()) {
			if (known.has(before)) continue;
			// Finding the probable name is slow, and nobody reads that many faults.
			const meant = faults.length < MAX_FAULTS ? nearest(before, stateNames) : undefined;
			faults.push({
				path: ["state", state, "after", index],
				message: `state "${before}" does not exist`,
				...(meant ? { hint: `did you mean "${meant}"?` } : {}),
			});
		}
	}
	const cycle = faults.length === 0 ? findCycle(states) : undefined;
	if (cycle)
		faults.push({
			path: ["state", cycle[0] ?? "", "after"],
			message: `these states are after each other in a cycle: ${inWords(cycle)}`,
		});
	return faults;
}

/** The states of a circle, with the first repeated at the end and the middle of a long one omitted. */
function inWords(cycle: readonly string[]): string {
	const shown = 8;
	if (cycle.length <= shown + 2) return cycle.join(" → ");
	return [...cycle.slice(0, shown), `(${cycle.length - shown - 1} more)`, cycle.at(-1)].join(" → ");
}

/** Depth first, without recursion: a chain may contain all states. */
function findCycle(states: Manifest["state"]): string[] | undefined {
	const finished = new Set<string>();
	for (const start of Object.keys(states)) {
		const trail = new Set<string>();
		const open: { readonly state: string; next: number }[] = [];
		const enter = (state: string) => {
			trail.add(state);
			open.push({ state, next: 0 });
		};
		if (!finished.has(start)) enter(start);
		for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
			const before = ownValue(states, top.state)?.after[top.next++];
			if (before === undefined) {
				finished.add(top.state);
				trail.delete(top.state);
				open.pop();
			} else if (trail.has(before)) {
				const names = [...trail];
				return [...names.slice(names.indexOf(before)), before];
			} else if (!finished.has(before)) enter(before);
		}
	}
	return undefined;
}

function emptyFaults(machine: Sound): Fault[] {
	return Object.entries(machine.state)
		.filter(([, state]) => state.folders.length === 0 && state.dumps.length === 0)
		.map(([state]) => ({
			path: ["state", state],
			message: `state "${state}" has no folders and no databases, so there is nothing to back up`,
			hint: "add: folders: [/path/of/its/data]",
		}));
}

function patternFaults(machine: Sound): Fault[] {
	return Object.entries(machine.state).flatMap(([state, { folders, exclude, dumps }]) =>
		exclude.flatMap((pattern, index) => {
			const fault = excludeFault(pattern, folders, dumps);
			return fault === undefined ? [] : [{ path: ["state", state, "exclude", index], ...fault }];
		}),
	);
}

/** A database belongs to one state, and a database file must be in a folder of its state. */
function dumpFaults(machine: Sound): Fault[] {
	const owners = new Map<string, string>();
	return Object.entries(machine.state).flatMap(([state, { dumps, folders }]) => {
		const own = new Set(folders);
		return dumps.flatMap((dump, index): Fault[] => {
			const path = ["state", state, "dumps", index];
			const owner = owners.get(dumpFile(dump));
			owners.set(dumpFile(dump), owner ?? state);
			const file = databaseOf(dump);
			const isOutside = isFileDump(dump) && !above(file).some((folder) => own.has(folder));
			return [
				...(owner === undefined
					? []
					: [
							{
								path,
								message: `the ${dumpLabel(dump)} already belongs to state "${owner}"`,
								hint: "restoring one would change the other; declare each database in one state only",
							},
						]),
				...(isOutside
					? [
							{
								path,
								message: `${file} is not in a folder of state "${state}"`,
								hint: `add the folder that contains it: folders: [${file.slice(0, file.lastIndexOf("/")) || "/"}]`,
							},
						]
					: []),
				...(wayBackOf(dump) === "folders" && folders.length === 0
					? [
							{
								path,
								message: `the ${dumpLabel(dump)} has wayBack: folders, but state "${state}" has no folders`,
								hint: "name the folder that load writes to, or leave out wayBack",
							},
						]
					: []),
				...(isServerDump(dump) && dump.except !== undefined && file !== ALL
					? [{ path, message: `"except" can only be used with "${ALL}", but this names a single database` }]
					: []),
			];
		});
	});
}

/** Units in `stopOnBackup` are down while the archive is written, and dumps may be made during that time. */
function stoppedServerFaults(machine: Sound): Fault[] {
	const states = Object.entries(machine.state);
	const asked = new Set(states.flatMap(([, { dumps }]) => dumps.map(definitionOf)));
	const servers = [...asked].flatMap(({ units }) => units ?? []);
	return states.flatMap(([state, { stopOnBackup }]) =>
		stopOnBackup.flatMap((unit, index) => {
			const stopped = unit.unit.replace(/\.service$/, "");
			return servers.some(({ pattern }) => pattern.test(stopped))
				? [
						{
							path: ["state", state, "stopOnBackup", index],
							message: `"${stopped}" would be down while its databases are dumped`,
							hint: "dumps are taken from a running server: remove it from stopOnBackup",
						},
					]
				: [];
		}),
	);
}

function providerFaults({ providers }: Sound): Fault[] {
	return Object.entries(providers).flatMap(([provider, options]) =>
		faultsInProvider(options).map(({ path, ...fault }) => ({
			path: ["providers", provider, ...path],
			...fault,
		})),
	);
}

/** The faults that an engine finds in its destinations. */
function optionFaults(machine: Sound): Fault[] {
	return eachDestination(machine).flatMap(({ engine, path, destination }) =>
		(engine.faultsIn?.(destination) ?? []).map((fault) => ({
			path: ["providers", ...path],
			...fault,
		})),
	);
}

/** A backup inside a folder that it backs up grows without limit, and a restore would swap it away. */
function destinationFaults(machine: Sound): Fault[] {
	const owners = new Map<string, string>();
	/** By folder. */
	const below = new Map<string, string>();
	for (const [state, { folders }] of Object.entries(machine.state))
		for (const folder of folders) {
			owners.set(folder, state);
			for (const outer of above(folder)) below.set(outer, folder);
		}
	return localDestinations(machine).flatMap(({ path, place }) => {
		const at = place.replace(/(?<=.)\/+$/, "");
		const folder = [at, ...above(at)].find((one) => owners.has(one)) ?? below.get(at);
		if (folder === undefined) return [];
		return [
			{
				path: ["providers", ...path],
				message: `"${place}" overlaps "${folder}" of state "${owners.get(folder)}"`,
				hint: "keep archives outside the folders that are backed up, preferably on another disk",
			},
		];
	});
}

function localDestinations(machine: Sound): { path: string[]; place: string }[] {
	return eachDestination(machine).flatMap(({ engine, path, destination }) => {
		const place = addressIn(engine, destination);
		if (engine.address === undefined || !place?.startsWith("/")) return [];
		return [{ path: [...path, engine.address], place }];
	});
}

/** `path`: from the machine's providers. */
function eachDestination({ providers }: Sound) {
	return Object.entries(providers).flatMap(([provider, options]) =>
		Object.entries(destinationsIn(options)).map(([name, destination]) => ({
			engine: engineOf(options),
			path: [provider, "destinations", name],
			destination,
		})),
	);
}
