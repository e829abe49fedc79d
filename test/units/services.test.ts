// After a restore, what should run is running, whatever state the units were in; what cannot run is left down and
// reported.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { noMachines } from "../machine/machine.ts";
import { APP, type AppMachine, appMachine, daemon } from "./restored.ts";

describe("a service that was down when the restore began", { skip: noMachines }, () => {
	let web01: AppMachine;
	before(async () => {
		web01 = await appMachine("web01");
	});

	const CHECK = { healthChecks: [{ script: "echo asked >>/run/asked; systemctl is-active app", within: 0 }] };

	/** An archive of the good state is made; then this happens to it. */
	async function after(
		happened: string,
		app: string,
		options: object = {},
		more: Record<string, string> = {},
	) {
		await web01.units({ "app.service": app, ...more });
		await web01.declare({ stopOnRestore: ["app.service"], ...CHECK, ...options });
		await web01.sh("rm -f /run/asked; systemctl enable -q app; systemctl start app");
		await web01.holdfast_(0, "create");
		await web01.sh(happened);
	}
	const restore = (code: number, ...words: string[]) =>
		web01.holdfast_(code, "restore", "--yes", ...words, "tar", "latest");
	const asked = () => web01.sh("cat /run/asked 2>/dev/null || true");
	const LOST = "systemctl stop app; rm /srv/app/file; systemctl start app || true";

	test("it failed for want of its data: it is started, and its checks are asked", async () => {
		await after(LOST, APP);
		assert.equal(await web01.active("app"), "failed");
		assert.match(
			await restore(0),
			/✔ start app\.service.*\n(.*\n)*.*app\.service: was not running, started, because it had failed/,
		);
		assert.equal(await web01.active("app"), "active");
		assert.equal(await asked(), "asked");
	});

	test("somebody had stopped it, and it is enabled: it is started", async () => {
		await after("systemctl stop app", APP);
		const ended = (await restore(0, "--json")).split("\n").find((line) => line.includes('"run-ended"'));
		const { units } = JSON.parse(ended ?? "");
		assert.deepEqual(
			units.map(({ unit, became, because }: Record<string, string>) => [unit, became, because]),
			[["app.service", "started", "it is enabled"]],
		);
		assert.equal(await web01.active("app"), "active");
		assert.equal(await asked(), "asked");
	});

	test("--no-start leaves it as it was, asks nothing of it, and says so", async () => {
		await after("systemctl stop app", APP);
		const said = await restore(0, "--no-start");
		assert.match(said, /– skipped: start app\.service: .*--no-start was given/);
		assert.match(said, /app\.service: was not running, left down, because --no-start was given/);
		assert.equal(await web01.active("app"), "inactive");
		assert.equal(await asked(), "");
		await web01.sh("systemctl start app");
		await restore(0, "--no-start");
		assert.equal(await web01.active("app"), "active", "what ran comes up again");
		assert.equal(await asked(), "asked");
	});

	test("it is not enabled, but something that runs wants it: it is started [long]", async () => {
		await after(
			"systemctl disable -q app; systemctl start big.target; systemctl stop app",
			APP,
			{},
			{ "big.target": "[Unit]\nWants=app.service\n" },
		);
		assert.match(await restore(0), /started, because big\.target wants it/);
		assert.equal(await web01.active("app"), "active");
	});

	test("nothing wants it: it stays down, which is said, and it is not asked whether it is healthy", async () => {
		await after("systemctl disable -q app; systemctl stop app", APP, { settle: 1 });
		const said = await restore(0);
		assert.match(said, /app\.service: was not running, left down, because it is not enabled/);
		assert.match(said, /– skipped: check that app\.service stays up/);
		assert.equal(await web01.active("app"), "inactive");
		assert.equal(await asked(), "");
		assert.equal(await web01.sh("cat /srv/app/file"), "old");
	});

	test("it is masked: its data are restored, and it is left down, which is said [long]", async () => {
		await after(`${LOST}; rm /etc/systemd/system/app.service; systemctl mask -q app`, APP);
		const said = await restore(0, "--quiet");
		assert.match(said, /app\.service: was not running, left down, because it is masked/);
		assert.equal(
			await web01.sh("cat /srv/app/file; systemctl show -p UnitFileState --value app"),
			"old\nmasked",
		);
		assert.equal(await asked(), "");
	});

	test("systemd had given it up: it is started [long]", async () => {
		await after(
			`${LOST}; systemctl start app || true; systemctl start app || true; journalctl -u app -o cat | grep -q "repeated too quickly"`,
			APP.replace("StartLimitBurst=50", "StartLimitBurst=2\nStartLimitIntervalSec=1h"),
		);
		await restore(0);
		assert.equal(await web01.active("app"), "active");
	});

	test("a restore does not make systemd give up a unit that was started often [long]", async () => {
		await after("", APP.replace("StartLimitBurst=50", "StartLimitBurst=2\nStartLimitIntervalSec=1h"));
		for (const _ of [1, 2]) await restore(0);
		assert.equal(await web01.active("app"), "active");
	});

	test("it was on its way from one crash to the next: it is up, and stays up", async () => {
		await after(
			"rm /srv/app/file; systemctl restart --no-block app; sleep 0.3",
			APP.replace("[Service]", "[Service]\nRestart=always\nRestartSec=30"),
			{ settle: 1 },
		);
		assert.equal(await web01.active("app"), "activating");
		await restore(0);
		assert.equal(await web01.active("app"), "active");
	});

	test("a unit that crashes and waits for its next start did not stay up [long]", async () => {
		await after(
			"",
			APP.replace("[Service]", "[Service]\nRestart=always\nRestartSec=30").replace(
				"/bin/sleep inf",
				"/bin/sh -c 'if [ -e /srv/app/bad ]; then sleep 0.3; exit 1; fi; exec sleep inf'",
			),
			{ settle: 2, healthChecks: [] },
		);
		await web01.sh("touch /srv/app/bad");
		await web01.holdfast_(0, "create");
		await web01.sh("rm /srv/app/bad");
		assert.match(await restore(1), /app\.service did not stay active for 2 seconds/);
		assert.equal(await web01.active("app"), "active");
	});

	test("oneshot units: one that remains is started; one that has ended is not run again", async () => {
		const oneshot = (remains: string) =>
			`[Service]\nType=oneshot\n${remains}\nExecStart=/bin/sh -c 'echo ran >>/run/ran'\n[Install]\nWantedBy=multi-user.target\n`;
		await web01.units({ "app.service": oneshot("RemainAfterExit=yes"), "once.service": oneshot("") });
		await web01.declare({ stopOnRestore: ["app.service", "once.service"], settle: 1 });
		await web01.sh("systemctl enable -q app once; systemctl start app once");
		await web01.holdfast_(0, "create");
		for (const state of ["start", "stop"]) {
			await web01.sh(`systemctl ${state} app; rm -f /run/ran`);
			assert.match(
				await restore(0),
				/once\.service: was not running, left down, because it runs only on request/,
			);
			assert.deepEqual([await web01.active("app"), await web01.sh("cat /run/ran")], ["active", "ran"]);
		}
	});

	test("something that it conflicts with runs: it stays down", async () => {
		await after("systemctl start repair", APP, {}, { "repair.service": daemon("Conflicts=app.service") });
		assert.match(await restore(0), /left down, because repair\.service is running/);
		assert.deepEqual([await web01.active("app"), await web01.active("repair")], ["inactive", "active"]);
	});

	test("a start that systemd skips is no start [long]", async () => {
		await after("", APP.replace("[Unit]", "[Unit]\nConditionPathExists=!/srv/app/off"));
		await web01.sh("touch /srv/app/off");
		await web01.holdfast_(0, "create");
		await web01.sh("rm /srv/app/off");
		assert.match(await restore(1), /app\.service was not started: systemd skipped it/);
		assert.deepEqual([await web01.active("app"), await web01.sh("ls /srv/app")], ["active", "file"]);
	});

	test("an instance of a template; the template itself is refused [long]", async () => {
		await web01.units({ "app@.service": APP });
		await web01.declare({ stopOnRestore: ["app@one.service"] });
		await web01.sh("systemctl enable -q app@one; systemctl start app@one");
		await web01.holdfast_(0, "create");
		await web01.sh("rm /srv/app/file; systemctl restart app@one || true");
		await restore(0);
		assert.equal(await web01.active("app@one"), "active");
		await web01.declare({ stopOnRestore: ["app@.service"] });
		assert.match(await restore(1), /app@\.service is a template: name its instances/);
	});

	test("a transient unit is refused before it is stopped", async () => {
		await web01.units({});
		await web01.declare({ stopOnRestore: ["passing.service"], stopOnBackup: ["passing.service"] });
		await web01.sh("systemd-run -q --unit passing sleep inf");
		assert.match(
			await web01.holdfast_(1, "create"),
			/passing\.service is transient: it disappears when it stops/,
		);
		assert.equal(await web01.active("passing"), "active");
		await web01.declare({ stopOnRestore: ["passing.service"] });
		await web01.holdfast_(0, "create");
		assert.match(await restore(1), /passing\.service is transient: it disappears when it stops/);
		assert.equal(await web01.active("passing"), "active");
		await web01.sh("systemctl stop passing");
	});

	test("a unit that would take the run itself along is refused", async () => {
		await web01.units({ "app.service": APP });
		await web01.declare({ stopOnRestore: ["app.slice"] });
		await web01.holdfast_(0, "create");
		const { code, stderr } = await web01.run([
			...["systemd-run", "-q", "--wait", "--pipe", "--slice=app.slice"],
			...["/opt/holdfast/bin/holdfast", "restore", "--yes", "tar", "latest"],
		]);
		assert.deepEqual([code, /would end this run/.test(stderr)], [1, true], stderr);
	});

	test("a script of System V [long]", async () => {
		await web01.units({});
		await web01.write(
			"/etc/init.d/old",
			`#!/bin/sh
### BEGIN INIT INFO
# Provides: old
# Required-Start:
# Required-Stop:
# Default-Start: 2 3 4 5
# Default-Stop:
### END INIT INFO
case $1 in
start) test -e /srv/app/file || exit 1; start-stop-daemon -S -b -m -p /run/old.pid -x /bin/sleep -- inf ;;
stop) start-stop-daemon -K -p /run/old.pid; rm -f /run/old.pid ;;
esac
`,
			"0755",
		);
		await web01.sh("update-rc.d old defaults >/dev/null; systemctl daemon-reload; systemctl start old");
		await web01.declare({ stopOnRestore: ["old.service"] });
		await web01.holdfast_(0, "create");
		await web01.sh("systemctl stop old; rm /srv/app/file; systemctl start old || true");
		await restore(0);
		assert.equal(await web01.sh("systemctl is-active old; pgrep -cF /run/old.pid"), "active\n1");
		await web01.sh("systemctl stop old; update-rc.d old remove; rm /etc/init.d/old; systemctl daemon-reload");
	});

	test("a unit that does not stop, and one that does not start: the wait has an end [long]", async () => {
		await after(
			"",
			APP.replace(
				"/bin/sleep inf",
				`/bin/sh -c "trap '[ -e /run/stubborn ] || exit 0' TERM; while :; do sleep 0.1; done"`,
			).replace("[Service]", "[Service]\nTimeoutStopSec=infinity"),
		);
		await web01.sh("touch /run/stubborn");
		const env = { HOLDFAST_UNIT_SECONDS: "3" };
		const words = ["/opt/holdfast/bin/holdfast", "restore", "--yes", "tar", "latest"];
		const { code, stderr } = await web01.run(words, { env });
		// Whatever is found wrong: no other test must wait for this unit.
		await web01.sh(
			"rm /run/stubborn; systemctl kill -s KILL app; until systemctl is-active -q app; do sleep 0.1; done",
		);
		assert.match(stderr, /could not stop app\.service: systemd had not finished after 3 seconds/);
		assert.notEqual(code, 0);
		assert.equal(await web01.sh("cat /srv/app/file; ls -A /srv/app"), "old\nfile");
		await web01.holdfast_(0, "recover");

		await after(
			"",
			APP.replace("Type=exec", "Type=notify\nTimeoutStartSec=infinity")
				.replace(
					"/bin/sleep inf",
					"/bin/sh -c 'test -e /srv/app/slow || systemd-notify --ready; exec sleep inf'",
				)
				.replace("[Service]", "[Service]\nNotifyAccess=all"),
		);
		await web01.sh("touch /srv/app/slow");
		await web01.holdfast_(0, "create");
		await web01.sh("rm /srv/app/slow");
		const start = await web01.run(words, { env });
		assert.match(start.stderr, /could not start app\.service: systemd had not finished after 3 seconds/);
		assert.deepEqual([start.code, await web01.active("app")], [1, "active"]);
	});

	test("a unit of a user: started when it should run; without a manager, said to be down", async () => {
		await web01.units({});
		await web01.sh(`
			id alice >/dev/null 2>&1 || useradd --create-home alice; loginctl enable-linger alice
			until [ -S /run/user/$(id -u alice)/systemd/private ]; do sleep 0.1; done
			install -d -o alice /home/alice/.config/systemd/user
		`);
		await web01.write("/home/alice/.config/systemd/user/own.service", APP.replace("multi-user", "default"));
		const as = (words: string) =>
			web01.sh(`runuser -u alice -- env XDG_RUNTIME_DIR=/run/user/$(id -u alice) systemctl --user ${words}`);
		await as("daemon-reload");
		await as("enable -q --now own");
		await web01.declare({ stopOnRestore: [{ unit: "own.service", user: "alice" }], ...CHECK });
		await web01.holdfast_(0, "create");
		await as("stop own");
		await web01.declare({ stopOnRestore: [{ unit: "own.service", user: "alice" }] });
		assert.match(await restore(0), /own\.service of alice: was not running, started/);
		assert.equal(await as("is-active own"), "active");
		await web01.sh("loginctl disable-linger alice; systemctl stop user@$(id -u alice)");
		assert.match(
			await restore(0),
			/own\.service of alice: was not running, left down, because its user's systemd manager/,
		);
	});
});
