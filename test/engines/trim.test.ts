// The end marker of a tar stream is found through its headers, however the stream is split and whatever the files end
// with.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import fc from "fast-check";
import { withoutEndMark } from "../../src/engines/tar/trim.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("trim");

test("what is left, and two blocks of zeros, are a tar file with the same members", async () => {
	const file = fc.record({
		name: fc.stringMatching(/^[a-z]{1,150}$/),
		size: fc.oneof(fc.constantFrom(0, 1, 511, 512, 513, 1024, 10240), fc.nat(200_000)),
		zeros: fc.boolean(),
	});
	await fc.assert(
		fc.asyncProperty(
			fc.array(file, { maxLength: 8 }),
			fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 20 }),
			fc.constantFrom(1, 20, 256),
			async (files, cuts, blocking) => {
				const source = join(folder, "source");
				rmSync(source, { recursive: true, force: true });
				mkdirSync(source);
				for (const { name, size, zeros } of files)
					writeFileSync(join(source, name), Buffer.alloc(size, zeros ? 0 : "x"));
				const tar = execFileSync("tar", ["-c", "--format=posix", `--blocking-factor=${blocking}`, "source"], {
					cwd: folder,
					maxBuffer: 1e8,
				});
				const trim = withoutEndMark();
				const left = await buffer(Readable.from(pieces(tar, cuts)).pipe(trim.stream));
				assert.ok(trim.sawEndMark());
				const list = (content: Buffer) => {
					writeFileSync(join(folder, "listed"), content);
					return execFileSync("tar", ["-tvf", join(folder, "listed")]).toString();
				};
				assert.equal(list(Buffer.concat([left, Buffer.alloc(1024)])), list(tar));
				assert.ok(tar.subarray(left.length).every((byte) => byte === 0));
			},
		),
		{ numRuns: 25 },
	);
});

test("a stream that is cut short is noticed", async () => {
	writeFileSync(join(folder, "file"), "x".repeat(5000));
	const tar = execFileSync("tar", ["-c", "file"], { cwd: folder });
	for (const length of [0, 100, 512, 3000]) {
		const trim = withoutEndMark();
		await buffer(Readable.from([tar.subarray(0, length)]).pipe(trim.stream));
		assert.equal(trim.sawEndMark(), false, `${length}`);
	}
});

function* pieces(bytes: Buffer, cuts: readonly number[]): Generator<Buffer> {
	for (let at = 0, cut = 0; at < bytes.length; cut++) {
		const length = cuts[cut % cuts.length] ?? 1;
		yield bytes.subarray(at, at + length);
		at += length;
	}
}
