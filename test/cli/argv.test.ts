// Flags before the command: the command's own definition says which of them take a value.
import assert from "node:assert/strict";
import test from "node:test";
import { commandFirst } from "../../src/cli/argv.ts";

const CASES: readonly (readonly [string, string])[] = [
	["list --json", "list --json"],
	["--json list", "list --json"],
	["--config here.yaml list web01", "list web01 --config here.yaml"],
	// A value that is also the name of a command.
	["--provider list list", "list --provider list"],
	["--service create --dry-run restore disk latest", "restore disk latest --service create --dry-run"],
	["--keep-old 7d restore disk latest", "restore disk latest --keep-old 7d"],
	["--reason why archives hold latest", "archives hold latest --reason why"],
	["--json restore disk -- --odd", "restore disk --json -- --odd"],
	["--config here.yaml lst", "lst --config here.yaml"],
	["--json", "--json"],
	["--help", "--help"],
];

for (const [given, meant] of CASES)
	test(given, async () => assert.deepEqual(await commandFirst(given.split(" ")), meant.split(" ")));
