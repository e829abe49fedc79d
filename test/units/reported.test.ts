// Problems that others have reported with stops and starts around a backup or a restore, tested on this program. Each
// names its report.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { noMachines } from "../machine/machine.ts";
import { APP, type AppMachine, appMachine, daemon } from "./restored.ts";

describe("reports against others", { skip: noMachines }, () => {
	let web01: AppMachine;
	before(async () => {
		web01 = await appMachine("web01");
	});
	const restore = (code: number) => web01.holdfast_(code, "restore", "--yes", "tar", "latest");

	test("systemd #1312, #18856: what never came up for want of the service comes up with it", async () => {
		await web01.units({
			"app.service": APP,
			"web.service": daemon("Requires=app.service\nAfter=app.service"),
		});
		await web01.declare({ stopOnRestore: ["app.service"] });
		await web01.holdfast_(0, "create");
		await web01.sh("rm /srv/app/file; systemctl enable -q app web; systemctl start web || true");
		assert.deepEqual([await web01.active("app"), await web01.active("web")], ["failed", "inactive"]);
		assert.match(await restore(0), /web\.service: was not running, started, because it is enabled/);
		assert.deepEqual([await web01.active("app"), await web01.active("web")], ["active", "active"]);
	});

	test("systemd #39429: what falls with the service and pulls it up again is found out, and named", async () => {
		await web01.units({
			"app.service": APP,
			"web.service": daemon("Wants=app.service\nAfter=app.service", "Restart=always\nRestartSec=0.2").replace(
				"/bin/sleep inf",
				"/bin/sh -c 'while systemctl is-active -q app; do sleep 0.1; done; exit 1'",
			),
		});
		await web01.declare({ stopOnRestore: ["app.service"], hooks: { preRestore: "sleep 1" } });
		await web01.sh("systemctl start app web");
		await web01.holdfast_(0, "create");
		await web01.sh("echo newer >/srv/app/file");
		const said = await restore(1);
		assert.match(said, /app\.service was started again by something while it had to be down/);
		assert.match(said, /what can start it: web\.service/);
		assert.equal(await web01.sh("cat /srv/app/file; systemctl is-active app"), "newer\nactive");
		await web01.declare({ stopOnRestore: ["app.service", "web.service"], hooks: { preRestore: "sleep 1" } });
		await restore(0);
		assert.equal(await web01.sh("cat /srv/app/file; systemctl is-active app web"), "old\nactive\nactive");
	});

	test("systemd #23815, #23581, moby #37468: a service of Type=notify with a socket that is part of it", async () => {
		await web01.units({
			"app.service": APP.replace("Type=exec", "Type=notify\nNotifyAccess=all")
				.replace("[Unit]", "[Unit]\nRequires=app.socket\nAfter=app.socket")
				.replace("/bin/sleep inf", "/bin/sh -c 'systemd-notify --ready; exec sleep inf'"),
			"app.socket": "[Unit]\nPartOf=app.service\n[Socket]\nListenStream=/run/app.sock\n",
			"app-more.socket": "[Socket]\nListenStream=/run/app-more.sock\nService=app.service\n",
		});
		await web01.declare({ stopOnRestore: ["app.service"], stopOnBackup: ["app.service"] });
		await web01.sh("systemctl start app.socket app-more.socket; systemctl start app");
		const all = () => web01.sh("systemctl is-active app app.socket app-more.socket");
		await web01.holdfast_(0, "create");
		assert.equal(await all(), "active\nactive\nactive");
		await restore(0);
		assert.equal(await all(), "active\nactive\nactive");
	});

	test("systemd #4708: a masked service whose socket listens", async () => {
		await web01.units({
			"app.service": APP,
			"app.socket": "[Socket]\nListenStream=/run/app.sock\n",
		});
		await web01.declare({ stopOnRestore: ["app.service"] });
		await web01.sh("systemctl start app.socket");
		await web01.holdfast_(0, "create");
		await web01.sh("rm /etc/systemd/system/app.service; systemctl mask -q app; echo newer >/srv/app/file");
		assert.match(await restore(0), /app\.service: was not running, left down, because it is masked/);
		assert.equal(await web01.sh("cat /srv/app/file; systemctl is-active app.socket"), "old\nactive");
	});

	test("YunoHost-Apps/borg_ynh #89, docker-borgmatic #97: a backup that fails starts what it had stopped", async () => {
		await web01.units({
			"app.service": APP,
			"web.service": daemon("Requires=app.service\nAfter=app.service"),
		});
		await web01.declare({ stopOnBackup: ["app.service"], folders: ["/srv/app"] });
		await web01.sh("systemctl start app web; touch /mnt/archives");
		await web01.holdfast_(1, "create");
		assert.deepEqual([await web01.active("app"), await web01.active("web")], ["active", "active"]);
	});

	test("yast-yast2 #1059: down when the restore began, and started by its socket before its stop", async () => {
		await web01.units({
			"app.service": APP.replace(/^WantedBy.*/m, ""),
			"app.socket": "[Socket]\nListenStream=127.0.0.1:7777\n",
		});
		await web01.declare({ stopOnRestore: ["app.service"] });
		await web01.sh("systemctl start app.socket");
		await web01.holdfast_(0, "create");
		const { code, stderr } = await web01.run(
			["/opt/holdfast/bin/holdfast", "restore", "--yes", "tar", "latest"],
			{
				env: {
					HOLDFAST_FAULT: "run@stop:app#before",
					HOLDFAST_FAULT_COMMAND:
						"bash -c 'exec 3<>/dev/tcp/127.0.0.1/7777; until systemctl is-active -q app; do sleep 0.1; done'",
				},
			},
		);
		assert.equal(code, 0, stderr);
		assert.deepEqual([await web01.active("app"), await web01.active("app.socket")], ["active", "active"]);
	});

	test("github/backup-utils #883: a restore that fails has its timers run again", async () => {
		await web01.units({ "app.service": APP, "jobs.timer": "[Timer]\nOnCalendar=daily\nUnit=app.service\n" });
		await web01.declare({ stopOnRestore: ["app.service"], hooks: { postRestore: "false" } });
		await web01.sh("systemctl start app jobs.timer");
		await web01.holdfast_(0, "create");
		await restore(1);
		assert.deepEqual([await web01.active("app"), await web01.active("jobs.timer")], ["active", "active"]);
	});
});
