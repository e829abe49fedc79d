// Which of several restores must be undone first.
import assert from "node:assert/strict";
import { test } from "node:test";
import { requireLast } from "../../src/plan/undo-order.ts";
import type { KeptCopy } from "../../src/steps/records.ts";

test("of two restores of a database alone, the later one is undone first", () => {
	const kept = (run: string, dump: KeptCopy["databases"][number]["dump"]): KeptCopy => ({
		...{ run, state: "data", until: "2026-11-24T01:00:00Z", places: [] },
		databases: [{ dump, old: "old" }],
	});
	const first = kept("r1", { postgresql: "notes" });
	const undo = (later: KeptCopy) => requireLast([first, later], [first]);
	assert.throws(() => undo(kept("r2", { postgresql: "notes" })), /run r2 replaced data after that/);
	for (const dump of [{ postgresql: "other" }, { postgresql: "notes", port: 5433 }, { mariadb: "notes" }])
		undo(kept("r2", dump));
});
