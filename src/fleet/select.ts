// Which machines a command is for: by name, by tag, or all.

import { destinationsIn } from "../engines/list.ts";
import { LOCAL_HOSTS } from "../manifest/machine.ts";
import type { Manifest } from "../manifest/schema.ts";
import { HoldfastError } from "../values/error.ts";
import { nearest } from "../values/nearest.ts";

export interface Selection {
	readonly names: readonly string[];
	readonly tags: readonly string[];
	readonly all: boolean;
	/** The command can work on several machines. */
	readonly several?: boolean;
	/** Without a name, a machine of which nothing has to be backed up may be meant as well as another. */
	readonly countsStateless?: boolean;
	/** The flags of the command, for hints; it has any if they are not given. */
	readonly flags?: readonly string[] | undefined;
}

/** The parts of a config that machines are chosen by. */
export interface Machines {
	readonly file: string;
	readonly names: readonly string[];
	tagsOf(name: string): Promise<readonly string[]>;
	isStateless(name: string): Promise<boolean>;
	/** The providers and destinations of a machine by name, as the file has them: without what is derived. */
	placesWritten(name: string): readonly string[];
	/** Of those named, or of all. */
	resolve(names?: readonly string[]): Promise<ReadonlyMap<string, Manifest>>;
}

/**
 * Machines in the config's order, each once; others are not resolved. If nothing is chosen: the only machine of which
 * something has to be backed up, or an error that lists them.
 */
export async function select(config: Machines, selection: Selection): Promise<Manifest[]> {
	const { names: known, file } = config;
	const { names, tags, all, several = true, countsStateless = false } = selection;
	if (known.length === 0)
		throw new HoldfastError("machine-not-found", `${file} has no machine`, {
			subject: file,
			hint: "add one: machines: { web01: { state: … } }",
		});
	if (all && (names.length > 0 || tags.length > 0))
		throw new HoldfastError("usage", "--all cannot be combined with machine names or --tag");
	if (all) return [...(await config.resolve()).values()];
	if (names.length === 0 && tags.length === 0) {
		const [only, ...others] = countsStateless ? known : await withStates(config);
		if (only !== undefined && others.length === 0) return [...(await config.resolve([only])).values()];
		throw new HoldfastError("machine-ambiguous", "which machine?", {
			hint: `the machines are: ${known.join(", ")}${several ? "; or use --all or --tag TAG" : ""}`,
		});
	}
	const unknown = names.find((name) => !known.includes(name));
	if (unknown !== undefined)
		throw new HoldfastError("machine-not-found", `there is no machine "${unknown}" in ${file}`, {
			subject: unknown,
			hint: await whatWasMeant(unknown, config, selection.flags),
		});
	const chosen = new Set([...names, ...(tags.length === 0 ? [] : await tagged(tags, config))]);
	return [...(await config.resolve(known.filter((name) => chosen.has(name)))).values()];
}

/** The names of machines of which something has to be backed up; of all, if there is none. */
export async function withStates({ names, isStateless }: Pick<Machines, "names" | "isStateless">) {
	const stateless = new Set<string>();
	if (names.length > 1) for (const name of names) if (await isStateless(name)) stateless.add(name);
	return stateless.size === names.length ? names : names.filter((name) => !stateless.has(name));
}

/** The names of machines with one of the tags. Every tag must belong to some machine. */
async function tagged(tags: readonly string[], { file, names, tagsOf }: Machines): Promise<string[]> {
	const tagsByName = new Map<string, readonly string[]>();
	for (const name of names) tagsByName.set(name, await tagsOf(name));
	const known = [...new Set([...tagsByName.values()].flat())];
	for (const tag of tags.filter((one) => !known.includes(one))) {
		const meant = nearest(tag, known);
		throw new HoldfastError("machine-not-found", `no machine in ${file} has the tag "${tag}"`, {
			subject: tag,
			hint: meant
				? `did you mean "${meant}"?`
				: known.length > 0
					? `the tags are: ${known.join(", ")}`
					: "add it to a machine: machines: { web01: { tags: [web] } }",
		});
	}
	return names.filter((name) => tagsByName.get(name)?.some((tag) => tags.includes(tag)));
}

/** For a name that is not a machine's: it may be a provider's, a destination's or a state's, if the machines can be resolved. */
async function whatWasMeant(
	name: string,
	{ names, resolve }: Machines,
	flags: readonly string[] = ["provider", "service"],
): Promise<string> {
	const every = [...(await resolve().catch(() => new Map<string, Manifest>())).values()];
	for (const { machine, providers, state } of every) {
		const how = (flag: string, value: string) =>
			flags.includes(flag) ? `name it with --${flag} ${value}` : "here, only a machine can be named";
		if (Object.hasOwn(providers, name)) return `"${name}" is a provider: ${how("provider", name)}`;
		const [owner] =
			Object.entries(providers).find(([, one]) => Object.hasOwn(destinationsIn(one), name)) ?? [];
		if (owner !== undefined)
			return `"${name}" is a destination of provider "${owner}": ${how("provider", owner)}`;
		if (Object.hasOwn(state, name)) return `"${name}" is a state of ${machine}: ${how("service", name)}`;
	}
	const meant = nearest(name, names);
	return meant ? `did you mean "${meant}"?` : `the machines are: ${names.join(", ")}`;
}

/** Whether a machine is this one and needs no SSH. */
export function isHere({ host }: Manifest): boolean {
	return host === undefined || LOCAL_HOSTS.includes(host);
}
