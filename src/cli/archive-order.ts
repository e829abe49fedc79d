// Words that name an archive in another order than the grammar's, or with a state among them: the line that was meant.
import { destinationIn } from "../engines/archive-name.ts";
import type { Manifest } from "../manifest/schema.ts";
import { nearest } from "../values/nearest.ts";
import { shellLine } from "../values/shell.ts";
import { type CommandLine, isPlace, placesIn } from "./archive-place.ts";

export const isSurelyArchive = (word: string) => word === "latest" || destinationIn(word) !== undefined;

/** For a shell. `head`: the words that should name the archive. Undefined if one of them is nothing known. */
export function lineMeant(
	manifest: Manifest,
	head: readonly string[],
	{ words, takesService }: CommandLine,
): string | undefined {
	const positions = head.map((word) => words.lastIndexOf(word));
	const first = Math.min(...positions);
	const parts = head.map((word) => partOf(manifest, word, takesService));
	const among = (kind: Part["kind"]) => parts.flatMap((one) => (one?.kind === kind ? one.words : []));
	const meant = (["state", "machine", "place", "archive"] as const).map(among);
	const [, ...single] = meant;
	if (first < 0 || parts.includes(undefined) || single.some(({ length }) => length > 1)) return undefined;
	if (among("archive").length === 0) return undefined;
	const rest = words.filter((_, at) => at > first && !positions.includes(at));
	return shellLine(["holdfast", ...words.slice(0, first), ...meant.flat(), ...rest]);
}

interface Part {
	readonly kind: "state" | "machine" | "place" | "archive";
	readonly words: readonly string[];
}

function partOf(manifest: Manifest, word: string, takesService: boolean): Part | undefined {
	if (isSurelyArchive(word)) return { kind: "archive", words: [word] };
	if (word === manifest.machine) return { kind: "machine", words: [word] };
	if (isPlace(manifest, word)) return { kind: "place", words: [word] };
	const states = Object.keys(manifest.state);
	const isSlip = !states.includes(word) && nearest(word, placesIn(manifest)) === undefined;
	const state = isSlip && takesService ? nearest(word, states) : states.find((one) => one === word);
	if (state === undefined) return undefined;
	return { kind: "state", words: takesService ? ["--service", state] : [] };
}
