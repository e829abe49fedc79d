// What a pattern would break in the state that it is written for.

import { type Dump, databaseOf, dumpLabel, isServerDump } from "../databases/dump.ts";
import { above } from "../values/paths.ts";
import { below, leavesNothing, leavesOut, patternFault } from "../values/patterns.ts";

export interface ExcludeFault {
	readonly message: string;
	readonly hint: string;
}

/** Undefined for what breaks nothing, and for what is no pattern at all. */
export function excludeFault(
	pattern: string,
	folders: readonly string[],
	dumps: readonly Dump[],
): ExcludeFault | undefined {
	if (patternFault(pattern) !== undefined) return undefined;
	// It would be a backup of nothing that says that all is well.
	const empty = folders.find((one) => below(one, pattern).some(leavesNothing));
	if (empty !== undefined)
		return {
			message: `"${pattern}" leaves nothing of the folder "${empty}"`,
			hint: "name what is in it and is to be left out, or take the folder out of the state's folders",
		};
	// A restore puts a database that is a file into its folder, which must be there.
	const homeless = dumps.find((dump) => {
		if (isServerDump(dump)) return false;
		const [home = "/"] = above(databaseOf(dump));
		const folder = folders.find((one) => home.startsWith(`${one}/`));
		return (
			folder !== undefined && leavesOut(below(folder, pattern), home.slice(folder.length + 1).split("/"))
		);
	});
	if (homeless === undefined) return undefined;
	return {
		message: `"${pattern}" leaves out the folder of the ${dumpLabel(homeless)}, and a restore would have no place for it`,
		hint: `leave out what else is in it, such as "${pattern.replace(/\/+$/, "")}/*": the live file is left out by itself`,
	};
}
