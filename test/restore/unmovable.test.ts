// What cannot be renamed or deleted: folders of an overlay's lower layer, immutable and append-only files.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { after, describe, test } from "node:test";
import { Place } from "../support/place.ts";
import { scratch } from "../support/scratch.ts";
import { attributesOf, factsOf, fillAwkward, isRoot } from "../support/tree.ts";

const below = scratch("unmovable");
const root = { skip: isRoot ? false : "only root can mount, and set attributes" };

async function ends(place: Place, code: number, script: string, ...words: string[]) {
	const output = await place.holdfastAfter(script, ...words);
	assert.equal(output.code, code, `${words.join(" ")}\n${output.stdout}${output.stderr}`);
	return output;
}

describe("a folder of an overlay's lower layer", root, () => {
	/** Backed up, with a change in the upper layer since. */
	async function onOverlay(state: object = {}) {
		const place = new Place(below);
		for (const part of ["lower/own", "upper", "work", "own"])
			mkdirSync(place.path(part), { recursive: true });
		fillAwkward(place.path("lower/own/app"));
		place.write("lower/own/app/deep/file", "as it was");
		const layers = `lowerdir=${place.path("lower/own")},upperdir=${place.path("upper")},workdir=${place.path("work")}`;
		const mounted = `mount -t overlay overlay -o ${layers} ${place.path("own")}`;
		place.declare({ state: { s: { folders: [place.path("own/app")], specialFiles: true, ...state } } });
		await ends(place, 0, mounted, "create");
		const changed = `${mounted}; echo newer >${place.path("own/app/deep/file")}; echo x >${place.path("own/app/added")}`;
		/** The output of a command with the overlay mounted. */
		const look = (what: string) =>
			execFileSync("unshare", ["-m", "sh", "-euc", `${mounted}; ${what}`], { encoding: "utf8", cwd: "/" });
		return { place, mounted, changed, look };
	}

	test("is restored: its old copy is made by copying, and that is said before", async () => {
		const { place, changed, look } = await onOverlay();
		const before = factsOf(place.path("lower/own/app"));
		const attributes = attributesOf(place.path("lower/own/app"));
		const { stderr } = await ends(place, 0, changed, "restore", "--yes", "tar", "latest");
		assert.match(stderr, /! .*own\/app is in the lower layer of an overlay file system/);
		assert.equal(look(`ls -A ${place.path("own")}`), "app\n");
		// By now entirely in the upper layer.
		assert.deepEqual(factsOf(place.path("upper/app")), before);
		assert.equal(attributesOf(place.path("upper/app")), attributes);
	});

	test("is what it was, when the restore fails after the swap", async () => {
		const { place, changed, look } = await onOverlay({ healthChecks: [{ script: "false", within: "1s" }] });
		const facts = `cd ${place.path("own")}; find . ! -type s -printf '%p %m %U:%G %s %l\\n' | sort; cat app/deep/file app/added`;
		await ends(place, 1, changed, "restore", "--yes", "tar", "latest");
		const [wanted, found] = [
			execFileSync("unshare", ["-m", "sh", "-euc", `${changed}; ${facts}`], { encoding: "utf8" }),
			look(facts),
		];
		assert.equal(found, wanted);
	});

	for (const point of ["copied", "whole", "deleted"])
		test(`is what it was, when the run dies at "${point}" and is recovered`, async () => {
			const { place, mounted, changed, look } = await onOverlay();
			const died = `${changed}; export HOLDFAST_FAULT=kill@aside:s:0#${point}`;
			assert.notEqual((await place.holdfastAfter(died, "restore", "--yes", "tar", "latest")).code, 0);
			// Until the existing data are deleted, they are live and may be written to.
			const since = point === "deleted" ? ":" : `echo more >>${place.path("own/app/added")}`;
			await ends(place, 0, `${mounted}; ${since}`, "recover");
			assert.equal(
				look(`cat ${place.path("own/app/deep/file")} ${place.path("own/app/added")}`),
				point === "deleted" ? "newer\nx\n" : "newer\nx\nmore\n",
			);
			assert.equal(look(`ls -A ${place.path("own")}`), "app\n");
		});
});

describe("what is immutable or append-only", root, () => {
	const locked: string[] = [];
	after(() => {
		for (const path of locked) if (existsSync(path)) execFileSync("chattr", ["-R", "-i", "-a", path]);
	});
	const lock = (how: string, path: string) => {
		locked.push(path);
		execFileSync("chattr", [how, path]);
	};
	async function backedUp() {
		const place = new Place(below);
		place.write("home/app/deep/file", "as it was");
		place.declare({
			state: {
				s: { folders: [place.path("home/app")], hooks: { preRestore: `touch ${place.path("touched")}` } },
			},
		});
		await ends(place, 0, ":", "create");
		place.write("home/app/deep/file", "newer");
		return place;
	}

	test("is seen before anything is touched, in the folder and in the one that holds it, and how to change it is said", async () => {
		const place = await backedUp();
		for (const [path, how] of [
			["home/app", "+i"],
			["home/app", "+a"],
			["home", "+i"],
			["home", "+a"],
		] as const) {
			lock(how, place.path(path));
			const { stderr } = await ends(place, 1, ":", "restore", "--yes", "tar", "latest");
			assert.match(
				stderr,
				new RegExp(
					`is (immutable|append-only) .*chattr ${how.replace("+", "-")} '?${place.path(path)}'?[ ,]`,
				),
			);
			assert.ok(!existsSync(place.path("touched")));
			execFileSync("chattr", ["-i", "-a", place.path(path)]);
		}
		await ends(place, 0, ":", "restore", "--yes", "tar", "latest");
		assert.equal(readFileSync(place.path("home/app/deep/file"), "utf8"), "as it was");
	});

	test("files deeper down go with the old copy", async () => {
		const place = await backedUp();
		lock("+i", place.path("home/app/deep/file"));
		lock("+a", place.path("home/app/deep"));
		await ends(place, 0, ":", "restore", "--yes", "tar", "latest");
		assert.equal(readFileSync(place.path("home/app/deep/file"), "utf8"), "as it was");
		assert.deepEqual(readdirSync(place.path("home")), ["app"]);
	});

	test("nothing is deleted in place when something deeper down cannot be", async () => {
		const place = await backedUp();
		place.write("home/app/other", "kept");
		lock("+i", place.path("home/app/deep/file"));
		const { stderr } = await ends(place, 1, ":", "restore", "--yes", "--in-place", "tar", "latest");
		assert.match(stderr, /deep\/file is immutable/);
		assert.equal(readFileSync(place.path("home/app/other"), "utf8"), "kept");
	});

	test("a folder that borg backed up as immutable comes back, and that it was is said", async () => {
		const place = new Place(below);
		place.write("home/app/file", "as it was");
		const borg = { destinations: { repo: { repo: place.path("repo"), encryption: "none" } } };
		place.declare({ state: { s: { folders: [place.path("home/app")] } }, providers: { borgbackup: borg } });
		lock("+i", place.path("home/app/file"));
		lock("+i", place.path("home/app"));
		await ends(place, 0, ":", "create");
		execFileSync("chattr", ["-R", "-i", place.path("home/app")]);
		place.write("home/app/file", "newer");
		const { stderr } = await ends(place, 0, ":", "restore", "--yes", "borgbackup", "latest");
		assert.match(stderr, /home\/app was immutable when it was backed up.*chattr \+i/);
		assert.equal(readFileSync(place.path("home/app/file"), "utf8"), "as it was");
		assert.match(execFileSync("lsattr", [place.path("home/app/file")], { encoding: "utf8" }), /^-*i/);
	});
});
