// What a restore would change is what it does change.
import assert from "node:assert/strict";
import { chmodSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import type { Difference } from "../../src/plan/diff.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { fillAwkward } from "../support/tree.ts";

const folder = scratch("diff");

for (const [provider, options] of Object.entries({
	tar: (place: Place) => ({ destinations: { disk: { path: place.path("archives") } } }),
	borgbackup: (place: Place) => ({
		destinations: { disk: { repo: place.path("repo"), encryption: "none" } },
	}),
})) {
	test(`diff on ${provider} tells what comes back, what goes and what changes, and nothing after a restore`, async () => {
		const place = new Place(folder);
		fillAwkward(place.path("data"));
		for (const name of ["same", "size", "mode", "gone", "kind"]) place.write(`data/${name}`, name);
		place.declare({
			state: { s: { folders: [place.path("data")], specialFiles: true } },
			providers: { [provider]: options(place) },
		});
		await place.holdfast("create");
		writeFileSync(place.path("data/size"), "another size");
		chmodSync(place.path("data/mode"), 0o600);
		rmSync(place.path("data/gone"));
		rmSync(place.path("data/kind"));
		symlinkSync("same", place.path("data/kind"));
		place.write("data/since", "new");
		renameSync(place.path("data/names/with space"), place.path("data/names/renamed"));

		const diff = async () => {
			const { code, stdout, stderr } = await place.holdfast("diff", "--json", provider, "latest");
			assert.equal(code, 0, stderr);
			return JSON.parse(stdout).differences as Difference[];
		};
		const found = (await diff()).map(({ path, change, in: what }) =>
			[
				change,
				path.slice(place.path("data").length + 1),
				...(what ?? []).filter((one) => one !== "time"),
			].join(" "),
		);
		assert.deepEqual(found.sort(), [
			"add gone",
			"add names/with space",
			"add names/with space/with space.txt",
			"change kind type",
			"change mode mode",
			"change size size",
			"remove names/renamed",
			"remove names/renamed/with space.txt",
			"remove since",
		]);
		const { stdout } = await place.holdfast("diff", provider, "latest");
		assert.match(stdout, /^~ .*data\/size \(size, time\)$/m);
		assert.match(stdout, /3 come back, 3 go, 3 change\n$/);
		await place.holdfast("restore", "--yes", provider, "latest");
		assert.deepEqual(await diff(), []);
	});
}
