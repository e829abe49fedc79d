// What every kind of snapshot must do, on a real disk: a writer keeps two folders in step at full speed, and every archive shows
// them in step. One call of `fulfilsContract` per kind.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import { scratch } from "../support/scratch.ts";
import { busyDisk, type Kind } from "./busy-disk.ts";
import { volumesWithin } from "./volumes-within.ts";

const only = { skip: process.getuid?.() === 0 ? undefined : "file systems need root" };

export function fulfilsContract(kind: Kind): void {
	const folder = scratch(`snapshots-${kind.type}`);
	describe(`a backup from ${kind.type}`, only, () => {
		const busy = busyDisk(kind, folder);
		const { place, disk, app, run, providers, state, succeeds, ahead, leftovers, endWriter } = busy;

		test("of one instant, on every engine, and nothing is left", async () => {
			place.declare({ state: state("require", { consistency: "atomic" }), providers: providers() });
			await succeeds("create");
			for (const destination of ["tar", "borg", "restic", "local"]) {
				const difference = await ahead(destination);
				assert.ok(difference === 0 || difference === 1, `${destination}: ${difference}`);
			}
			const shown = JSON.parse(await succeeds("archives", "show", "--json", "tar", "latest"));
			assert.match(JSON.stringify(shown), /"consistency":"atomic"/);
			assert.match(await succeeds("archives", "show", "tar", "latest"), /atomic/);
			assert.deepEqual(leftovers(), []);
		});

		test("without a snapshot, the writer gets ahead of the backup", async () => {
			place.declare({ state: state("never"), providers: { tar: providers().tar } });
			await succeeds("create");
			const difference = await ahead("tar");
			assert.ok(difference !== 0 && difference !== 1, `the test can fail: ${difference}`);
		});

		test("a run that was killed leaves nothing in the next archive of all of the volume", async () => {
			const all = { app: { folders: [disk], snapshot: "require" } };
			place.declare({ state: all, providers: { tar: providers().tar } });
			const { code } = await place.start(["create"], ["env", "HOLDFAST_FAULT=kill@snapshot#taken"]).ended;
			assert.notEqual(code, 0);
			await succeeds("create");
			assert.doesNotMatch(await succeeds("archives", "browse", "tar", "latest"), /\.holdfast-/);
			assert.deepEqual(leftovers(), []);
		});

		test("killed at any moment and recovered: nothing is left, and the next backup is of one instant", async () => {
			place.declare({ state: state("require"), providers: { tar: providers().tar } });
			const faulty = (fault: string) => place.start(["create"], ["env", `HOLDFAST_FAULT=${fault}`]).ended;
			const { stderr } = await faulty("trace");
			const points = [
				...new Set([...stderr.matchAll(/^fault-point (snapshot.*)$/gm)].map(([, point = ""]) => point)),
			];
			assert.ok(points.length > 4, points.join(" "));
			for (const point of points) {
				const { stderr: said } = await faulty(`kill@${point}`);
				assert.match(said, new RegExp(`fault-here ${point}`));
				await succeeds("recover");
				assert.deepEqual(leftovers(), [], point);
			}
			await succeeds("create");
			const difference = await ahead("tar");
			assert.ok(difference === 0 || difference === 1, `${difference}`);
		});

		test("what cannot be caught is said: required, the state fails; otherwise it is read as it is", async () => {
			place.write("elsewhere/file", "x");
			const elsewhere = { folders: [place.path("elsewhere")] };
			const with_ = (snapshot: string) => ({ ...state("require"), other: { ...elsewhere, snapshot } });
			place.declare({ state: with_("require"), providers: { tar: providers().tar } });
			const required = await place.holdfast("create");
			assert.equal(required.code, 3, required.stderr);
			assert.match(
				required.stdout + required.stderr,
				/no snapshot of other could be taken: .*elsewhere is on a file system of which no snapshot can be taken.*\n.*snapshots are taken of btrfs.*snapshot: auto/,
			);
			place.declare({ state: with_("auto"), providers: { tar: providers().tar } });
			await succeeds("create");
			const shown = JSON.stringify(JSON.parse(await succeeds("archives", "show", "--json", "tar", "latest")));
			assert.equal(shown.match(/"consistency":"atomic"/g)?.length, 1);
			const plan = await succeeds("create", "--dry-run");
			assert.match(
				plan,
				/take the snapshot of .*; no snapshot of other, which is read as it is: .*elsewhere is on a file system/,
			);

			const own = { type: "command", create: "true", list: "echo '[]'", restore: "true" };
			place.declare({ state: state("require"), providers: { own } });
			const live = await place.holdfast("create");
			assert.notEqual(live.code, 0);
			assert.match(
				live.stdout + live.stderr,
				/no snapshot of app could be taken: provider "own" reads the live folders/,
			);

			place.declare({ state: state("require"), providers: { tar: providers().tar } });
			execFileSync("chattr", ["+i", disk]);
			const locked = await place.holdfast("create");
			execFileSync("chattr", ["-i", disk]);
			assert.notEqual(locked.code, 0, "what requires a snapshot is not read without one");
			assert.match(locked.stdout + locked.stderr, /no snapshot of app could be taken: /);

			// Nobody has asked for one: it is in the log.
			place.declare({
				state: { app: { folders: [`${app}/between`] } },
				providers: { tar: providers().tar },
			});
			execFileSync("chattr", ["+i", disk]);
			const unasked = await place.holdfast("create").finally(() => execFileSync("chattr", ["-i", disk]));
			assert.equal(unasked.code, 0, unasked.stderr);
			assert.doesNotMatch(unasked.stdout + unasked.stderr, /no snapshot|^\s*!/m);
			assert.match(await succeeds("archives", "show", "tar", "latest"), /live: /);
			assert.deepEqual(leftovers(), []);
		});

		test("a snapshot that cannot be deleted is named, and ends no backup, until it can be", async () => {
			place.declare({ state: state("require"), providers: { tar: providers().tar } });
			const locking = `HOLDFAST_FAULT_COMMAND=chattr +i ${disk}/.holdfast-*`;
			const { code, stdout, stderr } = await place.start(
				["create"],
				["env", "HOLDFAST_FAULT=run@snapshot#taken", locking],
			).ended;
			assert.equal(code, 0, stdout + stderr);
			assert.match(stderr, /! the snapshot \S*\/\.holdfast-\S+ is left: .*holdfast recover --abandon/);
			const problem = /snapshots of earlier runs could not be deleted, .*\.holdfast-/;
			assert.doesNotMatch((await place.holdfast("status")).stdout, problem);
			place.declare({ state: { app: { folders: [disk] } }, providers: { tar: providers().tar } });
			const next = await place.holdfast("create");
			assert.equal(next.code, 0, next.stderr);
			assert.match(next.stderr, /! still to do for run .*: delete the snapshot of .*--abandon/);
			assert.doesNotMatch(await succeeds("archives", "browse", "tar", "latest"), /\.holdfast-/);
			assert.match((await place.holdfast("status")).stdout, problem);
			run(`chattr -i ${disk}/.holdfast-*`);
			await succeeds("recover");
			assert.doesNotMatch((await place.holdfast("status")).stdout, problem);
			assert.deepEqual(leftovers(), []);
		});

		test("what was read is judged, not what the live folders have become", async () => {
			place.declare({ state: state("require"), providers: { tar: providers().tar } });
			await succeeds("create");
			const moved = `${app}/moved`;
			for (const [point, from] of [
				["before", `${app}/between/large`],
				["written", `${app}/between`],
			] as const) {
				const { code, stdout, stderr } = await place.start(
					["create"],
					[
						...["env", `HOLDFAST_FAULT=run@create:tar/tar#${point}`],
						`HOLDFAST_FAULT_COMMAND=mv ${from} ${moved}`,
					],
				).ended;
				run(`mv ${moved} ${from}`);
				assert.equal(code, 0, point + stdout + stderr);
			}
		});

		test("the snapshot of a disk that is away during the recovery is not forgotten", async () => {
			place.declare({ state: state("require"), providers: { tar: providers().tar } });
			const { code } = await place.start(["create"], ["env", "HOLDFAST_FAULT=kill@snapshot#taken"]).ended;
			assert.notEqual(code, 0);
			endWriter();
			await new Promise((resolve) => setTimeout(resolve, 200));
			execFileSync("umount", [disk]);
			for (const command of ["recover", "recover"])
				assert.match((await place.holdfast(command)).stderr, /with the snapshot .*, is not mounted/);
			execFileSync("mount", ["-o", "loop", place.path("image"), disk]);
			await succeeds("recover");
			assert.deepEqual(leftovers(), []);
		});

		volumesWithin(kind, busy);
	});
}
