// The content that a load by command has replaced comes back.
import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { NEWER, OLD, plain, RESTORE, stored } from "./store-of-commands.ts";

describe("what was live comes back", () => {
	test("when a health check fails, and the load knew what it loads into", async () => {
		const { holdfast, fill, is, tidy } = await stored(
			(store, place) => ({ ...plain(store), load: `[ -s ${place.path("own/file")} ]; cat >"${store}"` }),
			{ state: { healthChecks: [{ command: ["false"], within: 0 }] } },
		);
		await holdfast(0, "create");
		fill(NEWER);
		await holdfast(1, ...RESTORE, "tar", "latest");
		is(NEWER);
		tidy();
	});

	test("when a load fails half-way", async () => {
		const { holdfast, fill, is, tidy } = await stored((store) => ({
			command: ["cat", store],
			load: `head -c 100000 >"${store}"; if cmp -n 3 -s "${store}" <(echo old); then echo it is too old >&2; exit 4; fi`,
		}));
		await holdfast(0, "create");
		fill(NEWER);
		const said = await holdfast(1, ...RESTORE, "tar", "latest");
		assert.match(said, /could not load the store box: the command ended with exit code 4/);
		assert.match(said, /it is too old/);
		is(NEWER);
		tidy();
	});

	for (const point of ["loading", "loaded"])
		test(`when the run is killed at ${point}`, async () => {
			const { place, holdfast, fill, is, tidy } = await stored(plain);
			await holdfast(0, "create");
			fill(NEWER);
			const killed = place.start(
				[...RESTORE, "tar", "latest"],
				["env", `HOLDFAST_FAULT=kill@store-load:app:0#${point}`],
			);
			assert.match((await killed.ended).stderr, /fault-here/);
			await holdfast(0, "recover");
			is(NEWER);
			tidy();
		});

	for (const [what, state, ends] of [
		["a restore", {}, [OLD, NEWER]],
		["a restore that fails", { healthChecks: [{ command: ["false"], within: 0 }] }, [NEWER]],
	] as const)
		test(`when ${what} is killed, at whichever point [long]`, async () => {
			const { place, store, holdfast, fill, is, tidy } = await stored(plain, { state });
			await holdfast(0, "create");
			const restore = (fault: string) =>
				place.start([...RESTORE, "tar", "latest"], ["env", `HOLDFAST_FAULT=${fault}`]).ended;
			fill(NEWER);
			const traced = (await restore("trace")).stderr.matchAll(/^fault-point (.*)$/gm);
			const points = new Set([...traced].map(([, point = ""]) => point));
			assert.ok(points.has("store-aside:app:0#dumped"));
			for (const point of points) {
				fill(NEWER);
				assert.match((await restore(`kill@${point}`)).stderr, /fault-here/, point);
				await place.holdfast("recover");
				const end = ends.find((one) => readFileSync(store, "utf8") === one);
				assert.ok(end !== undefined, point);
				is(end);
				tidy();
			}
		});

	test("from an undo, which is undone itself if it fails; and after it, nothing is left", async () => {
		const { store, declare, place, holdfast, fill, is, tidy } = await stored(plain);
		await holdfast(0, "create");
		fill(NEWER);
		await holdfast(0, "restore", "--yes", "--keep-old", "1d", "--service", "app", "tar", "latest");
		is(OLD);
		// The undo uses the commands of the restore's config.
		declare({ command: ["false"], load: ["false"] });
		chmodSync(place.path("store"), 0o500);
		const killed = place.start(
			["undo", "--yes", "latest"],
			["env", "HOLDFAST_FAULT=kill@store-load:app:0#loaded"],
		);
		await killed.ended;
		await holdfast(0, "recover");
		is(OLD);
		await holdfast(0, "undo", "--yes", "latest");
		is(NEWER);
		assert.ok(existsSync(store));
		tidy();
	});

	test("not with wayBack: none, and the plan says so", async () => {
		const { store, place, holdfast, fill } = await stored((store) => ({ ...plain(store), wayBack: "none" }), {
			state: { healthChecks: [{ command: ["false"], within: 0 }] },
		});
		await holdfast(0, "create");
		fill(NEWER);
		const plan = await holdfast(0, "restore", "--dry-run", "--service", "app", "tar", "latest");
		assert.match(plan, /replace the content of the store box .*; this cannot be undone/);
		assert.match(
			await holdfast(1, ...RESTORE, "tar", "latest"),
			/the store box has the content of the archive/,
		);
		assert.equal(readFileSync(store, "utf8"), OLD);
		assert.equal(readFileSync(place.path("own/file"), "utf8"), NEWER);
	});

	test("with its folders, if it is in them", async () => {
		const { place, holdfast } = await stored(
			(_, place) => ({
				command: `cat ${place.path("own/live")}`,
				load: `cat >${place.path("own/live")}`,
				wayBack: "folders",
			}),
			{ state: { exclude: ["/**/own/live"], healthChecks: [{ command: ["false"], within: 0 }] } },
		);
		place.write("own/live", OLD);
		await holdfast(0, "create");
		place.write("own/live", NEWER);
		await holdfast(1, ...RESTORE, "tar", "latest");
		assert.equal(readFileSync(place.path("own/live"), "utf8"), NEWER);
	});
});

test("what cannot be dumped now is not replaced, but in place it is", async () => {
	const { store, holdfast, fill, is, tidy } = await stored((store) => ({
		command: `if [ -e ${store}.broken ]; then echo it is broken >&2; exit 1; fi; cat ${store}`,
		load: `rm -f ${store}.broken; cat >${store}`,
	}));
	await holdfast(0, "create");
	fill(NEWER);
	writeFileSync(`${store}.broken`, "");
	const said = await holdfast(1, ...RESTORE, "tar", "latest");
	assert.match(said, /the content that the store box has now could not be put aside.*exit code 1/);
	assert.match(said, /it is broken/);
	is(NEWER);
	await holdfast(0, ...RESTORE, "--in-place", "tar", "latest");
	is(OLD);
	tidy();
});
