// An event of a run as another machine gets it: in one line.
import assert from "node:assert/strict";
import { lineOf } from "../../src/fleet/protocol.ts";
import { LONGEST_RECORD, recordReader } from "../../src/host/lines.ts";
import type { RunEvent } from "../../src/run/event.ts";
import { jsonText } from "../../src/values/printable.ts";

/** What another machine makes of a line. */
function heard(line: string): unknown {
	const lines: unknown[] = [];
	const reader = recordReader((record) => lines.push(lineOf(JSON.parse(record))));
	reader.push(Buffer.from(`${line}\n`));
	reader.end?.();
	assert.equal(lines.length, 1);
	return lines[0];
}

/** The larger of the two ways in which an event is written. */
export function assertFits(event: RunEvent): void {
	for (const line of [jsonText(event), JSON.stringify(event)]) {
		assert.ok(Buffer.byteLength(line) < LONGEST_RECORD, `${event.type}: ${Buffer.byteLength(line)} bytes`);
		assert.deepEqual(JSON.parse(JSON.stringify(heard(line))), event);
	}
}
