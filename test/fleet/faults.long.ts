// Five machines, and faults in the middle of a command from the laptop: a slow and lossy line, a full disk, a reboot,
// a machine that is down, and one that is not ours.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { type Machine, machine, noMachines } from "../machine/machine.ts";
import { letIn } from "./keys.ts";

const NAMES = ["slow", "full", "reboots", "well"] as const;

describe("a fleet in trouble", { skip: noMachines }, () => {
	let laptop: Machine;
	const fleet = new Map<string, Machine>();
	const of = (name: (typeof NAMES)[number]) => fleet.get(name) as Machine;

	before(async () => {
		laptop = await machine("laptop");
		for (const name of NAMES) {
			const one = await machine(name, {
				units: ["ssh.service"],
				...(name === "full" ? { disks: { "/srv/backups": "ext4" } } : {}),
			});
			fleet.set(name, one);
			await one.sh(
				`ln -sf /opt/holdfast/bin/holdfast /usr/local/bin/holdfast; mkdir -p /srv/notes; echo ${name} >/srv/notes/file`,
			);
		}
		await letIn(laptop, [...fleet.values()]);
		await laptop.sh(
			`systemd-run --unit=line /opt/holdfast/node_modules/node/bin/node /opt/holdfast/test/fleet/slow-line.ts 2222 slow 22`,
		);
		await laptop.sh(
			`until ssh-keyscan -p 2222 127.0.0.1 2>/dev/null | grep . >>/root/.ssh/known_hosts; do sleep 0.2; done`,
		);
		await laptop.write(
			"/etc/holdfast/holdfast.yaml",
			`
tags:
  all:
    state: { notes: { folders: [/srv/notes] } }
    providers: { tar: { destinations: { disk: { path: /srv/backups/holdfast } } } }
machines:
${NAMES.map((name) => `  ${name}: { host: ${name === "slow" ? '"ssh://root@127.0.0.1:2222"' : `root@${name}`}, tags: [all] }`).join("\n")}
  down: { host: root@10.77.0.250, tags: [all] }
`,
		);
	});

	test("each fares for itself: the others are backed up, and the table says how each did", async () => {
		await of("full").sh(
			"head -c 64M /dev/urandom >/srv/notes/large; mkdir -p /srv/backups; fallocate -l $(($(df --output=avail -B1 /srv/backups | tail -1) - 8000000)) /srv/backups/filler",
		);
		const { code, stdout, stderr } = await laptop.holdfast("create", "--all");
		assert.equal(code, 3, stderr);
		assert.match(stdout, /^slow +done/m);
		assert.match(stdout, /^full +failed .*no space left/im);
		assert.match(stdout, /^well +done/m);
		assert.match(stdout, /^down +failed +- +down \(root@10\.77\.0\.250\) cannot be reached/m);
		assert.match(stderr, /^full: ✘ write full-.* to disk \(tar\): .*no space left/im);
	});

	test("status of all: what is late and what cannot be asked are told apart", async () => {
		const { code, stdout, stderr } = await laptop.holdfast("status", "--all");
		assert.equal(code, 3);
		assert.match(stdout, /✔ +slow +notes +tar\/disk/);
		assert.match(stdout, /✘ full: notes has no good archive of this machine in tar\/disk/);
		assert.match(stderr, /^down: ✘ down .* cannot be reached/m);
		const one = await laptop.holdfast("status", "well", "slow");
		assert.equal(one.code, 0, one.stdout + one.stderr);
	});

	test("a machine that reboots in the middle: the laptop says so, and the run is undone there by the next", async () => {
		const reboots = of("reboots");
		await reboots.sh(
			"printf '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' >/etc/systemd/system/notes.service; systemctl daemon-reload; systemctl enable --now notes",
		);
		await laptop.write(
			"/root/stops.yaml",
			`machines: { reboots: { host: root@reboots, state: { notes: { folders: [/srv/notes], stopOnBackup: [notes], hooks: { preBackup: "touch /srv/began; sleep 3" } } }, providers: { tar: { destinations: { disk: { path: /srv/backups/holdfast } } } } } }\n`,
		);
		const creating = laptop.holdfast("create", "--config", "/root/stops.yaml");
		await reboots.sh("until test -e /srv/began; do sleep 0.1; done");
		await reboots.powerOff();
		await pause(1000);
		await reboots.boot();
		const { code, stderr } = await creating;
		assert.notEqual(code, 0);
		assert.match(stderr, /the connection to reboots was lost; the run continues there/);
		assert.match(
			stderr,
			/it is not known on reboots|reboots .*cannot be reached|ended unexpectedly|no longer known/,
		);
		const after = await laptop.holdfast("create", "reboots");
		assert.equal(after.code, 0, after.stderr);
		assert.match((await reboots.holdfast("runs")).stdout, /recovered/);
	});

	test("with --parallel 2 no more than two are at work", async () => {
		await laptop.write(
			"/root/many.yaml",
			`tags: { t: { state: { notes: { folders: [/srv/notes], hooks: { preBackup: "sleep 2" } } }, providers: { tar: { destinations: { disk: { path: /srv/backups/holdfast } } } } } }\nmachines: { slow: { host: root@slow, tags: [t] }, reboots: { host: root@reboots, tags: [t] }, well: { host: root@well, tags: [t] } }\n`,
		);
		const { code, stdout, stderr } = await laptop.holdfast(
			"create",
			"--all",
			"--parallel",
			"2",
			"--json",
			"--config",
			"/root/many.yaml",
		);
		assert.equal(code, 0, stderr);
		let atWork = 0;
		let most = 0;
		for (const { type } of stdout
			.trim()
			.split("\n")
			.map((line) => JSON.parse(line))) {
			if (type === "run-started") most = Math.max(most, ++atWork);
			if (type === "run-ended") atWork--;
		}
		assert.equal(most, 2);
	});
});
