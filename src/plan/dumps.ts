// The dumps of a state's databases before a backup.
import { join } from "node:path";
import { type Dump, dumpFile, dumpLabel } from "../databases/dump.ts";
import type { State } from "../manifest/schema.ts";
import { discard } from "../steps/discard.ts";
import { type DumpStep, dump as dumpKind } from "../steps/dump.ts";
import type { Step } from "../steps/plan.ts";
import { stateScope } from "../steps/scope.ts";

export function dumpSteps(
	name: string,
	dumps: readonly Dump[],
	spool: string,
	streamed: boolean,
): DumpStep[] {
	return dumps.map((dump, index) =>
		dumpKind.step({
			id: dumpKind.id(name, index),
			scope: stateScope(name),
			title: streamed
				? `inspect the ${dumpLabel(dump)}, to be dumped while the archive is written`
				: `dump the ${dumpLabel(dump)}`,
			touches: [],
			dump,
			file: join(spool, name, dumpFile(dump)),
			streamed,
			sideBySide: true,
		}),
	);
}

export function forgetDumps(name: string, { dumps }: State, spool: string): Step[] {
	if (dumps.length === 0) return [];
	return [
		discard.step({
			id: discard.id("forget", name),
			scope: stateScope(name),
			title: `delete the dumps of ${name}`,
			touches: [],
			// Also if the state was left out: the dumps hold data that nobody else may read.
			whenBegan: dumpKind.id(name, 0),
			areas: [join(spool, name)],
		}),
	];
}
