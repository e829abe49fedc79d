// A store that commands of the config dump and load: here a file, so that a test can see and break everything.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { EVERY_ENGINE } from "../support/every-engine.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("command");
export const OLD = "old content\n".repeat(20_000);
export const NEWER = "newer content\n";

/** `declared` gets the paths of the store and of a folder of its state. */
export async function stored(
	declared: (store: string, place: Place) => object,
	{ state = {}, engine = "tar" }: { state?: object; engine?: string } = {},
) {
	const place = new Place(folder);
	mkdirSync(place.path("store"));
	const store = place.path("store/content");
	const declare = (dump: object, more: object = state) =>
		place.declare({
			state: {
				app: { folders: [place.path("own")], dumps: [{ name: "box", ...dump }], settle: 0, ...more },
				other: { folders: [place.path("other")] },
			},
			providers: { [engine]: EVERY_ENGINE[engine]?.(place) ?? {} },
		});
	const fill = (text: string) => {
		for (const name of ["own", "other"]) place.write(`${name}/file`, text);
		writeFileSync(store, text);
	};
	const holdfast = async (expected: number, ...words: string[]) => {
		const { code, stdout, stderr } = await place.holdfast(...words);
		assert.equal(code, expected, `holdfast ${words.join(" ")}\n${stdout}${stderr}`);
		return stdout + stderr;
	};
	const is = (content: string) =>
		assert.deepEqual(
			[readFileSync(store, "utf8") === content, readFileSync(place.path("own/file"), "utf8") === content],
			[true, true],
		);
	/** Nothing of a dump is left in our folders. */
	const tidy = () => {
		for (const own of ["dumps", "spool"]) {
			const at = place.path("state", own);
			if (existsSync(at)) assert.deepEqual(readdirSync(at), []);
		}
	};
	declare(declared(store, place));
	fill(OLD);
	return { place, store, declare, fill, holdfast, is, tidy };
}

export const plain = (store: string) => ({ command: ["cat", store], load: `cat >"${store}"` });
export const RESTORE = ["restore", "--yes", "--service", "app"];
