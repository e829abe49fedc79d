// Options of a tag go under those of the machines that have it: maps merge, lists add up, the machine has the last word.
// Done to what is written, before a schema looks at it: machine and tag are whole only together.

import { type Conflict, merge } from "../modules/merge.ts";
import { isRecord } from "../values/record.ts";
import type { Fault } from "./faults.ts";
import type { DataPath } from "./source.ts";

export interface WithTags {
	/** The config without its `tags`. */
	readonly value: unknown;
	readonly faults: readonly Fault[];
	/** A fault in what a machine has from a tag is shown where the tag says it. */
	relocate(fault: Fault): Fault;
}

export function withTags(config: unknown): WithTags {
	if (!isRecord(config) || !("tags" in config))
		return { value: config, faults: [], relocate: (fault) => fault };
	const { tags, ...rest } = config;
	const machines = isRecord(rest.machines) ? rest.machines : {};
	if (!isRecord(tags) || !Object.values(tags).every(isRecord))
		return {
			value: rest,
			faults: [{ path: ["tags"], message: "expected a map of tags, each with options of machines" }],
			relocate: (fault) => fault,
		};
	const faults: Fault[] = [];
	const tagsOf = (machine: unknown) =>
		isRecord(machine) && Array.isArray(machine.tags)
			? machine.tags.map(String).filter((tag) => Object.hasOwn(tags, tag))
			: [];
	const merged = Object.entries(machines).map(([name, machine]) => {
		const own = tagsOf(machine);
		if (own.length === 0 || !isRecord(machine)) return [name, machine] as const;
		const conflicts: Conflict[] = [];
		const value = merge(
			[
				{ value: machine, by: `machine "${name}"` },
				...own.map((tag) => ({ value: tags[tag], by: `tag "${tag}"`, isDefault: true })),
			],
			conflicts,
		) as Record<string, unknown>;
		faults.push(
			...conflicts.map(({ path, message }) => ({
				path: ["machines", name, ...path],
				message,
				hint: `say it in machine "${name}" itself`,
			})),
		);
		return [name, { ...value, tags: machine.tags }] as const;
	});
	const relocate = (fault: Fault): Fault => {
		const [, name, ...path] = fault.path;
		if (fault.path[0] !== "machines" || isAt(config, fault.path)) return fault;
		const tag = tagsOf(machines[String(name)]).find((one) => isAt(tags, [one, ...path]));
		return tag === undefined ? fault : { ...fault, path: ["tags", tag, ...path] };
	};
	return { value: { ...rest, machines: Object.fromEntries(merged) }, faults, relocate };
}

/** Whether something is written at this path. */
function isAt(value: unknown, path: DataPath): boolean {
	let at = value;
	for (const key of path) {
		if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return false;
		at = (at as Record<string | number, unknown>)[key];
	}
	return true;
}
