// Units that cannot simply be started again: at boot with incomplete data, after a run that is given up, when the
// message bus starts them in between, and when their state turns out to be unreadable.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { noMachines } from "../machine/machine.ts";
import { RECOVERY_UNITS } from "../support/units.ts";
import { APP, type AppMachine, appMachine, daemon } from "./restored.ts";

const HOLDFAST = "/opt/holdfast/bin/holdfast";

describe("units that are left down, or do not stay so", { skip: noMachines }, () => {
	let web01: AppMachine;
	before(async () => {
		web01 = await appMachine("web01");
	});
	const restore = (code: number, ...words: string[]) =>
		web01.holdfast_(code, "restore", "--yes", ...words, "tar", "latest");

	test("at boot, while its data cannot all be put back, a unit whose file is in /etc stays down", async () => {
		await web01.units({
			"app.service": APP,
			...Object.fromEntries(RECOVERY_UNITS.map(({ name, text }) => [name, text])),
		});
		await web01.declare({ stopOnRestore: ["app.service"], folders: ["/srv/app"] });
		await web01.sh(`
			ln -sf ${HOLDFAST} /usr/local/bin/holdfast
			systemctl enable -q app holdfast-recover; systemctl start app
		`);
		await web01.holdfast_(0, "create");
		await web01.sh("echo newer >/srv/app/file");
		await web01.run([HOLDFAST, "restore", "--yes", "tar", "latest"], {
			env: { HOLDFAST_FAULT: "kill@place:app:0#after" },
		});
		// The previous data are unavailable for now, as on a disk that is not mounted.
		await web01.sh("mv /srv/.holdfast-*-app /srv/hidden");
		await web01.powerOff();
		await web01.boot();
		await web01.sh("until [ $(systemctl is-system-running) != starting ]; do sleep 0.1; done");
		assert.equal(
			await web01.active("app"),
			"inactive",
			await web01.sh("journalctl -b -u app -u holdfast-recover"),
		);
	});

	test("a process that its unit leaves behind is named, and how to end it", async () => {
		await web01.units({
			"app.service":
				"[Service]\nKillMode=process\nExecStart=/bin/sh -c 'tail -f /srv/app/file & exec sleep inf'\n[Install]\nWantedBy=multi-user.target\n",
		});
		await web01.declare({ stopOnRestore: ["app.service"] });
		await web01.sh("systemctl start app; until pgrep -x tail; do sleep 0.1; done");
		await web01.holdfast_(0, "create");
		const said = await restore(0);
		assert.match(
			said,
			/process \d+ \(tail of app\.service, root.*\) has \/srv\/app\/file open, even when app\.service is stopped \(because of its KillMode=\): end it with: kill \d+/,
		);
		await web01.sh("systemctl stop app; pkill -x tail || true");
	});

	test("a run that is given up names the units that it left down, and what it says brings them back", async () => {
		await web01.units({
			"app.service": APP,
			"web.service": daemon("Requires=app.service\nAfter=app.service"),
		});
		await web01.declare({ stopOnRestore: ["app.service"] });
		await web01.sh("systemctl start app web");
		await web01.holdfast_(0, "create");
		await web01.sh("echo newer >/srv/app/file");
		await web01.run(["/opt/holdfast/bin/holdfast", "restore", "--yes", "tar", "latest"], {
			env: { HOLDFAST_FAULT: "kill@aside:app:0#renamed" },
		});
		const [{ id }] = JSON.parse(await web01.sh("/opt/holdfast/bin/holdfast runs --json")) as [{ id: string }];
		const { code, stdout, stderr } = await web01.run([
			"/opt/holdfast/bin/holdfast",
			...["recover", "--abandon", id, "--yes"],
		]);
		const said = stdout + stderr;
		assert.equal(code, 0, said);
		const [, old = ""] = /the previous \/srv\/app is now (\S+)/.exec(said) ?? [];
		const starts = [...said.matchAll(/was running before and is not now: (.*)$/gm)].map(
			([, command = ""]) => command,
		);
		assert.ok(old !== "" && starts.length === 2, said);
		await web01.sh(`mv ${old} /srv/app; ${starts.join("; ")}`);
		assert.equal(await web01.sh("cat /srv/app/file; systemctl is-active app web"), "newer\nactive\nactive");
		await web01.holdfast_(0, "create");
	});

	test("a service that the message bus starts when it is asked for", async () => {
		await web01.units({ "app.service": APP });
		await web01.write(
			"/usr/share/dbus-1/system-services/org.example.App.service",
			"[D-BUS Service]\nName=org.example.App\nExec=/bin/false\nUser=root\nSystemdService=app.service\n",
		);
		await web01.write(
			"/etc/dbus-1/system.d/org.example.App.conf",
			'<busconfig><policy context="default"><allow send_destination="org.example.App"/></policy></busconfig>',
		);
		await web01.sh("systemctl reload dbus; systemctl start app");
		const ask =
			"busctl --timeout=1 call org.example.App /org/example/App org.freedesktop.DBus.Peer Ping || :; sleep 1";
		await web01.declare({
			stopOnRestore: ["app.service"],
			stopOnBackup: ["app.service"],
			hooks: { preRestore: ask },
		});
		await web01.holdfast_(0, "create");
		await web01.sh("echo newer >/srv/app/file");
		const { code, stderr } = await web01.run([
			"/opt/holdfast/bin/holdfast",
			"restore",
			"--yes",
			"tar",
			"latest",
		]);
		assert.equal(code, 1, stderr);
		assert.match(stderr, /what can start it: requests for org\.example\.App on the message bus/);
		assert.match(stderr, /busctl monitor org\.example\.App/);
		assert.equal(await web01.sh("cat /srv/app/file; systemctl is-active app"), "newer\nactive");
		await web01.declare({ stopOnRestore: ["app.service"], stopOnBackup: ["app.service"] });
		await restore(0);
		assert.equal(await web01.sh("cat /srv/app/file; systemctl is-active app"), "old\nactive");
	});

	test("a state that cannot be read once its units are down: they are started again, as after any fault", async () => {
		// Its folder goes with the unit.
		await web01.units({ "app.service": daemon("", "ExecStopPost=-/bin/mv -T /srv/app /srv/app.gone") });
		await web01.sh("systemctl start app");
		await web01.declare({ stopOnBackup: ["app.service"], folders: ["/srv/app"] });
		const { stderr } = await web01.run([HOLDFAST, "create"]);
		assert.match(stderr, /left out: state app/);
		assert.equal(await web01.active("app"), "active", stderr);
		await web01.sh("systemctl stop app; rm -rf /srv/app.gone");
	});
});
