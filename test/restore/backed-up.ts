// The starting point of the tests of restores: a place with states, backed up once.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { factsOf } from "../support/tree.ts";

const folder = scratch("restore");

/**
 * A place whose states are in `own/`, backed up once; with the content of `own/` at that time, and after a change.
 */
export async function backedUp(
	state: (place: Place) => Record<string, object>,
	fill: (place: Place) => void,
	providers: Readonly<Record<string, (place: Place) => object>> = {},
) {
	const place = new Place(folder);
	fill(place);
	const chosen = Object.entries(providers).map(([name, settings]) => [name, settings(place)]);
	place.declare({
		state: state(place),
		...(chosen.length > 0 ? { providers: Object.fromEntries(chosen) } : {}),
	});
	await succeeds(place, "create");
	return { place, own: () => factsOf(place.path("own")), areas: () => areasIn(place.path("own")) };
}

export async function succeeds(place: Place, ...words: string[]) {
	const output = await place.holdfast(...words);
	assert.equal(output.code, 0, `holdfast ${words.join(" ")}\n${output.stdout}${output.stderr}`);
	return output;
}

function areasIn(own: string): string[] {
	return readdirSync(own, { recursive: true, encoding: "utf8" }).filter((name) =>
		name.includes(".holdfast-"),
	);
}

export const twoFolders = (place: Place) => {
	for (const name of ["a", "b"]) place.write(`own/${name}/file`, `old ${name}`);
};
