// Which machines a command is for: those named, those with a tag, or all.

import { LOCAL_HOSTS } from "../manifest/machine.ts";
import type { Manifest } from "../manifest/schema.ts";
import { HoldfastError } from "../values/error.ts";
import { nearest } from "../values/nearest.ts";

export interface Selection {
	readonly names: readonly string[];
	readonly tags: readonly string[];
	readonly all: boolean;
	/** The command is one that can work on several. */
	readonly several?: boolean;
}

/** Machines in the config's order, each once. With nothing chosen: the only one, or an error that lists them. */
export function select(
	machines: ReadonlyMap<string, Manifest>,
	{ names, tags, all, several = true }: Selection,
	file: string,
): Manifest[] {
	const every = [...machines.values()];
	const known = [...machines.keys()];
	if (every.length === 0)
		throw new HoldfastError("machine-not-found", `${file} has no machine`, {
			hint: "add one: machines: { web01: { state: … } }",
		});
	if (all && (names.length > 0 || tags.length > 0))
		throw new HoldfastError("usage", "--all cannot be combined with machine names or --tag");
	if (all) return every;
	if (names.length === 0 && tags.length === 0) {
		const [only, other] = every;
		if (only && !other) return [only];
		throw new HoldfastError("machine-ambiguous", "which machine?", {
			hint: `the machines are: ${known.join(", ")}${several ? "; or say --all, or --tag TAG" : ""}`,
		});
	}
	for (const name of names.filter((one) => !machines.has(one))) {
		const meant = nearest(name, known);
		const owner = every.find(({ state }) => Object.hasOwn(state, name));
		throw new HoldfastError("machine-not-found", `there is no machine "${name}" in ${file}`, {
			hint: every.some(({ providers }) => Object.hasOwn(providers, name))
				? `"${name}" is a provider: name it with --provider ${name}`
				: owner
					? `"${name}" is a state of ${owner.machine}: name it with --service ${name}`
					: meant
						? `did you mean "${meant}"?`
						: `the machines are: ${known.join(", ")}`,
		});
	}
	const knownTags = [...new Set(every.flatMap((one) => one.tags ?? []))];
	for (const tag of tags.filter((one) => !knownTags.includes(one))) {
		const meant = nearest(tag, knownTags);
		throw new HoldfastError("machine-not-found", `no machine in ${file} has the tag "${tag}"`, {
			hint: meant
				? `did you mean "${meant}"?`
				: knownTags.length > 0
					? `the tags are: ${knownTags.join(", ")}`
					: "give it to some: machines: { web01: { tags: [web] } }",
		});
	}
	const chosen = new Set(names);
	return every.filter((one) => chosen.has(one.machine) || (one.tags ?? []).some((tag) => tags.includes(tag)));
}

/** Whether a machine is this one, and needs no SSH. */
export function isHere({ host }: Manifest): boolean {
	return host === undefined || LOCAL_HOSTS.includes(host);
}
