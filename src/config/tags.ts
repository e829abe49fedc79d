// Merges the options of a tag into the machines that have it: maps are merged, lists are concatenated, and the machine's own
// values take precedence. A tag or a machine alone may be incomplete.
import { type Conflict, merge } from "../modules/merge.ts";
import { overlaid } from "../values/origin.ts";
import { isRecord } from "../values/record.ts";
import { mergedSchema } from "./merged.ts";
import type { Pass, Written } from "./pass.ts";

export const withTags: Pass = async (machine, { name, tags, modules }) => {
	const own = (Array.isArray(machine.tags) ? machine.tags.map(String) : []).flatMap((tag) => {
		const value = Object.hasOwn(tags, tag) ? tags[tag] : undefined;
		return isRecord(value) ? [{ value: without(value, "tags"), by: `tag "${tag}"`, isDefault: true }] : [];
	});
	if (own.length === 0) return { machine };
	const shared = new Set(own.flatMap(({ value }) => Object.keys(value)));
	const machines = without(machine, ...Object.keys(machine).filter((key) => !shared.has(key)));
	const conflicts: Conflict[] = [];
	const schema = await mergedSchema([machines, ...own.map(({ value }) => value)], modules);
	const merged = merge([{ value: machines, by: `machine "${name}"` }, ...own], conflicts, schema) as Written;
	return {
		machine: overlaid(machine, merged),
		faults: conflicts.map((conflict) => ({ ...conflict, hint: `set it in machine "${name}" itself` })),
	};
};

function without(map: Written, ...keys: readonly string[]): Written {
	const rest: Record<string, unknown> = { ...map };
	for (const key of keys) delete rest[key];
	return rest;
}
