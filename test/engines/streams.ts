// The part of a provider's contract about streams: files whose content a program produces while it is stored.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import type { StreamRoot } from "../../src/engines/destination.ts";
import { sha256 } from "../../src/host/digest.ts";
import { factsOf } from "../support/tree.ts";
import { type Bench, intoFolder, metadataOf, quiet } from "./fixtures.ts";

export function takesStreams(setUp: () => Bench): void {
	const streams = (folder: string, contents: Readonly<Record<string, readonly Buffer[]>>): StreamRoot[] => {
		mkdirSync(join(folder, "spool"), { mode: 0o700 });
		return Object.entries(contents).map(([name, chunks]) => ({
			path: join(folder, "spool", name),
			open: async () => ({ output: Readable.from(chunks), whole: Promise.resolve() }),
		}));
	};

	for (const withFifo of [false, true])
		test(`streams are stored as files${withFifo ? ", also where a folder holds a FIFO" : ""}`, async () => {
			const { folder, source, destination, roots } = setUp();
			if (!withFifo) withoutSpecialFiles(source);
			const contents = {
				"small: it's": [Buffer.from("a few bytes")],
				large: Array.from({ length: 40 }, () => randomBytes(100_000)),
			};
			await destination.create(
				{ name: "a", roots, streams: streams(folder, contents), metadata: metadataOf("a") },
				true,
				quiet,
			);
			const into = join(folder, "into");
			mkdirSync(into);
			for (const [name, chunks] of Object.entries(contents)) {
				const path = join(folder, "spool", name);
				assert.ok(!existsSync(path), "nothing is left where it was made");
				const digests = new Map<string, string>();
				await destination.restore("a", [path], { ...intoFolder(into), digests }, quiet);
				assert.ok(readFileSync(into + path).equals(Buffer.concat(chunks)));
				// Whoever tells a digest tells the right one.
				if (digests.size > 0) assert.deepEqual([...digests], [[path, sha256(Buffer.concat(chunks))]]);
				assert.equal(lstatSync(into + path).mode & 0o777, 0o600);
			}
			await destination.restore("a", [source], intoFolder(into), quiet);
			assert.deepEqual(factsOf(into + source), factsOf(source));
		});

	for (const moment of ["before it says anything", "after it said much"])
		test(`a stream that fails ${moment} fails the create, with its own words; nothing is listed${moment.startsWith("before") ? " [long]" : ""}`, async () => {
			const { folder, source, destination, roots } = setUp();
			withoutSpecialFiles(source);
			await destination.create({ name: "first", roots, metadata: metadataOf("first") }, true, quiet);
			const [good] = streams(folder, { good: [Buffer.from("whole")] });
			const bad: StreamRoot = {
				path: join(folder, "spool", "bad"),
				open: async () => ({
					output: Readable.from(moment.startsWith("before") ? [] : [randomBytes(3_000_000)]),
					whole: rejected(new Error("the dump broke off")),
				}),
			};
			await assert.rejects(
				destination.create(
					{ name: "second", roots, streams: good ? [good, bad] : [], metadata: metadataOf("second") },
					false,
					quiet,
				),
				{ message: "the dump broke off" },
			);
			await destination.discardPartial?.("second", quiet);
			assert.deepEqual(
				(await destination.list(quiet)).map(({ name }) => name),
				["first"],
			);
			assert.deepEqual(readdirSync(join(folder, "spool")), []);
			await destination.create({ name: "third", roots, metadata: metadataOf("third") }, false, quiet);
		});
}

/** Like the end of a program that is only looked at later. */
function rejected(error: Error): Promise<void> {
	const promise = Promise.reject<void>(error);
	promise.catch(() => {});
	return promise;
}

function withoutSpecialFiles(folder: string): void {
	execFileSync("find", [
		folder,
		"(",
		"-type",
		"p,b,c",
		"-o",
		"-type",
		"l",
		"-xtype",
		"p,b,c",
		")",
		"-delete",
	]);
}
