// Options of a tag go under those of the machines that have it: maps merge, lists add up, the machine has the last word.
import { type Conflict, merge } from "../modules/merge.ts";
import type { Fault } from "./faults.ts";
import type { Config } from "./schema.ts";

type Machines = Config["machines"];

export function withTags({ machines, tags = {} }: Config): { machines: Machines; faults: Fault[] } {
	const faults: Fault[] = [];
	const merged = Object.entries(machines).map(([name, machine]) => {
		const known = (machine.tags ?? []).filter((tag) => Object.hasOwn(tags, tag));
		if (known.length === 0) return [name, machine] as const;
		const conflicts: Conflict[] = [];
		const value = merge(
			[
				{ value: machine, by: `machine "${name}"` },
				...known.map((tag) => ({ value: tags[tag], by: `tag "${tag}"`, isDefault: true })),
			],
			conflicts,
		) as Machines[string];
		// What two tags say differently counts only where the machine is silent.
		faults.push(
			...conflicts.map(({ path, message }) => ({
				path: ["machines", name, ...path],
				message,
				hint: `say it in machine "${name}" itself`,
			})),
		);
		return [name, { ...value, tags: machine.tags }] as const;
	});
	return { machines: Object.fromEntries(merged), faults };
}
