// Exclusions as tar patterns (tar's manual, "Controlling Pattern-Matching"). tar has no `**`. A `*` that may match slashes can
// replace it, but only if no other `*` in the same pattern would then match too much.
import type { Exclusion, Part } from "../../values/exclusion.ts";
import type { Root } from "../destination.ts";
import { allExpansions, glob, literally } from "../exclude.ts";

/** `deepest` returns how many levels deep the root is; called only if that matters. */
export async function tarExcludes(
	{ path, exclude }: Root,
	deepest: () => Promise<number>,
): Promise<readonly string[]> {
	const print = (parts: readonly string[]) => `--exclude=${literally(path.slice(1))}/${parts.join("/")}`;
	const plain = exclude.filter((one) => !one.includes("**"));
	const far = exclude.filter((one) => one.includes("**"));
	const loose = far.filter(isLoose);
	const strict = far.filter((one) => !isLoose(one));
	const depth = strict.length === 0 ? 0 : await deepest();
	return [
		"--anchored",
		"--wildcards",
		"--no-wildcards-match-slash",
		...[...plain, ...strict.flatMap((one) => writtenOut(one, depth))].map((one) => print(namesOf(one))),
		"--wildcards-match-slash",
		...loose.flatMap(allExpansions).map((one) => print(namesOf(one))),
		"--no-wildcards",
	];
}

const namesOf = (exclusion: Exclusion) => exclusion.map((part) => (part === "**" ? "*" : glob(part)));

/**
 * Whether all its `*` may match slashes: at the start of a name after `**`, at the end of one before `**`, or at the very end,
 * since everything below is excluded too.
 */
function isLoose(exclusion: Exclusion): boolean {
	return exclusion.every((part, index) => {
		if (part === "**") return true;
		const [before, last] = [exclusion[index - 1] === "**", index === exclusion.length - 1];
		const after = last || exclusion[index + 1] === "**";
		return part.every(
			(token, at) =>
				typeof token === "string" ||
				!("any" in token) ||
				(at === 0 && before) ||
				(at === part.length - 1 && after),
		);
	});
}

/** One pattern for every number of folders. */
function writtenOut(exclusion: Exclusion, deepest: number): Exclusion[] {
	const at = exclusion.indexOf("**");
	if (at < 0) return [exclusion];
	const rest = writtenOut(exclusion.slice(at + 1), deepest);
	const anyFolder: Part = [{ any: true }];
	return Array.from({ length: deepest + 1 }, (_, depth) => depth).flatMap((depth) =>
		rest.map((after) => [...exclusion.slice(0, at), ...Array<Part>(depth).fill(anyFolder), ...after]),
	);
}
