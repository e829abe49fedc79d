// The units of a deploy on a real systemd: their privileges, their credentials, and whom they notify.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { type Machine, machine, noMachines } from "../machine/machine.ts";

describe("units", { skip: noMachines }, () => {
	let web01: Machine;
	const declare = (own: string) =>
		web01.write(
			"/root/holdfast.yaml",
			`
machines:
  web01:
    state: { notes: { folders: [/srv/notes] } }
${own}
`,
		);
	const DISK =
		"    providers: { tar: { destinations: { disk: { path: /var/backups/holdfast } }, retention: { daily: 3 } } }\n";

	before(async () => {
		web01 = await machine("web01", { units: ["systemd-logind.service", "dbus.service", "dbus.socket"] });
		await web01.sh("mkdir -p /srv/notes; echo one >/srv/notes/file");
	});

	const holdfast = (...words: string[]) =>
		web01.run(["/opt/holdfast/bin/holdfast", ...words], { cwd: "/root" });
	async function deployed(own: string): Promise<void> {
		await declare(own);
		const { code, stdout, stderr } = await holdfast("deploy", "--yes");
		assert.equal(code, 0, stdout + stderr);
	}

	test("a machine without a host is this one: its timers are put in place here", async () => {
		await deployed(DISK);
		assert.match(await web01.sh("systemctl list-timers --all --plain --no-legend"), /holdfast-create.timer/);
		await web01.sh(
			"systemd-analyze verify /etc/systemd/system/holdfast-*.service /etc/systemd/system/holdfast-*.timer 2>&1 | grep -i holdfast | grep -v 'not-found\\|Failed to create' && exit 1 || true",
		);
		await web01.sh("systemctl start holdfast-create.service");
		const { stdout } = await holdfast("status");
		assert.match(stdout, /✔ +web01 +notes +tar\/disk/);
	});

	test("how a run ended is in the journal, in fields", async () => {
		const entry = JSON.parse(await web01.sh("journalctl -o json HOLDFAST_OPERATION=create | tail -n 1"));
		assert.equal(entry.HOLDFAST_OUTCOME, "done");
		assert.equal(entry.MESSAGE, "create of web01: done");
	});

	test("a service is given what its work needs, and not more", async () => {
		const figure = await web01.sh("systemd-analyze security --no-pager holdfast-create.service | tail -n 1");
		const exposure = Number(/: (\d+\.\d) /.exec(figure)?.[1]);
		assert.ok(exposure <= 7, figure);
	});

	test("the machine does not go to sleep while a run is under way", async () => {
		await declare(`${DISK}    notify: []\n`);
		await web01.write(
			"/root/slow.yaml",
			"machines: { web01: { state: { notes: { folders: [/srv/notes], hooks: { preBackup: 'systemd-inhibit --list --no-legend >/root/inhibitors' } } }, providers: { tar: { destinations: { disk: { path: /var/backups/holdfast } } } } } }\n",
		);
		assert.equal((await holdfast("create", "--config", "/root/slow.yaml")).code, 0);
		assert.match(
			await web01.sh("cat /root/inhibitors"),
			/holdfast +0 +root .* sleep +create of web01 +block/,
		);
		assert.doesNotMatch(await web01.sh("systemd-inhibit --list --no-legend"), /holdfast/);
	});

	test("a passphrase may be a credential, plain or encrypted; by hand it is found as well", async () => {
		const repo = (name: string) =>
			`    providers: { borgbackup: { destinations: { ${name}: { repo: /var/backups/${name}, passphraseCredential: ${name} } } } }\n`;
		await web01.sh(
			"mkdir -p -m 0700 /etc/credstore /etc/credstore.encrypted; (umask 077; echo 'correct horse' >/etc/credstore/plain)",
		);
		await deployed(repo("plain"));
		await web01.sh(
			"systemctl start holdfast-create.service || { journalctl -u holdfast-create --no-pager | tail -20; false; }",
		);
		assert.equal((await holdfast("list")).code, 0);
		await web01.sh(
			"systemd-creds setup >/dev/null 2>&1; echo 'battery staple' | systemd-creds --with-key=host --name=sealed encrypt - /etc/credstore.encrypted/sealed; ! grep -q battery /etc/credstore.encrypted/sealed",
		);
		await deployed(repo("sealed"));
		await web01.sh(
			"systemctl start holdfast-create.service || { journalctl -u holdfast-create --no-pager | tail -20; false; }",
		);
		const listed = await holdfast("list");
		assert.equal(listed.code, 0, listed.stderr);
		assert.match(listed.stdout, /sealed::/);
		await web01.sh("rm /etc/credstore.encrypted/sealed");
		const { stderr } = await holdfast("list");
		assert.match(stderr, /cannot read the credential sealed/);
	});

	test("a provider with a schedule of its own has a timer of its own; what is gone from the config is gone from the machine", async () => {
		await deployed(
			`    schedule: { check: false, skipOnBattery: true, skipOnMetered: true }\n    providers:\n      tar: { destinations: { disk: { path: /var/backups/holdfast } } }\n      weekly: { type: tar, schedule: "Sun *-*-* 03:00:00", destinations: { usb: { path: /var/backups/weekly } } }\n`,
		);
		assert.equal(
			await web01.sh(
				"cd /etc/systemd/system; ls -d holdfast-*.timer; grep -h ExecStart= holdfast-create*.service",
			),
			[
				"holdfast-create-weekly.timer",
				"holdfast-create.timer",
				"ExecStart=/usr/local/bin/holdfast create --provider weekly --config /etc/holdfast/manifest.json --wait 6h",
				"ExecStart=/usr/local/bin/holdfast create --provider tar --config /etc/holdfast/manifest.json --wait 6h",
			].join("\n"),
		);
		await web01.sh("systemctl start holdfast-create.service holdfast-create-weekly.service");
		assert.match((await holdfast("list")).stdout, /usb::/);
		assert.equal(
			await web01.sh("systemctl is-enabled holdfast-prune.timer 2>&1 || true"),
			"Failed to get unit file state for holdfast-prune.timer: No such file or directory",
		);
	});

	test("a service that is killed leaves nothing half-way: what it began is undone at once", async () => {
		await web01.write("/etc/systemd/system/notes.service", "[Service]\nExecStart=/bin/sleep infinity\n");
		await web01.sh("systemctl daemon-reload; systemctl start notes");
		await declare(
			DISK.replace("providers", "schedule: { prune: false }\n    providers") +
				`    notify: [{ command: [sh, -c, "cat >/root/told-of-kill"] }]\n`,
		);
		await web01.sh(
			"sed -i 's|folders: \\[/srv/notes\\]|folders: [/srv/notes], stopOnBackup: [notes], hooks: { preBackup: \"true\" }|' /root/holdfast.yaml; head -c 300M /dev/urandom >/srv/notes/large",
		);
		const { code, stderr } = await holdfast("deploy", "--yes");
		assert.equal(code, 0, stderr);
		await web01.sh(`
			systemctl start --no-block holdfast-create.service
			until ! systemctl -q is-active notes; do sleep 0.05; done
			systemctl kill --signal=KILL holdfast-create.service
			until systemctl is-failed -q holdfast-create.service; do sleep 0.1; done
			systemctl -q is-active notes
		`);
		assert.match((await holdfast("runs")).stdout, /create +web01 +recovered/);
		await web01.sh("until test -s /root/told-of-kill; do sleep 0.1; done");
		assert.match(
			await web01.sh("cat /root/told-of-kill"),
			/create of web01: failed\n(.*\n)*.*holdfast-create\.service failed before it could send a report/,
		);
	});

	test("a user's own timers are in that user's manager, and come back when the home does, after a reboot and a login", async () => {
		await web01.sh("useradd --create-home --shell /bin/bash alice; install -d -o alice /home/alice/notes");
		const uid = await web01.sh("id -u alice");
		const asAlice = (script: string) =>
			web01.run([
				"runuser",
				"-u",
				"alice",
				"--",
				"bash",
				"-c",
				`cd; export XDG_RUNTIME_DIR=/run/user/${uid}; ${script}`,
			]);
		const login = `systemctl start user@${uid}.service`;
		await web01.sh(login);
		await web01.write(
			"/home/alice/holdfast.yaml",
			"machines: { web01: { state: { notes: { folders: [/home/alice/notes] } }, providers: { tar: { destinations: { disk: { path: /home/alice/archives } } } } } }\n",
		);
		const deployed = await asAlice("/opt/holdfast/bin/holdfast deploy --yes");
		assert.equal(deployed.code, 0, deployed.stdout + deployed.stderr);
		assert.equal((await asAlice("systemctl --user start holdfast-create.service")).code, 0);
		await web01.powerOff();
		await web01.boot();
		// If it is encrypted, it is not there before she logs in.
		await web01.sh(
			`mount -t tmpfs none /home/alice; ! systemctl -q is-active user@${uid}.service; umount /home/alice; ${login}`,
		);
		assert.equal((await asAlice("systemctl --user is-active holdfast-create.timer")).stdout, "active\n");
		const status = await asAlice(".local/bin/holdfast status");
		assert.equal(status.code, 0, status.stdout + status.stderr);
		assert.match(status.stdout, /✔ +web01 +notes +tar\/disk/);
		assert.match(status.stdout, /; next create 2/);
		await asAlice(`
			mkdir -p ~/.config/systemd/user/holdfast-create.timer.d
			printf '[Timer]\nOnCalendar=\nOnCalendar=2099-01-01\n' >~/.config/systemd/user/holdfast-create.timer.d/later.conf
			systemctl --user daemon-reload; systemctl --user restart holdfast-create.timer
		`);
		const late = await asAlice(".local/bin/holdfast status");
		assert.equal(late.code, 1, late.stdout);
		assert.match(
			late.stdout,
			/✘ web01: holdfast-create\.timer runs next at 2099-.* a good archive of notes is expected every 26 h.*systemctl --user cat/,
		);
	});

	test("a try of notify reaches whom the config names, and says whom it cannot reach", async () => {
		await declare(
			`${DISK}    notify: [{ command: [sh, -c, "cat >/root/told"] }, { email: admin@example.org }, { ntfy: "http://127.0.0.1:9/topic" }]\n`,
		);
		const { code, stderr } = await holdfast("notify");
		assert.equal(code, 1);
		assert.match(stderr, /could not notify the topic at 127\.0\.0\.1:9/);
		assert.match(stderr, /could not notify admin@example.org/);
		assert.match(
			await web01.sh("cat /root/told"),
			/trial of the notifications of .*\nThis is a trial: nothing failed/,
		);
	});
});
