// Commands that do not work: what the program says, and that nothing is put aside for them.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { RESTORE, stored } from "./store-of-commands.ts";

describe("what a person reads of a command that does not work", () => {
	const cases = [
		[
			"writes nothing",
			"true",
			/the dump is empty\n +→ run the command by hand to find out why: it must write/,
		],
		[
			"says why it writes nothing",
			"echo no entry >&2",
			/the dump is empty\n +no entry\n +→ run the command by hand/,
		],
		[
			"is not there",
			["not-there", "--all"],
			/not-there: command not found\n +→ install the program .* whole path/,
		],
		["is of a script and not there", "not-there", /not-there: command not found\n +→ install the program/],
		[
			"runs as nobody that is known",
			{ script: "echo x", user: "not-there" },
			/could not dump the store box: the user "not-there" does not exist.*\n +→ create this user, or name another/,
		],
	] as const;
	for (const [what, command, why] of cases)
		test(`a dump that ${what}`, async () => {
			const { holdfast, tidy } = await stored(() => ({ command, load: "cat >/dev/null" }));
			assert.match(await holdfast(3, "create"), why);
			tidy();
		});

	for (const [what, load, why] of [
		[
			"fails",
			"echo full >&2; exit 4",
			/exit code 4\n +full\n +→ run the command by hand.*: it gets the dump on its/,
		],
		[
			"is not there, as only its script can tell",
			"true; not-there",
			/exit code 127\n.*not-there: command not found\n +→ install the program/,
		],
	] as const)
		test(`a load that ${what}`, async () => {
			const { holdfast } = await stored((store) => ({ command: ["cat", store], load, wayBack: "none" }));
			await holdfast(0, "create");
			assert.match(await holdfast(1, ...RESTORE, "tar", "latest"), why);
		});
});

for (const load of ["not-there -x", ["not-there", "-x"]])
	test(`a load whose program is missing is found by create, and before anything is put aside: ${load}`, async () => {
		const { holdfast, place, store } = await stored((store) => ({
			command: `echo >>${store}.dumped; cat ${store}`,
			load,
		}));
		assert.match(
			await holdfast(0, "create"),
			/store box: a restore would fail at its load: the program not-there was not found/,
		);
		assert.match(
			await holdfast(1, ...RESTORE, "tar", "latest"),
			/the store box cannot be loaded: the program not-there was not found/,
		);
		assert.equal(readFileSync(`${store}.dumped`, "utf8"), "\n");
		assert.ok(existsSync(place.path("own/file")));
	});
