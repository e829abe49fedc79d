// Turns a validated machine into its manifest.
import { type Dump, databaseOf, dumpFile, isOfAll, isServerDump, withDatabase } from "../databases/dump.ts";
import type { Manifest, State } from "../manifest/schema.ts";
import { recordOf } from "../values/record.ts";
import type { Machine } from "./schema.ts";

export function resolveMachine(name: string, machine: Machine): Manifest {
	return { version: 1, machine: name, ...machine, state: withoutOthers(machine.state) };
}

/** "All databases" excludes those that another state names. */
function withoutOthers(states: Readonly<Record<string, State>>): Record<string, State> {
	const named = Object.values(states)
		.flatMap(({ dumps }) => dumps)
		.filter(isServerDump)
		.filter((dump) => !isOfAll(dump));
	const leaveOut = (dump: Dump): Dump => {
		if (!isOfAll(dump)) return dump;
		const others = named.filter((one) => dumpFile(one) === dumpFile(withDatabase(dump, databaseOf(one))));
		return { ...dump, except: [...new Set([...(dump.except ?? []), ...others.map(databaseOf)])] };
	};
	return recordOf(
		Object.entries(states).map(
			([name, state]) => [name, { ...state, dumps: state.dumps.map(leaveOut) }] as const,
		),
	);
}
