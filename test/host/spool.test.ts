// Records on disk instead of in memory: they are read back unchanged, sorted the same everywhere, and nothing is left
// behind.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { linksToFind } from "../../src/engines/restic/links.ts";
import { numberSet } from "../../src/host/number-set.ts";
import { openSpool, packed } from "../../src/host/spool.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("spool");
process.env.HOLDFAST_STATE_DIR = folder;
const ROUNDS = Number(process.env.HOLDFAST_ROUNDS) || 30;
const never = new AbortController().signal;

/** Any text, often an odd one: lone surrogates, line breaks, text that sorts between others. */
const text = fc.oneof(
	fc.string({ unit: "binary" }),
	fc.string({
		unit: fc.constantFrom("a", "/", " ", "!", "\n", "\t", '"', "\\", "é", "\ud800", "\uffff", "😀", "\u007f"),
	}),
);

test("what is put in comes out, in its order, and sorted by its bytes as JavaScript sorts it", async () => {
	await fc.assert(
		fc.asyncProperty(fc.array(text, { maxLength: 60 }), async (texts) => {
			using spool = await openSpool();
			const records = texts.map((one) => packed(one));
			for (const record of records) {
				assert.match(record, /^[ -~]*$/);
				spool.add(record);
			}
			assert.deepEqual([...spool.records()], records);
			using sorted = await spool.sorted(never);
			assert.deepEqual([...sorted.records()], [...records].sort());
			assert.deepEqual(
				[...sorted.records()].map((one) => JSON.parse(one)),
				[...records].sort().map((one) => JSON.parse(one)),
			);
		}),
		{ numRuns: ROUNDS },
	);
	assert.deepEqual(
		readdirSync(folder).filter((name) => /^(spool|holdfast)-/.test(name)),
		[],
	);
});

test("records that are longer than a buffer, and very many, are whole", async () => {
	using spool = await openSpool();
	const long = packed("x".repeat(300_000));
	for (let index = 0; index < 20_000; index++) spool.add(packed(`record ${index % 977} ${index}`));
	spool.add(long);
	spool.add(packed("after"));
	const all = [...spool.records()];
	assert.equal(all.length, 20_002);
	assert.equal(all[20_000], long);
	using sorted = await spool.sorted(never);
	assert.deepEqual([...sorted.records()], [...all].sort());
});

test("a set of numbers says of each whether it is new", () => {
	fc.assert(
		fc.property(
			fc.array(fc.oneof(fc.nat(50), fc.nat(), fc.maxSafeNat()), { maxLength: 5_000 }),
			(numbers) => {
				const [known, set] = [new Set<number>(), numberSet()];
				for (const number of numbers) {
					assert.equal(set.add(number), !known.has(number));
					known.add(number);
				}
			},
		),
		{ numRuns: ROUNDS },
	);
});

/** As restic 0.14 prints an entry in its text format. */
const FIELDS = "Lrwxrwxrwx     0     0      0 2026-11-26 16:48:18 ";

test("where symlinks lead is found whatever their names, and those of others, hold", async () => {
	// An empty component is not a name; a target may be anything else.
	const name = fc.string({
		unit: fc.constantFrom("a", "b", " ", "\n", "-", ">", "é", "\r"),
		minLength: 1,
		maxLength: 6,
	});
	const target = fc.string({
		unit: fc.constantFrom("t", "/", " ", "\n", "-", ">"),
		minLength: 1,
		maxLength: 6,
	});
	const entry = fc.record({ name, target: fc.option(target, { nil: undefined }), isWanted: fc.boolean() });
	await fc.assert(
		fc.asyncProperty(
			fc.array(entry, { maxLength: 25 }),
			fc.integer({ min: 1, max: 40 }),
			async (entries, size) => {
				using found = await linksToFind();
				const paths = entries.map(({ name }, index) => `/${index}/${name}`);
				for (const [index, { target, isWanted }] of entries.entries())
					found.entry(paths[index] ?? "", target !== undefined, target !== undefined && isWanted);
				const listing = Buffer.from(
					entries
						.map(
							({ target }, index) =>
								`${FIELDS}${paths[index]}${target === undefined ? "" : ` -> ${target}`}\n`,
						)
						.join(""),
				);
				const told: (string | undefined)[] = [];
				const reader = found.reader((one) => told.push(one));
				for (let at = 0; at < listing.length; at += size) reader.push(listing.subarray(at, at + size));
				reader.end?.();
				assert.deepEqual(
					told,
					entries.flatMap(({ target, isWanted }) => (target !== undefined && isWanted ? [target] : [])),
				);
			},
		),
		{ numRuns: 5 * ROUNDS },
	);
});
