// Names are bytes: whatever a service calls its files, they are restored, compared, and removed if they did not exist
// before, also if the folder is a mount point whose entries are swapped one by one.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { after, describe, test } from "node:test";
import fc from "fast-check";
import { bytesOf, nameOf } from "../../src/host/names.ts";
import { EVERY_ENGINE } from "../support/every-engine.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { isRoot } from "../support/tree.ts";
import { succeeds } from "./backed-up.ts";

const folder = scratch("names");

const CAFE = Buffer.from("caf\xe9", "latin1");
const below = (path: string, name: string | Buffer) =>
	Buffer.concat([Buffer.from(`${path}/`), Buffer.from(name)]);
const names = (path: string) =>
	readdirSync(path, { encoding: "buffer" })
		.map((name) => nameOf(name))
		.filter((name) => name !== "lost+found")
		.sort();

test("any bytes are a name, and come back as they were; text is itself", () => {
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
			const name = nameOf(bytes);
			assert.deepEqual(Buffer.from(bytesOf(name)), Buffer.from(bytes));
			assert.equal(JSON.parse(JSON.stringify(name)), name);
		}),
		{ numRuns: 5_000 },
	);
	fc.assert(
		fc.property(fc.string({ unit: "grapheme" }), (text) => assert.equal(nameOf(Buffer.from(text)), text)),
	);
});

for (const [engine, provider] of Object.entries(EVERY_ENGINE))
	describe(engine, { skip: isRoot ? false : "needs root" }, () => {
		const begin = (isMounted: boolean) => {
			const place = new Place(folder);
			const own = place.path("own");
			mkdirSync(own);
			if (isMounted) {
				execFileSync("mount", ["-t", "tmpfs", "tmpfs", own]);
				after(() => execFileSync("umount", [own]));
			}
			place.declare({ state: { s: { folders: [own] } }, providers: { [engine]: provider(place) } });
			return { place, own };
		};

		for (const isMounted of engine === "tar" ? [false, true] : [true])
			test(`names that are no text ${isMounted ? "at the top of a mount point" : "in a folder"}${engine === "tar" ? "" : " [long]"}`, async () => {
				const { place, own } = begin(isMounted);
				writeFileSync(below(own, CAFE), "old");
				mkdirSync(below(own, "caf\u00e9"));
				symlinkSync(CAFE, below(own, "link"));
				writeFileSync(below(own, "closed"), "");
				chmodSync(below(own, "closed"), 0);
				await succeeds(place, "create");
				const same = await succeeds(place, "diff", engine, "latest");
				assert.equal(same.stdout, "0 to add, 0 to remove, 0 to change\n");
				rmSync(below(own, CAFE));
				mkdirSync(below(own, Buffer.from([0xff])));
				writeFileSync(below(own, Buffer.from([0xff, 0x2f, 0x65])), "planted");
				const differs = (await succeeds(place, "diff", engine, "latest")).stdout;
				assert.match(differs, /\+ .*caf/);
				assert.match(differs, /- .*own\/(\\xff|\?|\ufffd)\/e/);
				await succeeds(place, "restore", "--yes", engine, "latest");
				assert.deepEqual(names(own), ["café", nameOf(CAFE), "closed", "link"].sort());
				await succeeds(place, "restore", "--yes", "--in-place", engine, "latest");
				assert.deepEqual(names(own), ["café", nameOf(CAFE), "closed", "link"].sort());
			});
	});

test("what a service calls by our names goes, too, from the top of a mount point; ours and the disk's stay", {
	skip: isRoot ? false : "needs root",
}, async () => {
	const place = new Place(folder);
	const own = place.path("own");
	mkdirSync(own);
	execFileSync("truncate", ["-s", "64M", place.path("image")]);
	execFileSync("mkfs.ext4", ["-q", place.path("image")]);
	execFileSync("mount", ["-o", "loop", place.path("image"), own]);
	after(() => execFileSync("umount", [own]));
	place.declare({ state: { s: { folders: [own] } } });
	writeFileSync(`${own}/file`, "old");
	writeFileSync(`${own}/lost+found/#12`, "what fsck found");
	await succeeds(place, "create");
	writeFileSync(`${own}/lost+found/#12`, "what fsck found since");
	assert.match(
		(await succeeds(place, "diff", "tar", "latest")).stdout,
		/^0 to add, 0 to remove, 0 to change$/m,
	);
	writeFileSync(`${own}/.holdfast-cron`, "planted");
	mkdirSync(`${own}/.holdfast-evil`);
	execFileSync("chown", ["61000", `${own}/.holdfast-evil`]);
	mkdirSync(`${own}/deep/.holdfast-evil/x`, { recursive: true });
	const { stdout } = await succeeds(place, "diff", "tar", "latest");
	for (const planted of [".holdfast-cron", ".holdfast-evil", "deep/.holdfast-evil/x"])
		assert.match(stdout, new RegExp(`- .*own/${planted}`), planted);
	await succeeds(place, "restore", "--yes", "--keep-old", "1d", "tar", "latest");
	assert.deepEqual(
		names(own).filter((name) => !name.startsWith(".holdfast-20")),
		["file"],
	);
	assert.deepEqual(readdirSync(`${own}/lost+found`), ["#12"]);
	const [kept = ""] = names(own).filter((name) => name.startsWith(".holdfast-20"));
	await succeeds(place, "restore", "--yes", "tar", "latest");
	assert.ok(names(own).includes(kept), "the old copy is still there");
});
