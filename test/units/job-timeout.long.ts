// Units whose jobs systemd gives up before they have come up or gone down: it continues with the unit itself.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { noMachines } from "../machine/machine.ts";
import { APP, type AppMachine, appMachine } from "./restored.ts";

describe("JobTimeoutSec", { skip: noMachines }, () => {
	let web01: AppMachine;
	before(async () => {
		web01 = await appMachine("web01");
	});
	const timed = (service: string) =>
		APP.replace("[Unit]", "[Unit]\nJobTimeoutSec=1").replace("ExecStart=", `${service}\nExecStart=`);

	test("a start that takes longer than its job may: the restore waits for the unit", async () => {
		await web01.units({ "app.service": timed("ExecStartPre=/bin/sleep 3") });
		await web01.declare({ stopOnRestore: ["app.service"], stopOnBackup: ["app.service"] });
		await web01.sh("until systemctl is-active -q app; do systemctl start app || true; sleep 0.2; done");
		await web01.holdfast_(0, "create");
		assert.equal(await web01.active("app"), "active");
		await web01.sh("echo newer >/srv/app/file");
		await web01.holdfast_(0, "restore", "--yes", "tar", "latest");
		assert.equal(await web01.sh("cat /srv/app/file; systemctl is-active app"), "old\nactive");
	});

	test("a stop that takes longer than its job may: nothing is touched before it is over", async () => {
		await web01.units({
			"app.service": timed("ExecStop=/bin/sh -c 'sleep 3; cat /srv/app/file >/run/app-ended'"),
		});
		await web01.declare({ stopOnRestore: ["app.service"], stopOnBackup: ["app.service"] });
		await web01.sh("systemctl start app");
		await web01.holdfast_(0, "create");
		assert.equal(await web01.active("app"), "active");
		await web01.sh("echo newer >/srv/app/file");
		await web01.holdfast_(0, "restore", "--yes", "tar", "latest");
		assert.equal(
			await web01.sh("cat /run/app-ended /srv/app/file; systemctl is-active app"),
			"newer\nold\nactive",
		);
	});

	test("a start that fails after its job was given up: the restore is undone, with the unit's own words", async () => {
		await web01.units({
			"app.service": timed("ExecStartPre=/bin/sh -c 'sleep 3; grep -q newer /srv/app/file'"),
		});
		await web01.declare({ stopOnRestore: ["app.service"] });
		await web01.holdfast_(0, "create");
		await web01.sh(
			"echo newer >/srv/app/file; until systemctl is-active -q app; do systemctl start app || true; sleep 0.2; done",
		);
		const said = await web01.holdfast_(1, "restore", "--yes", "tar", "latest");
		assert.match(said, /app\.service/);
		assert.equal(await web01.sh("cat /srv/app/file; systemctl is-active app"), "newer\nactive");
	});
});
