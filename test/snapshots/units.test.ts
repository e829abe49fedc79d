// With a snapshot, the units of a backup start again before anything is read; without one, afterwards.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { type Machine, machine, noMachines } from "../machine/machine.ts";

describe("units of a backup from snapshots", { skip: noMachines }, () => {
	let web01: Machine;
	before(async () => {
		web01 = await machine("web01", { disks: { "/btr": "btrfs", "/disk": "ext4" } });
		await web01.write("/etc/systemd/system/app.service", "[Service]\nExecStart=/bin/sleep inf\n");
		await web01.sh(`
			btrfs subvolume create /btr/app >/dev/null
			mkdir /disk/other
			echo x | tee /btr/app/file >/disk/other/file
			systemctl start app
		`);
	});

	/** The ids of the steps that a create began, in their order. */
	async function stepsOf(state: object, env: Record<string, string> = {}): Promise<string[]> {
		await web01.write(
			"/etc/holdfast/holdfast.json",
			JSON.stringify({
				machines: {
					web01: { state, providers: { tar: { destinations: { disk: { path: "/disk/archives" } } } } },
				},
			}),
		);
		const { code, stdout, stderr } = await web01.run(["/opt/holdfast/bin/holdfast", "create", "--json"], {
			env,
		});
		assert.equal(code, 0, stderr);
		assert.equal(await web01.sh("systemctl is-active app; ls -A /btr; ls -A /btr/app"), "active\napp\nfile");
		return stdout
			.trim()
			.split("\n")
			.map((line) => JSON.parse(line) as { type: string; step: string })
			.flatMap(({ type, step }) => (type === "step-started" ? [step] : []));
	}
	const app = { folders: ["/btr/app"], snapshot: "require", stopOnBackup: ["app.service"] };
	const words = async () => {
		const shown = await web01.sh("/opt/holdfast/bin/holdfast archives show --json tar latest");
		return [...shown.matchAll(/"consistency": ?"(\w+)"/g)].map(([, word]) => word);
	};
	const order = (steps: readonly string[]) => steps.filter((id) => /^(stop|snapshot|start|create)/.test(id));

	test("start as soon as it is taken", async () => {
		const steps = ["stop:app", "snapshot", "start:app", "create:tar/disk", "snapshot-drop"];
		assert.deepEqual(order(await stepsOf({ app })), steps);
	});

	test("stay down if another state that needs them down is read as it is", async () => {
		const other = { folders: ["/disk/other"], stopOnBackup: ["app.service"] };
		assert.deepEqual(order(await stepsOf({ app, other })), [
			...[
				"stop:app",
				"stop:other",
				"snapshot",
				"create:tar/disk",
				"start:other",
				"start:app",
				"snapshot-drop",
			],
		]);
		assert.deepEqual(await words(), ["atomic", "stopped"]);
	});

	test("stay down if the snapshot fails when it is taken, until the state was read as it is", async () => {
		const auto = { app: { ...app, snapshot: "auto" } };
		assert.deepEqual(order(await stepsOf(auto)), order(await stepsOf({ app })));
		const meanwhile = "btrfs subvolume create /btr/app/meanwhile";
		const fault = { HOLDFAST_FAULT: "run@snapshot#before", HOLDFAST_FAULT_COMMAND: meanwhile };
		const hooks = { postBackup: "btrfs subvolume delete /btr/app/meanwhile" };
		assert.deepEqual(order(await stepsOf({ app: { ...auto.app, hooks } }, fault)), [
			...["stop:app", "snapshot", "create:tar/disk", "start-later:app", "snapshot-drop"],
		]);
		assert.deepEqual(await words(), ["stopped"]);
	});

	test("that somebody starts meanwhile: the archive is not called stopped, nor of one instant", async () => {
		const declared = { folders: ["/btr/app", "/disk/other"], stopOnBackup: ["app.service"] };
		for (const [state, point, word] of [
			[{ ...declared, consistency: "stopped" }, "create:tar/disk#written", "live"],
			[{ folders: ["/btr"], snapshot: "require", stopOnBackup: ["app.service"] }, "snapshot#taken", "spread"],
		] as const) {
			await web01.write(
				"/etc/holdfast/holdfast.json",
				JSON.stringify({
					machines: {
						web01: {
							state: { app: state },
							providers: { tar: { destinations: { disk: { path: "/disk/archives" } } } },
						},
					},
				}),
			);
			const { code, stdout, stderr } = await web01.run(["/opt/holdfast/bin/holdfast", "create"], {
				env: { HOLDFAST_FAULT: `run@${point}`, HOLDFAST_FAULT_COMMAND: "systemctl start app" },
			});
			const said = stdout + stderr;
			assert.match(said, /app\.service was running while it was copied/);
			const shown = await web01.sh("/opt/holdfast/bin/holdfast archives show tar latest || true");
			if (word === "live") {
				assert.equal(code, 3, said);
				assert.match(said, /it is live, and the config promises stopped/);
			} else assert.match(shown, new RegExp(`${word}: `));
		}
	});
});
