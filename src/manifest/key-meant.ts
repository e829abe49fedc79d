// An unknown key that is another spelling of a known one, another program's word for it, or a key of another map.
import type { DataPath } from "../values/origin.ts";
import { isRecord, ownValue } from "../values/record.ts";
import { type Schema, unwrap } from "./schema-at.ts";

/** What other programs call it, spelled as `plain` returns it. */
const ELSEWHERE: Readonly<Record<string, string>> = {
	excludepatterns: "exclude",
	paths: "folders",
	repositories: "destinations",
	sourcedirectories: "folders",
};
/** borgmatic's and NixOS' maps of retention rules. */
const OF_RULES: ReadonlySet<string> = new Set(["keep", "prune"]);

/** `keep_within` and `keep-within` as `keepWithin`. */
const plain = (key: string) => key.replaceAll(/[-_]/g, "").toLowerCase();

/** The known key that is the same but for its spelling, or for the `keep` before a retention rule. */
export function sameWord(key: string, value: unknown, known: readonly string[]): string | undefined {
	const typed = plain(key);
	const word = (OF_RULES.has(typed) && isRecord(value) ? "retention" : ownValue(ELSEWHERE, typed)) ?? typed;
	return (
		known.find((one) => plain(one) === word) ??
		known.find((one) => `keep${plain(one)}` === word || plain(one) === `keep${word}`)
	);
}

/** The path of the only place where a map has this key, such as `providers.NAME.retention`. `at`: where it was found. */
export function homeOf(key: string, value: unknown, whole: Schema, at: DataPath): string | undefined {
	const [home, ...others] = [...new Set(placesIn(whole, [], (known) => sameWord(key, value, known)))];
	if (home === undefined || others.length > 0) return undefined;
	const steps = home.split(".");
	// The map here, or one around it.
	if (steps.length <= at.length + 1 && steps.every((step, index) => fits(step, at[index]))) return undefined;
	// What is typed already is named as it is called there.
	const apart = steps.findIndex((step, index) => index >= at.length || !fits(step, at[index]));
	return steps.map((step, index) => (index < apart ? String(at[index]) : step)).join(".");
}

const NAME = "NAME";
const fits = (step: string, part: string | number | undefined) =>
	part === undefined || step === NAME || step === String(part);

/** In maps and maps of maps; the items of lists have keys of their own that are not worth guessing. */
function placesIn(
	schema: Schema,
	above: readonly string[],
	keyIn: (known: readonly string[]) => string | undefined,
): string[] {
	const here = unwrap(schema);
	if (here.options !== undefined) return here.options.flatMap((one) => placesIn(one, above, keyIn));
	if (here.entries === undefined)
		return here.value === undefined ? [] : placesIn(here.value, [...above, NAME], keyIn);
	const found = keyIn(Object.keys(here.entries));
	return [
		...(found === undefined ? [] : [[...above, found].join(".")]),
		...Object.entries(here.entries).flatMap(([name, one]) => placesIn(one, [...above, name], keyIn)),
	];
}
