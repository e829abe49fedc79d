// Every line that our pages tell people to type is run by a test, or stands in the list of what is not, with the reason.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { blocksOf, linesOf, NOT_RUN, PAGES, PROJECT, typedIn } from "./page.ts";

/** The tests that run all lines of a page. */
const FOLLOWED: Readonly<Record<string, string | readonly string[]>> = {
	"README.md": "docs/followed.test.ts",
	"docs/how-to/atomic.md": "docs/followed.test.ts",
	"docs/how-to/backup-server.md": "story/story.test.ts",
	"docs/how-to/bare-machine.md": "story/story.test.ts",
	"docs/how-to/fleet.md": "docs/fleet.long.ts",
	"docs/how-to/restore.md": "docs/followed.test.ts",
	"docs/how-to/timers.md": "docs/followed.test.ts",
	"docs/how-to/troubleshooting.md": "docs/followed.test.ts",
	"docs/how-to/upkeep.md": "docs/followed.test.ts",
	"docs/reference/archives.md": "docs/readme.test.ts",
	"docs/tutorial.md": ["docs/tutorial.test.ts", "docs/followed.test.ts"],
};

/** The tests that run a single line. */
const TAKEN: Readonly<Record<string, string>> = {
	"ln -s /opt/holdfast/bin/holdfast /usr/local/bin/holdfast": "docs/followed.test.ts",
	"npm install --global ./holdfast-0.1.0.tgz": "cli/package.test.ts",
	"holdfast restore --as notes=notes_test latest": "databases/new-names.test.ts",
	"holdfast restore --as notes=test:notes latest": "databases/new-names.test.ts",
	"holdfast import nix .#web01 > holdfast.yaml": "nix/flakes.test.ts",
	"holdfast import clan web01.json": "nix/flakes.test.ts",
};

const textOfTest = (name: string) => readFileSync(join(PROJECT, "test", name), "utf8");

for (const page of PAGES.filter((one) => linesOf(one).length > 0))
	test(`each line of ${page} is run by a test`, () => {
		const whole = [FOLLOWED[page] ?? []].flat();
		for (const name of whole) {
			const text = textOfTest(name);
			const [, constant = ""] = new RegExp(`const (\\w+) = "${page}"`).exec(text) ?? [];
			assert.ok(
				text.includes(`follow("${page}"`) || (constant && text.includes(`follow(${constant},`)),
				name,
			);
		}
		if (whole.length > 0) return;
		for (const { line } of linesOf(page)) {
			const test = TAKEN[line];
			assert.ok(test !== undefined, `${line}: run it in a test, or say in page.ts why it cannot be`);
			assert.match(textOfTest(test), new RegExp(`lines?Of\\("${page}"`), test);
		}
	});

test("each line that is not run, or is run alone, is on a page", () => {
	const all = PAGES.flatMap((page) => blocksOf(page).flatMap((block) => typedIn(block)));
	for (const [like, why] of NOT_RUN)
		assert.ok(
			all.some(({ line }) => like.test(line)),
			`${like} (${why})`,
		);
	for (const line of Object.keys(TAKEN))
		assert.ok(
			all.some((one) => one.line === line),
			line,
		);
});
