// A program or link of the user's own where a deploy installs the command: kept, and put back by an undeploy. The part of a
// deploy that runs on the target machine, without systemd: no unit is involved.
import assert from "node:assert/strict";
import {
	existsSync,
	mkdirSync,
	readFileSync,
	readlinkSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, test } from "node:test";
import { WRITTEN } from "../../src/plan/install.ts";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch("own-program");
// There are no units, but systemd reads them again.
const programs = scratch("own-program-bin");
writeFileSync(join(programs, "systemctl"), "#!/bin/sh\n", { mode: 0o755 });
process.env.PATH = `${programs}:${process.env.PATH}`;

describe("the user's own program", () => {
	let place: Place;
	let program: string;
	const kept = () => place.path("bin/.holdfast.before-deploy");
	/** `starts`: whether the new program accepts its manifest; if not, the deploy is rolled back. */
	async function deploy(text: string, starts = true) {
		const file = { path: program, mode: "0755", folderMode: "0755", sha256: "0".repeat(64) };
		const record = {
			version: "0.1.0",
			files: [file],
			timers: [],
			atBoot: [],
			installed: place.path("installed.json"),
			program,
			manifest: place.path("holdfast.json"),
		};
		mkdirSync(place.path("arrived"), { recursive: true });
		place.write("arrived/file-0", `#!/bin/sh\n${WRITTEN}\n# ${text}\nexit ${starts ? 0 : 1}\n`);
		place.write("arrived/installed.json", JSON.stringify(record));
		place.write(
			"arrived/deployment.json",
			JSON.stringify({ ...record, files: [{ ...file, from: "file-0" }] }),
		);
		return place.holdfast("__install", place.path("arrived"));
	}
	const undeploy = () => place.holdfast("__uninstall", place.path("installed.json"));

	beforeEach(() => {
		rmSync(folder, { recursive: true, force: true });
		mkdirSync(folder);
		place = new Place(folder);
		program = place.path("bin/holdfast");
		mkdirSync(place.path("bin"));
		place.write("checkout", "#!/bin/sh\n");
		place.declare({ state: { notes: { folders: [place.path("notes")] } } });
	});

	test("a link is put back, after several deploys", async () => {
		symlinkSync(place.path("checkout"), program);
		for (const text of ["one", "two"]) {
			const { code, stderr } = await deploy(text);
			assert.equal(code, 0, stderr);
			assert.match(readFileSync(program, "utf8"), new RegExp(`# ${text}`));
			assert.equal(readFileSync(place.path("checkout"), "utf8"), "#!/bin/sh\n");
		}
		const { code, stderr } = await undeploy();
		assert.equal(code, 0, stderr);
		assert.equal(readlinkSync(program), place.path("checkout"));
		assert.ok(!existsSync(kept()));
	});

	test("a deploy that fails leaves a program as it was", async () => {
		place.write("bin/holdfast", "mine");
		assert.notEqual((await deploy("one", false)).code, 0);
		assert.equal(readFileSync(program, "utf8"), "mine");
		assert.ok(!existsSync(kept()));
	});

	test("without one, nothing is put back; one that came after the deploy stays", async () => {
		assert.equal((await deploy("one")).code, 0);
		assert.equal((await undeploy()).code, 0);
		assert.ok(!existsSync(program));
		assert.equal((await deploy("one")).code, 0);
		rmSync(program);
		symlinkSync(place.path("checkout"), program);
		assert.equal((await undeploy()).code, 0);
		assert.equal(readlinkSync(program), place.path("checkout"));
	});

	test("an undeploy removes the cache", async () => {
		assert.equal((await deploy("one")).code, 0);
		mkdirSync(place.path("cache/holdfast/restic"), { recursive: true });
		const { code, stderr } = await place.holdfast("__uninstall", place.path("installed.json"));
		assert.equal(code, 0, stderr);
		assert.ok(!existsSync(place.path("cache/holdfast/restic")), stderr);
	});
});
