// docs/how-to/bare-machine.md shows what an adopt says, asks and writes.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { metadataOf, writeTarArchive } from "../security/hostile.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { onTerminal } from "../support/terminal.ts";
import { linesOf, PROJECT } from "./page.ts";

/** The lines without what differs each time: how many archives there are. */
const told = (text: string) =>
	text
		.trimEnd()
		.split(/\r?\n/)
		.map((line) => line.replace(/^\d+ archives? of/, "212 archives of").trimEnd());

test("docs/how-to/bare-machine.md: what an adopt shows, asks and writes", async () => {
	const place = new Place(scratch("bare-machine"));
	const hooks = { preBackup: { command: ["shopctl", "flush"], user: "shop" } };
	const state = {
		notes: { folders: ["/srv/notes"], dumps: [{ postgresql: "notes" }], stopOnRestore: ["notes.service"] },
		shop: { folders: ["/var/lib/shop", "/etc/shop"], stopOnRestore: ["shop.service"], hooks },
	};
	const usb = { path: "/mnt/usb/holdfast" };
	place.declare({
		state,
		providers: {
			borgbackup: { type: "tar", destinations: { nas: { path: place.path("archives") } } },
			tar: { destinations: { usb } },
		},
	});
	const manifest = (await place.holdfast("manifest")).stdout;
	const created = "2026-11-25T01:00:00Z";
	const metadata = metadataOf({ folders: [] }, { manifest: "/m.json", created });
	const states = Object.fromEntries(
		Object.entries(state).map(([name, { folders }]) => [name, { outcome: "good", folders, exclude: [] }]),
	);
	writeTarArchive(place.path("archives"), "web01-2026-11-25T010000Z-k3x9", {
		metadata: { ...metadata, states },
		segments: [],
		streams: [{ path: "/m.json", content: Buffer.from(manifest) }],
	});
	const output = place.path("holdfast.yaml");
	const argv = ["adopt", place.path("archives"), "--output", output];
	const { code, text } = await onTerminal([join(PROJECT, "bin/holdfast"), ...argv], {
		cwd: place.folder,
		env: { ...place.env, TZ: "UTC" },
		answer: "y",
		columns: 160,
	});
	assert.equal(code, 0, text);
	const shown =
		linesOf("docs/how-to/bare-machine.md").find(({ line }) => line.startsWith("holdfast adopt"))?.output ??
		"";
	assert.deepEqual(told(shown), told(text.replaceAll(output, "/etc/holdfast/holdfast.yaml")));
});
