// A service's user replaces folders with links while root backs up and restores. Nothing that only root can read may
// be read, and nothing outside the service's folders may change.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { EVERY_ENGINE } from "../support/every-engine.ts";
import { guarded } from "./hostile.ts";
import { flipping, nothingOfRoots, onlyRoot, ROUNDS, setUp, USER } from "./swapped.ts";

/** Tests of our own code rather than the engine's, which are the same with each. */
const LONG: Readonly<Record<string, string>> = {
	restic: " [long]",
	localbackup: " [long]",
};

describe("a folder above the state's is swapped for a link", onlyRoot, () => {
	for (const engine of Object.keys(EVERY_ENGINE))
		test(`${engine}: create${LONG[engine] ?? ""}`, async () => {
			const { place, home, outside, before } = setUp(engine);
			await place.holdfast("create");
			await flipping(["link", join(home, "up"), outside], async () => {
				for (let round = 0; round < ROUNDS; round++) await place.holdfast("create");
			});
			assert.equal(guarded(outside), before);
			await nothingOfRoots(place, engine);
		});

	for (const [what, words] of [
		["restore", []],
		["restore --path [long]", ["--path", "FOLDER/deep"]],
		["restore --in-place", ["--in-place"]],
		["restore --keep-old, and undo [long]", ["--keep-old", "1h"]],
	] as const)
		test(what, async () => {
			const { place, home, outside, before } = setUp("tar");
			await place.holdfast("create");
			const args = words.map((word) => word.replace("FOLDER", join(home, "up/app")));
			await flipping(["link", join(home, "up"), outside], async () => {
				for (let round = 0; round < 2 * ROUNDS; round++) {
					const { stderr } = await place.holdfast(
						"restore",
						"--yes",
						...args,
						"--service",
						"app",
						"tar",
						"latest",
					);
					if (what.includes("undo"))
						await place.holdfast("undo", "--yes", /run (\S+) in/.exec(stderr)?.[1] ?? "none");
					await place.holdfast("recover");
					assert.equal(guarded(outside), before);
				}
			});
			await place.holdfast("recover");
			assert.equal(guarded(outside), before);
		});

	test("with a link that stays, the error says what it is", async () => {
		const { place, home, outside, before } = setUp("tar");
		await place.holdfast("create");
		execFileSync("mv", [join(home, "up"), join(home, "up.kept")]);
		execFileSync("setpriv", [`--reuid=${USER}`, "--clear-groups", "ln", "-s", outside, join(home, "up")]);
		const says = /home\/up is a symbolic link to .*could have created it, so it is not followed/;
		const created = await place.holdfast("create");
		assert.equal(created.code, 1);
		assert.match(created.stderr, says);
		const restored = await place.holdfast("restore", "--yes", "--service", "app", "tar", "latest");
		assert.notEqual(restored.code, 0);
		assert.match(restored.stderr, says);
		assert.match((await place.holdfast("diff", "--service", "app", "tar", "latest")).stderr, says);
		assert.equal(guarded(outside), before);
	});
});

describe("private folders are moved away, and links put in their place", onlyRoot, () => {
	for (const engine of Object.keys(EVERY_ENGINE))
		test(`${engine}: on a filesystem that is the user's from its top on, there is no other place${LONG[engine] ?? ""}`, async (t) => {
			const { place, home, outside, before } = setUp(engine);
			rmSync(home, { recursive: true });
			mkdirSync(home);
			execFileSync("mount", ["-t", "tmpfs", "-o", `uid=${USER},gid=${USER},mode=0755`, "none", home]);
			t.after(() => execFileSync("umount", [home]));
			for (const file of ["up/app/file", "up/app/deep/file"]) place.write(`home/${file}`, "the user's");
			execFileSync("chown", ["-R", `${USER}:${USER}`, home]);
			await place.holdfast("create");
			await flipping(["areas", join(home, "up"), outside], async () => {
				for (let round = 0; round < ROUNDS; round++) {
					await place.holdfast("restore", "--yes", "--service", "app", engine, "latest");
					await place.holdfast("recover");
					assert.equal(guarded(outside), before);
				}
			});
			assert.equal(guarded(outside), before);
		});

	test("where root has a folder above, they are in that, and the restores go through", async () => {
		const { place, home, outside, before } = setUp("tar");
		await place.holdfast("create");
		await flipping(["areas", join(home, "up"), outside], async () => {
			for (let round = 0; round < ROUNDS; round++) {
				const restored = await place.holdfast("restore", "--yes", "--service", "app", "tar", "latest");
				assert.equal(restored.code, 0, restored.stderr);
			}
		});
		assert.equal(guarded(outside), before);
		assert.deepEqual(
			readdirSync(place.folder).filter((name) => name.startsWith(".holdfast-")),
			[],
		);
	});
});

describe("folders in the state's are swapped for links while they are read", onlyRoot, () => {
	for (const engine of Object.keys(EVERY_ENGINE))
		test(engine + (LONG[engine] ?? ""), async () => {
			const { place, home, outside } = setUp(engine);
			// A program that lists a folder and then opens each entry by its path meets the link at one of many.
			for (let index = 0; index < 300; index++) {
				place.write(`home/up/app/deep/${index}`, "the user's");
				place.write(`outside/${index}`, "root's own");
				chmodSync(place.path(`outside/${index}`), 0o600);
			}
			execFileSync("chown", ["-R", `${USER}:${USER}`, join(home, "up/app/deep")]);
			await flipping(["link", join(home, "up/app/deep"), outside], async () => {
				for (let round = 0; round < 2 * ROUNDS; round++) await place.holdfast("create");
			});
			await nothingOfRoots(place, engine);
		});
});

describe("a folder above the state's becomes a link, at one moment after the other", onlyRoot, () => {
	const restore = ["restore", "--yes", "--service", "app", "tar", "latest"];

	for (const words of [["create"], restore, [...restore, "--in-place"], ["undo", "--yes"]])
		test(
			words.join(" ") + (words[0] === "undo" || words.includes("--in-place") ? " [long]" : ""),
			async () => {
				const { place, home, outside, before } = setUp("tar");
				const run = async (env: readonly string[]) => {
					let line = words;
					if (words[0] === "undo") {
						await place.holdfast(...restore, "--keep-old", "1d");
						const [last] = JSON.parse((await place.holdfast("runs", "--json")).stdout) as { id: string }[];
						line = [...words, String(last?.id)];
					}
					return place.start(line, ["env", ...env]).ended;
				};
				await place.holdfast("create");
				const traced = await run(["HOLDFAST_FAULT=trace"]);
				assert.equal(traced.code, 0, traced.stderr);
				const all = [
					...new Set([...traced.stderr.matchAll(/^fault-point (.+)$/gm)].map(([, point]) => point)),
				];
				const points = all.filter((_, index) => ROUNDS > 2 || index % 4 === 1 || all.length < 12);
				const link = `ln -s ${outside} ${home}/up; chown -h ${USER} ${home}/up`;
				// A fault point may occur more than once in a run.
				const swap = `[ -L ${home}/up ] || { mv ${home}/up ${home}/up.real; ${link}; }`;
				for (const point of points) {
					const { stderr } = await run([`HOLDFAST_FAULT=run@${point}`, `HOLDFAST_FAULT_COMMAND=${swap}`]);
					assert.ok(stderr.includes(`fault-here ${point}`), `${point} was not reached\n${stderr}`);
					assert.equal(guarded(outside), before, point);
					rmSync(join(home, "up"));
					renameSync(join(home, "up.real"), join(home, "up"));
					await place.holdfast("recover");
					assert.equal(guarded(outside), before, `${point}, recovered`);
					assert.deepEqual(
						readdirSync(join(home, "up"), { recursive: true }).filter(
							(name) => !String(name).startsWith(".holdfast-20"),
						),
						["app", "app/deep", "app/file", "app/deep/file"],
						point,
					);
				}
				await nothingOfRoots(place, "tar");
			},
		);
});
