// What is said to words that name no command.
import { HoldfastError } from "../values/error.ts";
import { isNear, isShortened, nearest } from "../values/nearest.ts";

/** What people type who know another program. None of these changes live data. */
const USUAL: Readonly<Partial<Record<string, string>>> = {
	backup: "create",
	snapshot: "create",
	ls: "list",
	snapshots: "list",
	extract: "archives extract",
	mount: "archives mount",
	verify: "check",
	version: "--version",
	"-V": "--version",
	"-?": "--help",
};

/** What can be typed in place of a command. */
const OTHERS = ["help"];
const FLAGS = ["--help", "--version"];

/** `group`: the words before it. `names`: of the commands there. `asksForHelp`: so that no option can belong to a command. */
export function unknownCommand(
	word: string,
	{
		group,
		names,
		asksForHelp,
	}: {
		readonly group: readonly string[];
		readonly names: readonly string[];
		readonly asksForHelp: boolean;
	},
): HoldfastError {
	const isFirst = group.length === 0;
	const typed = [...group, word].join(" ");
	const usual = isFirst ? USUAL[word] : undefined;
	const hint = `see all commands with: ${["holdfast", ...group, "--help"].join(" ")}`;
	if (word.startsWith("-")) {
		const meant = usual ?? nearest(word, FLAGS);
		return meant === undefined && asksForHelp
			? new HoldfastError("usage", `unknown option ${word}`, { hint })
			: new HoldfastError("usage", `a command must come before ${word}`, {
					hint: meant === undefined ? hint : `did you mean: ${["holdfast", ...group, meant].join(" ")}`,
				});
	}
	const known = isFirst ? [...names, ...OTHERS] : names;
	const near = usual === undefined ? likeIt(word, known) : [usual];
	const proposed = near.map((name) => `"${[...group, name].join(" ")}"`).join(" or ");
	return new HoldfastError(
		"usage",
		`unknown command "${typed}"${proposed === "" ? "" : `; did you mean ${proposed}?`}`,
		{ hint },
	);
}

/** Those that are spelled much like it, or else the one that begins so. */
function likeIt(word: string, known: readonly string[]): readonly string[] {
	const alike = known.filter((one) => isNear(word, one));
	return alike.length > 0 ? alike : known.filter((one) => isShortened(word, one, known));
}
