// How much of an archive's metadata one state may take up. The size is limited and shared by all states: data whose length
// depends on a service (facts of its database, a quoted error, the number of its databases) must affect that state alone.
import type { DumpFacts } from "../../databases/database.ts";
import type { StateRecord } from "../../engines/archive.ts";

/** Bytes of one dump's facts; the rest is stored in the file next to the dump. */
const MAX_FACTS = 2048;
/** Bytes of a reason. */
const MAX_REASON = 600;

/** Bytes in the engine that needs the most: borg requires doubled braces. */
export function weightOf(value: unknown): number {
	return Buffer.byteLength((JSON.stringify(value) ?? "").replace(/[{}]/g, "$&$&"));
}

/** The facts, without the longest ones if they are too long; otherwise the same object. */
export function shortFacts(facts: DumpFacts): DumpFacts {
	if (weightOf(facts) <= MAX_FACTS) return facts;
	const short: Record<string, unknown> = {};
	let left = MAX_FACTS;
	const weighed = Object.entries(facts).map(([name, fact]) => ({
		name,
		fact,
		weight: weightOf({ [name]: fact }),
	}));
	for (const { name, fact, weight } of weighed.sort((a, b) => a.weight - b.weight)) {
		left -= weight;
		if (left < 0) break;
		short[name] = fact;
	}
	return { version: facts.version, ...short };
}

/** The part of a reason that the archive keeps. */
export function shortReason(reason: string): string {
	let most = Math.min(reason.length, MAX_REASON);
	while (weightOf(reason.slice(0, most)) > MAX_REASON) most = Math.floor(most / 2);
	return most === reason.length ? reason : `${reason.slice(0, most)}…`;
}

/** Of the good states, the one whose service-dependent metadata take up the most space. */
export function longest(states: Readonly<Record<string, StateRecord>>): string | undefined {
	const weighed = Object.entries(states).flatMap(([name, { outcome, dumps = [], stored = {} }]) =>
		outcome === "good" && (dumps.length > 0 || Object.keys(stored).length > 0)
			? [{ name, weight: weightOf(dumps) + weightOf(stored) }]
			: [],
	);
	return weighed.sort((a, b) => b.weight - a.weight)[0]?.name;
}
