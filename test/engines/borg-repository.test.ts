// A borg repository as a power failure may leave it: files besides the data that are empty or garbage.
import assert from "node:assert/strict";
import { readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("borg-repository");

/** With one archive in borg and one in tar. */
async function place() {
	const here = new Place(folder);
	here.declare({
		state: { s: { folders: [here.path("data")] } },
		providers: {
			borgbackup: { destinations: { disk: { repo: here.path("repo"), encryption: "none" } } },
			tar: { destinations: { usb: { path: here.path("usb") } } },
		},
	});
	here.write("data/file", "content");
	assert.equal((await here.holdfast("create")).code, 0);
	/** The file of this kind that belongs to the newest transaction. */
	const newest = (kind: string) => {
		const [name] = readdirSync(here.path("repo"))
			.filter((one) => new RegExp(`^${kind}\\.\\d+$`).test(one))
			.sort((one, other) => Number(other.split(".")[1]) - Number(one.split(".")[1]));
		assert.ok(name, kind);
		return here.path("repo", name);
	};
	return { here, newest };
}

test("an index of 0 bytes: a list, a create and a restore work", async () => {
	const { here, newest } = await place();
	for (const command of [
		["list", "--provider", "borgbackup", "--json"],
		["create"],
		["restore", "--yes", "borgbackup", "latest"],
	]) {
		truncateSync(newest("index"));
		const { code, stderr } = await here.holdfast(...command);
		assert.equal(code, 0, `${command[0]}: ${stderr}`);
	}
	const { stdout } = await here.holdfast("list", "--provider", "borgbackup", "--json");
	assert.equal(JSON.parse(stdout).archives.length, 2);
});

test("garbage in the integrity file: borg's own words, not repaired; the other destination gets its archive", async () => {
	const { here, newest } = await place();
	writeFileSync(newest("integrity"), "garbage");
	const { code, stderr } = await here.holdfast("create");
	assert.equal(code, 3, stderr);
	assert.match(stderr, /✔ write \S+ to usb \(tar\)/);
	assert.match(stderr, /✘ write \S+ to disk \(borgbackup\)[\s\S]*msgpack/);
	rmSync(newest("integrity"));
	const again = await here.holdfast("create");
	assert.equal(again.code, 0, again.stderr);
});
