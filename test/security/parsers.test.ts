// Whatever text a destination contains, its parsers report what is wrong with it, and never throw.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { deflateRawSync } from "node:zlib";
import fc from "fast-check";
import type { Metadata } from "../../src/engines/archive.ts";
import { readComment } from "../../src/engines/borgbackup/comments.ts";
import { readList } from "../../src/engines/command/names.ts";
import { snapshotsIn } from "../../src/engines/localbackup/snapshots.ts";
import { MAX_METADATA_BYTES, metadataText, readMetadata } from "../../src/engines/metadata.ts";
import { readAbout } from "../../src/engines/restic/snapshots.ts";
import { lookAt } from "../../src/engines/tar/index-file.ts";
import { openFolder } from "../../src/host/folder.ts";
import { metadataOf, quiet } from "../engines/fixtures.ts";
import { files, folder, goodOnes, HOSTILE, withGood } from "./planted.ts";

const numRuns = Number(process.env.HOLDFAST_ROUNDS) || 60;

describe("whatever JSON an archive says of itself", () => {
	const metadata = metadataOf("one") as Metadata;
	/** Any JSON, and valid metadata with anything in one place. */
	const anything = fc.oneof(
		fc.json({ maxDepth: 8 }),
		fc.string({ unit: "binary", maxLength: 200 }),
		fc
			.tuple(fc.constantFrom(...pathsOf(metadata)), fc.jsonValue({ maxDepth: 3 }))
			.map(([path, value]) => JSON.stringify(changedAt(metadata, path, value))),
	);
	const wellFormed = ({
		metadata: found,
		damaged,
		newer,
	}: {
		metadata?: Metadata;
		damaged?: string;
		newer?: object;
	}) => {
		assert.ok([found, damaged, newer].filter((one) => one !== undefined).length === 1);
		if (found) assert.doesNotThrow(() => JSON.stringify(found) && metadataText(found));
		if (damaged !== undefined) assert.ok(damaged.length > 0 && damaged.length < 400, damaged);
	};

	test("no parser of an engine's throws, or says too much", async () => {
		const tar = mkdtempSync(join(folder, "any-tar-"));
		const local = mkdtempSync(join(folder, "any-local-"));
		mkdirSync(join(local, "snapshot.0"));
		mkdirSync(join(local, "snapshot.1"));
		writeFileSync(
			join(local, "snapshot.1/holdfast.json"),
			JSON.stringify({ name: "good-1", metadata, roots: ["/srv/notes"] }),
		);
		await fc.assert(
			fc.asyncProperty(anything, async (text) => {
				wellFormed(readMetadata(text));
				wellFormed(readComment(`holdfast:${text}`));
				const tag = `holdfast-about=${deflateRawSync(text).toString("base64url")}`;
				wellFormed(readAbout({ id: "", short_id: "", time: "", tree: "", paths: [], tags: [tag] }));
				for (const inner of [
					text,
					`{"format":"holdfast-tar","version":1,"metadata":${text},"segments":[]}`,
				]) {
					writeFileSync(join(tar, "index.json"), inner);
					using open = openFolder(tar);
					const look = await lookAt(open);
					if (look?.index === undefined && look?.newer === undefined && look?.damaged === undefined)
						assert.deepEqual(look, {});
				}
				for (const inner of [text, `{"name":"x","metadata":${text},"roots":[]}`]) {
					writeFileSync(join(local, "snapshot.0/holdfast.json"), inner);
					const [first, second] = await snapshotsIn(local);
					assert.ok(first);
					assert.equal(second?.archive.name, "good-1");
				}
			}),
			{ numRuns },
		);
	});

	test("what is understood comes back as it was", () => {
		const read = readMetadata(JSON.stringify({ ...metadata, later: { a: 1 } })).metadata;
		assert.deepEqual(JSON.parse(metadataText(read as Metadata)), { ...metadata, later: { a: 1 } });
	});
});

/** The path of every value in a map. */
function pathsOf(value: unknown, above: readonly string[] = []): string[][] {
	if (typeof value !== "object" || value === null) return [[...above]];
	return [[...above], ...Object.entries(value).flatMap(([key, item]) => pathsOf(item, [...above, key]))];
}

function changedAt(value: unknown, [key, ...rest]: readonly string[], to: unknown): unknown {
	if (key === undefined) return to;
	const copy = Array.isArray(value) ? [...value] : { ...(value as object) };
	(copy as Record<string, unknown>)[key] = changedAt((value as Record<string, unknown>)[key], rest, to);
	return copy;
}

describe("what could not be read back is not written", () => {
	for (const hostile of HOSTILE)
		test(`${hostile.type}: a description that is too large is refused before anything is stored`, async () => {
			const { destination } = await withGood(hostile);
			const folders = Array.from({ length: 9_000 }, (_, one) => `/srv/${"long-name-".repeat(12)}${one}`);
			const large: Metadata = { ...metadataOf("two"), states: { notes: { outcome: "good", folders } } };
			assert.ok(JSON.stringify(large).length > MAX_METADATA_BYTES);
			const request = { name: "good-2", roots: [{ path: files, exclude: [] }], metadata: large };
			await assert.rejects(
				destination.create(request, false, quiet),
				/the archive's description is too large: 1\d+ KiB/,
			);
			assert.deepEqual(goodOnes(await destination.list(quiet)), ["good-1"]);
			await destination.create({ ...request, metadata: metadataOf("two") }, false, quiet);
		});
});

test("names that a list command prints are bounded, and show what they are", () => {
	const names = (text: string) =>
		readList("mine", text).map(({ name, damaged }) => (damaged ? { damaged } : name));
	assert.deepEqual(names("a\r\n\n b c \nä::ö/ü\n"), ["a", " b c ", "ä::ö/ü"]);
	assert.deepEqual(names('[{"name":"x","more":1}]'), ["x"]);
	for (const odd of ["\u001b[2Ja", "a\u0000b", "a\u202eb", "a\u200bb", "\u009b1m"]) {
		assert.deepEqual(names(JSON.stringify([{ name: odd }, { name: "good" }])), [
			{ damaged: "its name has control characters" },
			"good",
		]);
		const [shown] = readList("mine", JSON.stringify([{ name: odd }]));
		assert.doesNotMatch(shown?.name ?? "", /[\p{Cc}\p{Cf}]/u);
	}
	assert.match(JSON.stringify(names("x".repeat(2_000))), /more than 1024 characters/);
	assert.throws(() => names("a\n".repeat(100_001)), /printed 100001 names/);
	for (const text of ["[1]", "[{}]", '[{"name":""}]', "[null]", "[[", "{}\n[".slice(3)])
		assert.throws(() => names(text), /printed JSON that is not an array/, text);
});

test("archives as 0.1.0 wrote them are read", () => {
	const dump = {
		dump: { postgresql: "app" },
		stored: "/var/lib/holdfast/spool/x/app.pgdump",
		facts: { owner: "app", version: 15 },
	};
	const old = {
		version: 1,
		machine: "web01",
		run: "2026-11-24T010000Z-k3x9",
		created: "2026-11-24T01:00:00.123Z",
		manifest: "/var/lib/holdfast/spool/disk.usb/manifest.json",
		states: {
			notes: { outcome: "good", folders: ["/srv/notes"], stored: { "/srv/notes": "/data/notes" } },
			shop: {
				outcome: "failed",
				folders: [],
				reason: "could not read /srv/shop: Permission denied\nand more",
			},
			app: {
				outcome: "good",
				folders: [],
				dumps: [dump, { ...dump, accounts: "/var/lib/holdfast/spool/x/accounts.sql" }],
			},
		},
		maker: { holdfast: "0.1.0", user: "root", host: "web01" },
		hold: { reason: "the audit", since: "2026-11-25T01:00:00.000Z" },
	};
	const { metadata } = readMetadata(JSON.stringify(old));
	assert.deepEqual(JSON.parse(JSON.stringify(metadata)), old);
});
