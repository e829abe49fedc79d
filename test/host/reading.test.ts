// The output of programs is read completely or not at all, and never without a limit.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { exec, execText } from "../../src/host/exec.ts";
import { listReader } from "../../src/host/json-list.ts";
import { LONGEST_RECORD, type OutputReader, recordReader } from "../../src/host/lines.ts";

/** Feed a text in pieces of these sizes, repeatedly. */
function feed(reader: OutputReader, text: string, sizes: readonly number[]): void {
	const bytes = Buffer.from(text);
	for (let at = 0, turn = 0; at < bytes.length; turn++) {
		const size = sizes[turn % sizes.length] ?? 1;
		reader.push(bytes.subarray(at, at + size));
		at += size;
	}
	reader.end?.();
}
const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 });
const items = fc.array(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 0 }));

test("a list's items come out as they went in, however the pieces fall", () => {
	fc.assert(
		fc.property(items, sizes, fc.boolean(), fc.boolean(), (all, pieces, within, spaced) => {
			const document = within ? { before: { a: [] }, list: all, after: "x" } : all;
			const found: unknown[] = [];
			feed(
				listReader((text) => found.push(JSON.parse(text))),
				JSON.stringify(document, undefined, spaced ? 2 : undefined),
				pieces,
			);
			assert.deepEqual(found, JSON.parse(JSON.stringify(all)));
		}),
	);
});

test("lines come out as they went in, but for empty ones", () => {
	fc.assert(
		fc.property(fc.array(fc.string({ unit: "binary" })), sizes, (all, pieces) => {
			const lines = all.map((line) => line.replaceAll("\n", " "));
			const found: string[] = [];
			feed(
				recordReader((line) => found.push(line)),
				lines.join("\n"),
				pieces,
			);
			assert.deepEqual(
				found,
				lines.map((line) => Buffer.from(line).toString()).filter((line) => line !== ""),
			);
		}),
	);
});

test("an entry that is too long costs only itself where somebody is told of it, of its end", () => {
	const document = JSON.stringify([{ a: 1 }, { a: "x".repeat(3 * LONGEST_RECORD), last: "end" }, { a: 2 }]);
	for (const pieces of [[65_536], [1_000_003, 17]]) {
		const found: string[] = [];
		const tails: string[] = [];
		feed(
			listReader(
				(text) => found.push(text),
				(tail) => tails.push(tail),
			),
			document,
			pieces,
		);
		assert.deepEqual(found, ['{"a":1}', '{"a":2}']);
		assert.equal(tails.length, 1);
		assert.match(tails[0] ?? "", /^x+","last":"end"\}$/);
		assert.equal(tails[0]?.length, 1024);
	}
});

test("a list that ends in the middle, an entry or a line without end: each is an error in words", () => {
	const list = () => listReader(() => {});
	assert.throws(() => feed(list(), '[{"a": 1}, {"b"', [7]), /a truncated list/);
	assert.throws(
		() => feed(list(), `[{"a": "${"x".repeat(LONGEST_RECORD)}"}]`, [65_536]),
		/an entry of more than 1024 KiB/,
	);
	assert.throws(() => feed(list(), "[".repeat(1000), [100]), /nested more than 100 levels deep/);
	assert.throws(
		() =>
			feed(
				recordReader(() => {}),
				"x".repeat(LONGEST_RECORD + 1),
				[65_536],
			),
		/a line of more than 1024 KiB/,
	);
});

test("a program that prints without end is ended, and the error says what it did", async () => {
	await assert.rejects(
		execText(["cat", "/dev/zero"]),
		/^HoldfastError: cat printed more than 16 MiB and was killed/,
	);
	await assert.rejects(
		exec(["cat", "/dev/zero"], { reader: recordReader(() => {}) }),
		/cat printed a line of more than 1024 KiB/,
	);
	await assert.rejects(
		exec(["yes"], {
			reader: {
				push: () => {
					throw new Error("enough");
				},
			},
		}),
		/^Error: enough/,
	);
});
