// freezeOnBackup: units stand still while snapshots are taken, and go on whatever happens to the run.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { before, describe, test } from "node:test";
import { type Machine, machine, noMachines } from "../machine/machine.ts";
import { FOLDERS, startWriter } from "./writer.ts";

const DISKS = { "/one": "btrfs", "/two": "btrfs" } as const;
const declare = (on: Machine, state: object) =>
	on.write(
		"/etc/holdfast/holdfast.json",
		JSON.stringify({
			machines: {
				[on.name]: {
					state: { app: { folders: FOLDERS, snapshot: "require", ...state } },
					providers: { tar: { destinations: { disk: { path: "/mnt/archives" } } } },
				},
			},
		}),
	);
const holdfast = "/opt/holdfast/bin/holdfast";
const freezer = (on: Machine) => on.sh("systemctl show -p FreezerState --value app");

describe("units that are frozen while snapshots are taken", { skip: noMachines }, () => {
	let web01: Machine;
	before(async () => {
		web01 = await machine("web01", { disks: DISKS, unifiedCgroups: true });
		await startWriter(web01);
	});

	test("stand still from before the first snapshot until after the last, and that is said", async () => {
		await declare(web01, { freezeOnBackup: ["app"], consistency: "atomic" });
		const { code, stdout, stderr } = await web01.holdfast("create");
		assert.equal(code, 0, stdout + stderr);
		assert.match(
			stdout + stderr,
			/✔ freeze app\.service[\s\S]*✔ take the snapshots of[\s\S]*✔ thaw app\.service.*\n +app\.service stood still for \d+ ms[\s\S]*✔ write/,
		);
		assert.match(await web01.sh(`${holdfast} archives show tar latest`), /atomic: /);
		assert.equal(await freezer(web01), "running");
		assert.equal(await web01.sh("systemctl list-units --all --plain --no-legend 'holdfast-thaw-*'"), "");
	});

	test("that do not run are left so", async () => {
		await declare(web01, { freezeOnBackup: ["app", "other"], consistency: "atomic" });
		await web01.write("/etc/systemd/system/other.service", "[Service]\nExecStart=/bin/sleep inf\n");
		await web01.sh("systemctl daemon-reload");
		const { code, stdout, stderr } = await web01.holdfast("create");
		assert.equal(code, 0, stdout + stderr);
		assert.equal(await web01.sh("systemctl is-active other || true"), "inactive");
	});

	test("that do not exist are not taken for units that stand still", async () => {
		await declare(web01, { freezeOnBackup: ["ap"] });
		const { code, stdout, stderr } = await web01.holdfast("create");
		assert.equal(code, 0, stdout + stderr);
		assert.match(stdout + stderr, /! ap\.service, which is to be frozen, does not exist/);
		assert.match(await web01.sh(`${holdfast} archives show tar latest`), /spread: /);
	});

	test("go on after the run was killed: recover thaws them, and systemd does without", async () => {
		await declare(web01, { freezeOnBackup: ["app"] });
		for (const point of ["freeze#armed", "freeze#after", "snapshot#taken", "thaw#before"]) {
			const killed = await web01.run([holdfast, "create"], {
				env: { HOLDFAST_FAULT: `kill@${point}` },
			});
			assert.notEqual(killed.code, 0, point);
			assert.equal(await freezer(web01), point === "freeze#armed" ? "running" : "frozen", point);
			const timer = await web01.sh("systemctl list-units --plain --no-legend 'holdfast-thaw-*.timer'");
			assert.match(timer, /^holdfast-thaw-\S+\.timer/, point);
			if (point === "snapshot#taken") {
				// What the timer does when its time has come.
				await web01.sh(`systemctl start ${timer.split(".timer")[0]}.service`);
				assert.equal(await freezer(web01), "running");
			}
			const recovered = await web01.holdfast("recover");
			assert.equal(recovered.code, 0, recovered.stdout + recovered.stderr);
			assert.equal(await freezer(web01), "running", point);
			assert.equal(await web01.sh("systemctl list-units --all --plain --no-legend 'holdfast-thaw-*'"), "");
		}
	});

	test("that went on too early make it no instant", async () => {
		await declare(web01, { freezeOnBackup: ["app"] });
		// The time is up before the last snapshot.
		const { stdout, stderr } = await web01.run([holdfast, "create"], {
			env: {
				HOLDFAST_FAULT: "run@snapshot#taken",
				HOLDFAST_FAULT_COMMAND: `systemctl list-units --plain --no-legend 'holdfast-thaw-*.timer' |
					cut -d. -f1 | xargs -I{} systemctl start {}.service`,
			},
		});
		const said = stdout + stderr;
		assert.match(said, /app\.service went on before all snapshots were taken \(.* at most 30 seconds\)/);
		assert.match(await web01.sh(`${holdfast} archives show tar latest`), /spread: /);
	});

	test("that have no processes of their own make it no instant, nor do those that are started meanwhile", async () => {
		await web01.write(
			"/etc/systemd/system/composed.service",
			"[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n",
		);
		await web01.write("/etc/systemd/system/late.service", "[Service]\nExecStart=/bin/sleep inf\n");
		await web01.sh("systemctl daemon-reload; systemctl start composed");
		await declare(web01, { freezeOnBackup: ["app", "composed", "late"] });
		const { stdout, stderr } = await web01.run([holdfast, "create"], {
			env: { HOLDFAST_FAULT: "run@snapshot#taken", HOLDFAST_FAULT_COMMAND: "systemctl start late" },
		});
		const said = stdout + stderr;
		assert.match(said, /composed\.service is not frozen while snapshots are taken: it has no processes/);
		assert.match(said, /late\.service was started while snapshots were taken/);
		assert.match(await web01.sh(`${holdfast} archives show tar latest`), /spread: /);
		assert.equal(await web01.sh("systemctl show -p FreezerState --value composed"), "running");
		await web01.sh("systemctl stop late composed");
	});

	test("go on also while somebody stops them, when systemd refuses to thaw [long]", async () => {
		await declare(web01, { freezeOnBackup: ["app"] });
		const { code, stdout, stderr } = await web01.run([holdfast, "create"], {
			env: {
				HOLDFAST_FAULT: "run@snapshot#taken",
				HOLDFAST_FAULT_COMMAND: "systemctl --no-block stop app; sleep 1",
			},
		});
		assert.equal(code, 0, stdout + stderr);
		await web01.sh("timeout 10 systemctl stop app; systemctl start app");
		assert.equal(await freezer(web01), "running");
		assert.equal(await web01.sh("systemctl list-units --all --plain --no-legend 'holdfast-thaw-*'"), "");
	});

	test("are thawed by systemd after its time, also then", async () => {
		await declare(web01, { freezeOnBackup: ["app"] });
		await web01.run([holdfast, "create"], { env: { HOLDFAST_FAULT: "kill@snapshot#taken" } });
		assert.equal(await freezer(web01), "frozen");
		const timer = await web01.sh("systemctl list-units --plain --no-legend 'holdfast-thaw-*.timer'");
		await web01.sh(
			`systemctl --no-block stop app; systemctl start ${timer.split(".timer")[0]}.service; timeout 10 systemctl stop app`,
		);
		assert.equal((await web01.holdfast("recover")).code, 0);
		await web01.sh("systemctl start app");
	});

	test("are thawed when no snapshot can be taken", async () => {
		await declare(web01, { freezeOnBackup: ["app"] });
		await web01.sh("chattr +i /one");
		const { code, stdout, stderr } = await web01.holdfast("create");
		await web01.sh("chattr -i /one");
		assert.notEqual(code, 0, stdout + stderr);
		assert.match(stdout + stderr, /no snapshot of app could be taken/);
		assert.equal(await freezer(web01), "running");
	});
});

describe("where systemd cannot freeze", {
	skip: noMachines ?? (existsSync("/sys/fs/cgroup/unified") ? undefined : "this host has cgroup v2 only"),
}, () => {
	test("that is said, the snapshots are not called one instant, and the promise is not kept", async () => {
		const old01 = await machine("old01", { disks: DISKS });
		await startWriter(old01);
		await declare(old01, { freezeOnBackup: ["app"], consistency: "atomic" });
		const { code, stdout, stderr } = await old01.holdfast("create");
		assert.equal(code, 3, stdout + stderr);
		assert.match(
			stdout + stderr,
			/app\.service is not frozen while snapshots are taken: systemd can freeze only where the machine uses nothing but cgroup v2/,
		);
		assert.match(stdout + stderr, /it is spread, and the config promises atomic/);
		assert.equal(await old01.sh("systemctl is-active app"), "active");
	});
});
