// The dumps of a state's databases before a backup.
import { join } from "node:path";
import { type Dump, dumpFile, dumpLabel } from "../databases/dump.ts";
import type { State } from "../manifest/schema.ts";
import type { Step } from "../steps/plan.ts";
import type { DumpStep } from "../steps/step-database.ts";

export function dumpSteps(
	name: string,
	dumps: readonly Dump[],
	spool: string,
	streamed: boolean,
): DumpStep[] {
	return dumps.map((dump, index) => ({
		kind: "dump",
		id: `dump:${name}:${index}`,
		scope: `state:${name}`,
		title: streamed
			? `look at the ${dumpLabel(dump)}, which is dumped as the archive is written`
			: `dump the ${dumpLabel(dump)}`,
		touches: [],
		dump,
		file: join(spool, name, dumpFile(dump)),
		streamed,
		sideBySide: true,
	}));
}

export function forgetDumps(name: string, { dumps }: State, spool: string): Step[] {
	if (dumps.length === 0) return [];
	return [
		{
			kind: "discard",
			id: `forget:${name}`,
			scope: `state:${name}`,
			title: `delete the dumps of ${name}`,
			touches: [],
			// Also when the state was left out: they hold what nobody else should read.
			whenBegan: `dump:${name}:0`,
			areas: [join(spool, name)],
		},
	];
}
