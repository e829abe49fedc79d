// Somebody removed an archive that this machine made: check fails, list says so, latest says which archive it is not,
// and status keeps reporting it until there is a newer one. The same applies to a destination whose address was
// changed.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { openProvider } from "../../src/engines/registry.ts";
import { only } from "../engines/engines.ts";
import { quiet } from "../engines/fixtures.ts";
import { EVERY_ENGINE } from "../support/every-engine.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { isRoot } from "../support/tree.ts";

const folder = scratch("lost");

function placeWith(provider: (place: Place) => object) {
	const place = new Place(folder);
	place.write("notes/letter", "one");
	const declare = (options = provider(place)) => {
		place.declare({ state: { notes: { folders: [place.path("notes")] } }, providers: { engine: options } });
		return options;
	};
	return { place, declare };
}
const ends = async (place: Place, expected: number, ...words: string[]) => {
	const { code, stdout, stderr } = await place.holdfast(...words);
	assert.equal(code, expected, `${words.join(" ")}\n${stdout}${stderr}`);
	return stdout + stderr;
};

for (const [engine, provider] of Object.entries(EVERY_ENGINE))
	test(`${engine}: the newest good archive is removed by somebody else${engine === "borgbackup" || engine === "restic" ? " [long]" : ""}`, async () => {
		const { place, declare } = placeWith((at) => ({ type: engine, ...provider(at) }));
		const options = declare();
		await ends(place, 0, "create");
		place.write("notes/letter", "two");
		await ends(place, 0, "create");
		await ends(place, 0, "check");
		const destination = only(await openProvider("engine", options as Parameters<typeof openProvider>[1]));
		const [old, newest] = (await destination.list(quiet)).map(({ name }) => name);
		assert.ok(old !== undefined && newest !== undefined);
		// A missing older one is not reported: others may prune.
		await destination.remove([old], quiet);
		await ends(place, 0, "check");
		place.write("notes/letter", "three");
		await ends(place, 0, "create");
		const last = (await destination.list(quiet)).map(({ name }) => name).find((name) => name !== newest);
		assert.ok(last !== undefined);
		await destination.remove([last], quiet);
		const gone = new RegExp(`${last}:? is gone: it was created here, is the newest good archive of notes`);
		assert.match(await ends(place, 0, "list"), gone);
		const said = await ends(place, 1, "check");
		assert.match(said, /has lost archives/);
		assert.match(said, gone);
		assert.match(await ends(place, 1, "status"), /has lost archives/);
		const restored = await ends(place, 0, "restore", "--yes", "engine", "latest");
		assert.match(restored, new RegExp(`passed over: .*${last} is gone`));
		await ends(place, 0, "create");
		await ends(place, 0, "check");
		await ends(place, 0, "status");
		assert.doesNotMatch(await ends(place, 0, "list"), /is gone/);
	});

test("a destination whose address was changed has no archive yet", async () => {
	const { place, declare } = placeWith(() => ({}));
	const at = (name: string) => ({ type: "tar", destinations: { disk: { path: place.path(name) } } });
	declare(at("before"));
	await ends(place, 0, "create");
	await ends(place, 0, "status");
	declare(at("after"));
	const said = await ends(place, 1, "status");
	assert.match(
		said,
		/notes has no good archive of this machine in engine\/disk since its address is .*after/,
	);
	await ends(place, 0, "create");
	await ends(place, 0, "status");
	// Back at the old address: its archives are known, and status judges them by their age only.
	declare(at("before"));
	await ends(place, 0, "status");
});

test("one that says that it is another machine's is no longer this one's", async () => {
	const { place, declare } = placeWith((at) => ({
		type: "tar",
		destinations: { disk: { path: at.path("archives") } },
	}));
	declare();
	await ends(place, 0, "create");
	await ends(place, 0, "create");
	const { archives } = JSON.parse((await place.holdfast("list", "--json")).stdout);
	const newest = archives.at(-1).name;
	const file = place.path("archives", newest, "index.json");
	writeFileSync(file, readFileSync(file, "utf8").replace('"machine":"web01"', '"machine":"other"'));
	assert.match(await ends(place, 1, "check"), new RegExp(`${newest}: is gone`));
	assert.match(await ends(place, 0, "list"), /is gone/);
	rmSync(place.path("archives"), { recursive: true });
	mkdirSync(place.path("archives"));
	const none = await ends(place, 1, "restore", "engine", "latest");
	assert.match(
		none,
		/there is no archive to restore[\s\S]*is gone[\s\S]*do not back up data that is now damaged/,
	);
});

test("what a prune has removed, a destination that was renamed, and names of an engine's own raise no alarm", async () => {
	const { place } = placeWith(() => ({}));
	const at = (name: string) =>
		place.declare({
			state: { notes: { folders: [place.path("notes")] } },
			providers: {
				tar: { destinations: { [name]: { path: place.path("archives") } }, retention: { keepLast: 1 } },
				own: {
					type: "command",
					create: `tar -cf "${place.path("own")}/$HOLDFAST_ARCHIVE.tar" -C / -T /dev/null`,
					list: `ls -1 "${place.path("own")}"`,
					restore: "true",
				},
			},
		});
	mkdirSync(place.path("own"));
	at("a");
	await ends(place, 0, "create");
	at("b");
	await ends(place, 0, "create");
	await ends(place, 0, "create");
	await ends(place, 0, "prune", "--yes", "--provider", "tar");
	for (const name of ["b", "a"]) {
		at(name);
		assert.doesNotMatch(await ends(place, 0, "list"), /is gone/);
		await ends(place, 0, "check");
	}
});

test("a disk that is not mounted has lost nothing", {
	skip: isRoot ? false : "only root can mount",
}, async () => {
	const { place, declare } = placeWith((at) => ({
		type: "tar",
		destinations: { d: { path: at.path("disk") } },
	}));
	mkdirSync(place.path("disk"));
	declare();
	execFileSync("mount", ["-t", "tmpfs", "none", place.path("disk")]);
	try {
		await ends(place, 0, "create");
	} finally {
		execFileSync("umount", [place.path("disk")]);
	}
	const cannot = /cannot be seen: no file system is mounted at .*disk, but one was when/;
	const listed = await ends(place, 0, "list");
	assert.match(listed, cannot);
	const said = await ends(place, 1, "check");
	assert.match(said, /is not on a mounted disk[\s\S]*mount the disk, then check again/);
	assert.doesNotMatch(listed + said, /is gone|who removed/);
});
