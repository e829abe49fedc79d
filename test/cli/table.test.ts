// Tables line up on a terminal, whatever they hold.
import assert from "node:assert/strict";
import { test } from "node:test";
import { table } from "../../src/report/text/table.ts";

test("columns line up after wide characters, accents and emoji", () => {
	assert.deepEqual(
		table([
			["STATE", "FOLDER"],
			["notes", "/srv/notes"],
			["日本", "/srv/wide"],
			["e\u0301te\u0301", "/srv/accents"],
			["🦀", "/srv/emoji"],
		]),
		[
			"STATE  FOLDER",
			"notes  /srv/notes",
			"日本   /srv/wide",
			"e\u0301te\u0301    /srv/accents",
			"🦀     /srv/emoji",
		],
	);
});
