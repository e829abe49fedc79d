// Archives of 0.1.0 are understood: the metadata that it stored as borg's comments, as restic's tags and in tar's index.
// The fixtures are the index of an archive, and what borg 1.2 and restic 0.14 listed in repositories of 0.1.0.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Metadata } from "../../src/engines/archive.ts";
import { readMetadata } from "../../src/engines/metadata.ts";
import { scratch } from "../support/scratch.ts";
import { openBorg, openRestic, setUpEngines } from "./engines.ts";
import { quiet } from "./fixtures.ts";

const folder = scratch("archives-of-0.1.0");
setUpEngines(folder);
const programs = join(folder, "bin");
mkdirSync(programs);
process.env.PATH = `${programs}:${process.env.PATH}`;
const fixture = (name: string) => join(import.meta.dirname, "../fixtures/0.1.0", name);

const SQLITE = {
	dump: { sqlite: "/srv/place/media/app.db" },
	stored: "/srv/place/state/dumps/media/sqlite-%2Fsrv%2Fplace%2Fmedia%2Fapp.db.dump",
	facts: { uid: 0, gid: 0, user: "root", group: "root", mode: 420, version: 3, wal: false },
};
const metadata = (
	time: string,
	engine: string,
	more: Pick<Metadata, "run" | "states" | "hold">,
): Metadata => ({
	version: 1,
	machine: "web01",
	created: `2026-11-27T${time}Z`,
	manifest: `/srv/place/state/spool/${engine}/manifest.json`,
	maker: { holdfast: "0.1.0", user: "root", host: "vm" },
	...more,
});
/** What is parsed has no prototype. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const notes = { outcome: "good", folders: ["/srv/place/notes"] } as const;
const media = { outcome: "good", folders: ["/srv/place/media"], dumps: [SQLITE] } as const;
const inner = { folders: ["/srv/place/notes/inner"] } as const;
const failed = { outcome: "failed", reason: "preBackup of inner ended with exit code 1", ...inner } as const;

for (const [program, listing, open, provider, first, second, since] of [
	["borg", "borg-list.json", openBorg, "borgbackup.box", "20:26:36.956", "20:26:41.547", "20:26:47.361"],
	[
		"restic",
		"restic-snapshots.json",
		openRestic,
		"restic.box",
		"20:26:36.955",
		"20:26:41.546",
		"20:26:44.790",
	],
] as const)
	test(`${program}: archives, a dump in one of them, a state that failed, and a hold`, async () => {
		writeFileSync(join(programs, program), `#!/bin/sh\nexec cat '${fixture(listing)}'\n`);
		chmodSync(join(programs, program), 0o755);
		const archives = await open(join(folder, program)).list(quiet);
		assert.deepEqual(plain(archives.map(({ name, metadata }) => [name, metadata])), [
			[
				"web01-2026-11-27T202636Z-5xux",
				metadata(first, provider, {
					run: "2026-11-27T202636Z-5xux",
					states: { notes, inner: failed, media },
				}),
			],
			[
				"web01-2026-11-27T202641Z-26u5",
				metadata(second, provider, {
					run: "2026-11-27T202641Z-26u5",
					states: { notes },
					hold: {
						reason: "before the {upgrade}",
						since: `2026-11-27T${since}Z`,
					},
				}),
			],
		]);
	});

test("tar: states and a dump", () => {
	const index = JSON.parse(readFileSync(fixture("tar-index.json"), "utf8")) as { readonly metadata: unknown };
	assert.deepEqual(
		plain(readMetadata(JSON.stringify(index.metadata)).metadata),
		metadata("18:01:40.736", "tar.disk", {
			run: "2026-11-27T180140Z-k9nf",
			states: { notes, inner: { outcome: "good", ...inner }, media },
		}),
	);
});
