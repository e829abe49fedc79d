// A machine that has only SSH and systemd: Holdfast is installed there, backs it up by a timer, reports its status,
// and is removed again.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { type Machine, machine, noMachines } from "../machine/machine.ts";
import { letIn } from "./keys.ts";

describe("deploy", { skip: noMachines }, () => {
	let laptop: Machine;
	let web01: Machine;
	let nas: Machine;

	before(async () => {
		laptop = await machine("laptop");
		[web01, nas] = await Promise.all([
			machine("web01", { units: ["ssh.service"] }),
			machine("nas", { units: ["ssh.service"] }),
		]);
		await letIn(laptop, [web01, nas]);
		// Without Node, and without a checkout.
		await web01.sh(
			"umount /opt/holdfast; rm -f /usr/bin/node /usr/local/bin/node; ! command -v node; mkdir -p /srv/notes; echo one >/srv/notes/file; echo 'echo welcome to web01' >/root/.bashrc",
		);
		await declare();
	});

	const declare = (more = "") =>
		laptop.write(
			"/root/fleet/holdfast.yaml",
			`
machines:
  web01:
    host: root@web01
    ${more || "schedule: { randomizedDelay: 0 }"}
    state: { notes: { folders: [/srv/notes] } }
    providers:
      borgbackup:
        destinations:
          nas: { server: nas }
        retention: { daily: 7 }
  nas: { host: root@nas, borgServer: {} }
`,
		);
	const holdfast = (...words: string[]) =>
		laptop.run(["/opt/holdfast/bin/holdfast", ...words], { cwd: "/root/fleet" });
	const succeeds = async (...words: string[]) => {
		const { code, stdout, stderr } = await holdfast(...words);
		assert.equal(code, 0, `holdfast ${words.join(" ")}\n${stdout}${stderr}`);
		return stdout + stderr;
	};

	test("before it, a create says what is missing", async () => {
		const { code, stderr } = await holdfast("create", "web01");
		assert.equal(code, 1);
		assert.match(stderr, /Holdfast is not installed on web01 .*\n(.*\n)*.*holdfast deploy web01/);
	});

	test("--dry-run shows what would come and changes nothing; without a terminal and --yes it is refused", async () => {
		const shown = await succeeds("deploy", "web01", "--dry-run");
		assert.match(shown, /^\+ \/etc\/holdfast\/manifest.json$/m);
		assert.match(shown, /^\+ \/etc\/systemd\/system\/holdfast-create.timer$/m);
		assert.match(shown, /secrets\/borgbackup-nas.passphrase is created \(passphrase of borgbackup\/nas\)/);
		await web01.sh("mv /usr/bin/borg /usr/bin/borg.away");
		const without = await succeeds("deploy", "web01", "--dry-run");
		await web01.sh("mv /usr/bin/borg.away /usr/bin/borg");
		assert.match(without, /^! web01 has no borg: install it: apt-get install borgbackup$/m);
		assert.doesNotMatch(shown, /^!/m);
		const refused = await holdfast("deploy", "web01");
		assert.equal(refused.code, 2);
		await web01.sh("! test -e /etc/holdfast; ! test -e /usr/local/lib/holdfast; ! test -e /var/lib/holdfast");
		await laptop.sh("! test -e /root/fleet/secrets");
	});

	test("program, manifest, secrets and timers are in place; once more changes nothing", async () => {
		// Of an operator that was killed while it sent.
		await web01.sh(
			"mkdir -p /var/lib/holdfast/deploy/left; echo secret >/var/lib/holdfast/deploy/left/file-4",
		);
		await succeeds("deploy", "web01", "--yes");
		assert.match(await web01.sh("holdfast --version"), /^\d/);
		assert.equal(
			await web01.sh(
				"stat -c %a:%U /etc/holdfast/secrets /etc/holdfast/secrets/* /etc/holdfast/manifest.json | sort -u",
			),
			"600:root\n700:root",
		);
		assert.equal(
			await web01.sh("systemctl is-active holdfast-create.timer holdfast-prune.timer holdfast-check.timer"),
			"active\nactive\nactive",
		);
		assert.equal(
			await web01.sh("systemctl is-enabled holdfast-create.timer holdfast-recover.service"),
			"enabled\nenabled",
		);
		assert.match(await succeeds("deploy", "web01"), /web01 is up to date$/m);
		await declare("maxAge: 8d");
		const old =
			/web01: the config has changed since the last deploy, and the timers still use the old one: holdfast deploy web01/;
		const told = await holdfast("status", "web01");
		assert.match(told.stdout + told.stderr, old);
		await declare();
		assert.doesNotMatch((await holdfast("status", "web01")).stdout, /has changed since/);
		// No leftovers of the transfer are there, and no passphrase is stored in plain text on the laptop.
		assert.equal(await web01.sh("ls -A /var/lib/holdfast/deploy"), "");
		const passphrase = await web01.sh("cat /etc/holdfast/secrets/borgbackup-nas.passphrase");
		await laptop.sh(
			`! grep -r ${passphrase} /root/fleet /root/.config /var/lib/holdfast /run/holdfast 2>/dev/null`,
		);
		await web01.sh(`! grep -r ${passphrase} /var/lib/holdfast /run/holdfast`);
	});

	test("the backup server: an account whose keys serve one repository each, and can only add to it", async () => {
		await succeeds("deploy", "nas", "--yes");
		const keys = await nas.sh("cat /var/lib/holdfast-borg/.ssh/authorized_keys");
		assert.match(
			keys,
			/^command="borg serve --restrict-to-repository \/var\/lib\/holdfast-borg\/web01 --append-only",restrict ssh-ed25519 \S+/m,
		);
		assert.equal(await nas.sh("stat -c %a:%U /var/lib/holdfast-borg"), "700:borg");
		const { stdout } = await web01.run([
			..."ssh -i /etc/holdfast/secrets/borgbackup-nas.key -o BatchMode=yes -o StrictHostKeyChecking=accept-new borg@nas".split(
				" ",
			),
			"cat /etc/passwd",
		]);
		assert.doesNotMatch(stdout, /root:/);
	});

	test("it backs up by the clock, for real, and status says so", async () => {
		const late = await holdfast("status", "web01");
		assert.equal(late.code, 1);
		assert.match(late.stdout, /notes has no good archive of this machine in borgbackup\/nas/);
		const willOrDid = () =>
			web01.sh("systemctl show --value -p NextElapseUSecRealtime,LastTriggerUSec holdfast-create.timer");
		// On a busy machine, the deploy may take longer than this timeout.
		for (const seconds of [8, 30, 120]) {
			const soon = await web01.sh(`date -d '+${seconds} seconds' '+%Y-%m-%d %H:%M:%S'`);
			await declare(`schedule: { create: "${soon}", randomizedDelay: 0 }`);
			const changed = await succeeds("deploy", "web01", "--yes");
			assert.match(changed, new RegExp(`^ +\\+OnCalendar=${soon}$`, "m"));
			if ((await willOrDid()) !== "") break;
		}
		await web01.sh(`
			ended() { systemctl show -P ExecMainExitTimestampMonotonic holdfast-create.service; }
			for n in $(seq 1200); do [ "$(ended)" = 0 ] || break; sleep 0.2; done
			until systemctl show -P ActiveState holdfast-create.service | grep -qx -e inactive -e failed; do sleep 0.2; done
		`);
		const listed = await succeeds("list", "web01");
		assert.match(
			listed,
			/notes .*nas::ssh:\/\/borg@nas\/var\/lib\/holdfast-borg\/web01::web01-/,
			await web01.sh("journalctl -u holdfast-create --no-pager | tail -30"),
		);
		const over = await holdfast("status", "web01");
		assert.equal(over.code, 1);
		assert.match(over.stdout, /✘ web01: holdfast-create\.timer will never run/);
		await declare();
		await succeeds("deploy", "web01", "--yes");
		const well = await holdfast("status", "web01");
		assert.equal(well.code, 0, well.stdout + well.stderr);
		assert.match(well.stdout, /✔ +web01 +notes +borgbackup\/nas/);
	});

	test("a timer that never comes is told of, however it was lost", async () => {
		const timer = "/etc/systemd/system/holdfast-prune.timer";
		for (const [harm, said, cure] of [
			["systemctl stop holdfast-prune.timer", "is not running", "systemctl start holdfast-prune.timer"],
			[
				"systemctl disable holdfast-prune.timer",
				"will not be started at the next boot",
				"systemctl enable holdfast-prune.timer",
			],
			[
				`systemctl disable --now holdfast-prune.timer; mv ${timer} /root/; systemctl daemon-reload`,
				"is missing, so nothing runs on that schedule",
				`mv /root/holdfast-prune.timer ${timer}; systemctl daemon-reload; systemctl enable --now holdfast-prune.timer`,
			],
		] as const) {
			await web01.sh(harm);
			const { code, stdout } = await holdfast("status", "web01");
			assert.equal(code, 1, harm);
			assert.ok(stdout.includes(`✘ web01: holdfast-prune.timer ${said}`), stdout);
			await web01.sh(cure);
			assert.equal((await holdfast("status", "web01")).code, 0, cure);
		}
	});

	test("a create from the laptop, a restore from the laptop", async () => {
		await succeeds("create", "web01");
		await web01.sh("echo two >/srv/notes/file");
		await succeeds("restore", "--yes", "web01", "borgbackup", "latest");
		assert.equal(await web01.sh("cat /srv/notes/file"), "one");
	});

	test("a deploy that systemd refuses leaves all as it was", async () => {
		const facts =
			"sha256sum /etc/holdfast/manifest.json /etc/holdfast/installed.json /etc/systemd/system/holdfast-*; systemctl is-active holdfast-create.timer; ls -A /etc/systemd/system /etc/holdfast /usr/local/bin";
		const was = await web01.sh(facts);
		await declare('schedule: { create: "every now and then" }');
		const { code, stderr } = await holdfast("deploy", "web01", "--yes");
		assert.equal(code, 1, stderr);
		assert.match(stderr, /systemd failed to start the timers/);
		assert.equal(await web01.sh(facts), was);
	});

	test("a failed prune counts as much as a failed backup; a service that cannot start is told of", async () => {
		await declare('notify: [{ command: [sh, -c, "env | grep HOLDFAST_ >>/root/told; cat >>/root/told"] }]');
		await succeeds("deploy", "web01", "--yes");
		await nas.sh("mv /var/lib/holdfast-borg/web01 /var/lib/holdfast-borg/away");
		const { code } = await holdfast("prune", "web01", "--yes");
		assert.notEqual(code, 0);
		const bad = await holdfast("status", "web01", "--json");
		assert.equal(bad.code, 1);
		assert.match(JSON.parse(bad.stdout).problems.join("\n"), /the last prune/);
		assert.match(
			await web01.sh("cat /root/told"),
			/HOLDFAST_OPERATION=prune(.*\n)*holdfast: prune of web01: failed/,
		);
		await nas.sh("mv /var/lib/holdfast-borg/away /var/lib/holdfast-borg/web01");
		await succeeds("prune", "web01", "--yes");
		await web01.sh(
			"rm /root/told; mv /etc/holdfast/manifest.json /root/; systemctl start holdfast-check.service || true; mv /root/manifest.json /etc/holdfast/",
		);
		const failed = await holdfast("status", "web01");
		assert.equal(failed.code, 1);
		assert.match(failed.stdout, /holdfast-check.service failed: exit-code/);
		await web01.sh("systemctl start holdfast-check.service");
		assert.equal((await holdfast("status", "web01")).code, 0);
	});

	test("another passphrase there than here: nothing is changed", async () => {
		await web01.sh(
			"cp -a /etc/holdfast/secrets/borgbackup-nas.passphrase /root/borg; echo other >/etc/holdfast/secrets/borgbackup-nas.passphrase",
		);
		const { code, stderr } = await holdfast("deploy", "web01", "--yes");
		assert.equal(code, 1);
		assert.match(
			stderr,
			/the secret at \/etc\/holdfast\/secrets\/borgbackup-nas.passphrase on web01 differs/,
		);
		await web01.sh("cp -a /root/borg /etc/holdfast/secrets/borgbackup-nas.passphrase");
	});

	test("the laptop's secrets are lost: no key is replaced, on the machine or on its server", async () => {
		await laptop.sh("mv /root/fleet/secrets /root/secrets");
		const keys = () => nas.sh("sha256sum /var/lib/holdfast-borg/.ssh/authorized_keys");
		const before = await keys();
		for (const name of ["nas", "web01"]) {
			const { code, stderr } = await holdfast("deploy", name, "--yes");
			assert.equal(code, 1);
			assert.match(stderr, / is not in \/root\/fleet\/secrets[:,].*nothing was changed[\s\S]*→ restore /);
		}
		assert.equal(await keys(), before);
		await laptop.sh("! test -e /root/fleet/secrets; mv /root/secrets /root/fleet/secrets");
		await succeeds("deploy", "web01", "nas");
	});

	test("a link of the user's own is named before it is replaced, and put back by an undeploy", async () => {
		await web01.sh("rm /usr/local/bin/holdfast; ln -s /opt/mine /usr/local/bin/holdfast");
		assert.match(
			await succeeds("deploy", "web01", "--yes"),
			/^! \/usr\/local\/bin\/holdfast is your own \(a link to \/opt\/mine\): it is replaced/m,
		);
		assert.match(
			await succeeds("undeploy", "web01", "--dry-run"),
			/your own from before the deploy is put back/,
		);
		await succeeds("undeploy", "web01", "--yes");
		assert.equal(await web01.sh("readlink /usr/local/bin/holdfast"), "/opt/mine");
		await succeeds("deploy", "web01", "--yes");
		await web01.sh("ln -sf /opt/mine /usr/local/bin/holdfast");
		assert.match(
			await succeeds("undeploy", "web01", "--yes"),
			/is your own \(a link to \/opt\/mine\): it stays/,
		);
		assert.equal(
			await web01.sh("readlink /usr/local/bin/holdfast; ls -d /var/cache/holdfast 2>/dev/null || echo gone"),
			"/opt/mine\ngone",
		);
		await web01.sh("rm -f /usr/local/bin/holdfast /usr/local/bin/.holdfast*");
		await succeeds("deploy", "web01", "--yes");
	});

	test("the host of another machine is refused: by its record, where the config does not show it", async () => {
		await laptop.write(
			"/root/renamed.yaml",
			"machines: { web99: { host: ssh://root@web01, state: { notes: { folders: [/srv/notes] } }, providers: { tar: { destinations: { d: { path: /srv/d } } } } } }",
		);
		for (const command of ["deploy", "undeploy"]) {
			const { code, stderr } = await holdfast(command, "web99", "--yes", "--config", "/root/renamed.yaml");
			assert.equal(code, 1);
			assert.match(stderr, /the host of web99 is already deployed as "web01"/);
		}
		assert.match(await web01.sh("cat /etc/holdfast/manifest.json"), /"machine": "web01"/);
		const { code, stdout } = await holdfast("status", "web99", "--config", "/root/renamed.yaml");
		assert.equal(code, 1);
		assert.match(
			stdout,
			/✘ web99: this host is deployed as "web01": its timers back up that machine, not web99/,
		);
		assert.match(stdout, /^web99: no run yet; no timer$/m);
	});

	test("undeploy takes all away but what archives are read with, and the journal", async () => {
		assert.match(
			await succeeds("undeploy", "web01", "--dry-run"),
			/secrets\/borgbackup-nas.passphrase stays/,
		);
		await succeeds("undeploy", "web01", "--yes");
		assert.equal(
			await web01.sh(
				"find /etc/systemd/system -name 'holdfast*'; find /usr/local/lib/holdfast -type f; find /usr/local/bin -name 'holdfast*'; ls /etc/holdfast; systemctl list-timers --all --plain --no-legend 'holdfast*'",
			),
			"secrets",
		);
		await web01.sh("test -e /var/lib/holdfast/journal.sqlite");
	});

	for (const seconds of [0.5, 1.2, 2.5])
		test(`a terminal that goes away after ${seconds} s ends neither a deploy nor an undeploy half-way${seconds === 1.2 ? "" : " [long]"}`, async () => {
			for (const command of ["deploy", "undeploy"]) {
				const program = `/opt/holdfast/bin/holdfast ${command} web01 --yes >/dev/null 2>&1`;
				await laptop.sh(
					`cd /root/fleet; ${program} & holdfast=$!; sleep ${seconds}; kill -HUP $holdfast 2>/dev/null || :; wait $holdfast || :`,
				);
				const deployed = await web01.sh("test -e /etc/holdfast/manifest.json && echo yes || echo no");
				assert.equal(
					await web01.sh("systemctl is-active holdfast-create.timer || :"),
					deployed === "yes" ? "active" : "inactive",
					`${command}, ${seconds} s`,
				);
				assert.equal(await web01.sh("ls -A /var/lib/holdfast/deploy 2>/dev/null || :"), "");
				assert.equal(await web01.sh("holdfast --version >/dev/null 2>&1 && echo yes || echo no"), deployed);
				await succeeds(command, "web01", "--yes");
			}
		});

	test("what does not fit is refused with a reason: no systemd, another architecture, no room", async () => {
		const fake = (name: string, text: string) =>
			web01.write(`/usr/local/bin/${name}`, `#!/bin/sh\n${text}\n`, "0755");
		await fake("uname", 'if [ "$1" = -m ]; then echo aarch64; else echo Linux; fi');
		assert.match(
			(await holdfast("deploy", "web01", "--yes")).stderr,
			/web01 is aarch64, but this machine is x86_64\n.*install the package on web01 and run holdfast deploy there/,
		);
		await web01.sh("rm /usr/local/bin/uname");
		await fake("df", 'echo; echo "x 1 1 5000 1% /"');
		assert.match(
			(await holdfast("deploy", "web01", "--yes")).stderr,
			/not enough space on web01 in \/var\/lib\/holdfast\/deploy: 1\d\d(\.\d)? MiB needed, 4.9 MiB free/,
		);
		await web01.sh("rm /usr/local/bin/df");
	});
});
