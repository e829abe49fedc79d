// What a deploy would change, in a few lines: files without a difference to read are counted by folder.

/** Files of a folder that are named one by one. */
const MAX_NAMED = 2;
/** Of a folder's path. */
const MAX_PARTS = 4;

interface Entry {
	/** `+ PATH`, `~ PATH` or `- PATH`; or anything else, such as a remark. */
	readonly line: string;
	/** Its difference. */
	readonly below: readonly string[];
}

/** `lines`: those of changes.ts. With fewer lines than that, the last one says how to see all. */
export function summaryOf(lines: readonly string[]): string[] {
	const entries = entriesIn(lines);
	const groups = Map.groupBy(entries, groupOf);
	const shown = [...groups].flatMap(([group, some]) =>
		group === "" || some.length <= MAX_NAMED
			? some.flatMap(({ line, below }) => [line, ...below])
			: [`${group}: ${some.length} files`],
	);
	return shown.length < lines.length ? [...shown, "  each file is named with --dry-run or --verbose"] : shown;
}

function entriesIn(lines: readonly string[]): Entry[] {
	const entries: { line: string; below: string[] }[] = [];
	for (const line of lines)
		if (line.startsWith(" ")) entries.at(-1)?.below.push(line);
		else entries.push({ line, below: [] });
	return entries;
}

/** The sign and the folder; empty for what is always shown. */
function groupOf({ line, below }: Entry): string {
	const [, sign, folder = ""] = /^([-+~]) (\/.*)\/[^/]*$/.exec(line) ?? [];
	if (sign === undefined || below.length > 0) return "";
	return `${sign} ${folder
		.split("/")
		.slice(0, MAX_PARTS + 1)
		.join("/")}`;
}
