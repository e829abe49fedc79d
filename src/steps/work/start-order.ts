// The order in which units are started again, according to what systemd reports about each.
import type { UnitFacts } from "../../host/unit-facts.ts";

/** Sockets before their services, and dependencies first; the state's own units in reverse order. */
export function levelsOf(
	own: readonly string[],
	concerned: readonly string[],
	facts: ReadonlyMap<string, UnitFacts>,
): Map<string, number> {
	const among = new Set(concerned);
	const before = new Map<string, Set<string>>();
	for (const name of concerned) {
		const one = facts.get(name);
		const earlier = [...(one?.after ?? []), ...(one?.triggeredBy ?? [])].flatMap(
			(other) => facts.get(other)?.unit ?? [],
		);
		before.set(name, new Set(earlier.filter((other) => other !== name && among.has(other))));
	}
	const reaches = (from: string, to: string, seen = new Set<string>()): boolean => {
		if (from === to) return true;
		if (seen.has(from)) return false;
		seen.add(from);
		return [...(before.get(from) ?? [])].some((next) => reaches(next, to, seen));
	};
	const mine = [...new Set(own.flatMap((name) => facts.get(name)?.unit ?? []))].reverse();
	for (const [index, name] of mine.entries()) {
		const previous = mine[index - 1];
		if (previous !== undefined && !reaches(previous, name)) before.get(name)?.add(previous);
	}
	const levels = new Map<string, number>();
	const level = (name: string, path: ReadonlySet<string>): number => {
		const known = levels.get(name);
		if (known !== undefined) return known;
		if (path.has(name)) return 0;
		const within = new Set([...path, name]);
		const value = Math.max(-1, ...[...(before.get(name) ?? [])].map((one) => level(one, within))) + 1;
		levels.set(name, value);
		return value;
	};
	for (const name of concerned) level(name, new Set());
	return levels;
}
