// Restores on real machines: mount points, subvolumes, units that several states share, and a machine that crashes.
import assert from "node:assert/strict";
import { before, beforeEach, describe, test } from "node:test";
import { type Machine, machine, noMachines } from "../machine/machine.ts";
import { RECOVERY_UNITS, readsForEver } from "../support/units.ts";

describe("a restore on a real machine", { skip: noMachines }, () => {
	let web01: Machine;

	before(async () => {
		web01 = await machine("web01", { disks: { "/mnt/ext": "ext4", "/mnt/btr": "btrfs" } });
		for (const name of ["one", "two"])
			await web01.write(
				`/etc/systemd/system/${name}.service`,
				`[Service]\nExecStart=${readsForEver(`/srv/${name}/file`)}\n[Install]\nWantedBy=multi-user.target\n`,
			);
		for (const { name, text } of RECOVERY_UNITS) await web01.write(`/etc/systemd/system/${name}`, text);
		await web01.sh(
			"ln -s /opt/holdfast/bin/holdfast /usr/local/bin/holdfast; systemctl enable -q holdfast-recover",
		);
	});

	beforeEach(async () => {
		await web01.sh(`
			systemctl stop one two
			rm -rf /srv/one /srv/two /mnt/archives /var/lib/holdfast
			find /mnt/ext -mindepth 1 -not -name lost+found -delete
			for sub in $(btrfs subvolume list -o /mnt/btr | cut -d' ' -f9); do btrfs subvolume delete "/mnt/btr/$sub" >/dev/null; done
			mkdir -p /srv/one /srv/two
			echo old >/srv/one/file; echo old >/srv/two/file
		`);
	});

	const declare = (state: object) =>
		web01.write(
			"/etc/holdfast/holdfast.json",
			JSON.stringify({
				machines: {
					web01: { state, providers: { tar: { destinations: { disk: { path: "/mnt/archives" } } } } },
				},
			}),
		);
	const holdfast = async (expected: number, ...words: string[]) => {
		const { code, stdout, stderr } = await web01.holdfast(...words);
		assert.equal(code, expected, `holdfast ${words.join(" ")}\n${stdout}${stderr}`);
		return stderr;
	};
	const restore = (expected: number, ...words: string[]) =>
		holdfast(expected, "restore", "--yes", ...words, "tar", "latest");

	for (const [kind, folder, make] of [
		["a mount point", "/mnt/ext", ""],
		["a btrfs subvolume", "/mnt/btr/app", "btrfs subvolume create /mnt/btr/app >/dev/null"],
	] as const) {
		const identity = () =>
			web01.sh(`stat -c '%i %d' ${folder}; mountpoint -q ${folder} && echo mounted || true`);
		const content = () =>
			web01.sh(
				`cd ${folder}; find . -not -name lost+found -printf '%p %m %u %y\\n' | sort; cat file; getfacl -p .`,
			);
		const fill = () =>
			web01.sh(`
				${make}
				cd ${folder}; echo old >file; mkdir -p 'a folder'; echo x >'a folder/.hidden'; echo gone >only-then
				chmod 2750 .; chown games:games .; setfacl -m u:nobody:rx .
			`);
		const change = () =>
			web01.sh(
				`cd ${folder}; echo newer >file; rm only-then; echo new >since; chmod 0755 .; chown root:root .; setfacl -b .`,
			);

		test(`${kind} stays itself; what is in it is swapped, with its own owner, mode and ACL`, async () => {
			await fill();
			await declare({ app: { folders: [folder] } });
			await holdfast(0, "create");
			const old = await content();
			const before = await identity();
			await change();
			await restore(0);
			assert.equal(await content(), old);
			assert.equal(await identity(), before);
		});

		test(`${kind} is as it was when the restore fails, and after undo`, async () => {
			await fill();
			await declare({ app: { folders: [folder], hooks: { postRestore: "exit 1" } } });
			await holdfast(0, "create");
			const old = await content();
			await change();
			const newer = await content();
			await restore(1);
			assert.equal(await content(), newer);
			await declare({ app: { folders: [folder] } });
			const run = /run (\S+) in/.exec(await restore(0, "--keep-old", "7d"))?.[1] ?? "";
			assert.match(await content(), /old/);
			await holdfast(0, "undo", "--yes", run);
			assert.equal(await content(), newer);
			assert.notEqual(newer, old);
		});
	}

	test("an engine that writes to the original paths fails on a mount point: what was there is back", async () => {
		const write = (state: object, restore: string) =>
			web01.write(
				"/etc/holdfast/holdfast.json",
				JSON.stringify({
					machines: {
						web01: {
							state: { app: { folders: ["/mnt/ext"], ...state } },
							providers: { command: { list: "echo one", create: "true", restore } },
						},
					},
				}),
			);
		const content = () => web01.sh("cd /mnt/ext; find . -not -name lost+found | sort; cat file");
		await web01.sh("cd /mnt/ext; echo newer >file; mkdir -p deep; touch deep/file");
		const newer = await content();
		await write({}, "echo half >/mnt/ext/file; touch /mnt/ext/other; exit 1");
		await holdfast(1, "restore", "--yes", "command", "latest");
		assert.equal(await content(), newer);
		await write({ hooks: { postRestore: "exit 1" } }, "echo old >/mnt/ext/file");
		await holdfast(1, "restore", "--yes", "command", "latest");
		assert.equal(await content(), newer);
		await write({}, "echo old >/mnt/ext/file");
		await holdfast(0, "restore", "--yes", "command", "latest");
		assert.equal(await content(), ".\n./file\nold");
	});

	test("--in-place on a mount point", async () => {
		await web01.sh("cd /mnt/ext; echo old >file");
		await declare({ app: { folders: ["/mnt/ext"] } });
		await holdfast(0, "create");
		await web01.sh("cd /mnt/ext; echo newer >file; touch other");
		await restore(0, "--in-place");
		assert.equal(await web01.sh("cd /mnt/ext; ls -A | grep -v lost+found; cat file"), "file\nold");
	});

	test("what is mounted below a folder is never renamed away or deleted: the restore is refused", async () => {
		await web01.sh(
			"mkdir -p /srv/one/disk; mount --bind /mnt/ext /srv/one/disk; echo precious >/mnt/ext/file",
		);
		await declare({ one: { folders: ["/srv/one"] } });
		await holdfast(0, "create");
		const stderr = await restore(1);
		assert.match(stderr, /\/srv\/one\/disk is mounted below \/srv\/one/);
		await web01.sh("umount /srv/one/disk");
		assert.equal(await web01.sh("cat /mnt/ext/file"), "precious");
	});

	test("no room for a second copy is found before anything is written, with the way out", async () => {
		await web01.sh("dd if=/dev/urandom of=/mnt/ext/large bs=1M count=150 status=none; rm -rf /mnt/archives");
		await declare({ app: { folders: ["/mnt/ext"] } });
		await holdfast(0, "create");
		// A machine that does not know the size of its archives has to ask the engine.
		await web01.sh("rm -rf /var/lib/holdfast");
		const stderr = await restore(1);
		assert.match(
			stderr,
			/a second copy of \/mnt\/ext needs 15\d MiB, and 32 MiB must stay free, but \/mnt\/ext has only \d+ MiB: free some space, or restore --in-place/,
		);
		assert.equal(await web01.sh("ls -A /mnt/ext | grep -v lost+found"), "large");
	});

	test("a unit that two states share is stopped once and started once", async () => {
		await web01.sh("systemctl start one");
		const units = { stopOnRestore: ["one.service"], settle: 0 };
		await declare({ one: { folders: ["/srv/one"], ...units }, two: { folders: ["/srv/two"], ...units } });
		await holdfast(0, "create");
		await web01.sh("echo newer >/srv/one/file; echo newer >/srv/two/file");
		await restore(0);
		const log = await web01.sh("journalctl -u one -o cat --since '-20s' | grep -c '^Stopped' || true");
		assert.equal(
			await web01.sh("cat /srv/one/file /srv/two/file; systemctl is-active one"),
			"old\nold\nactive",
		);
		assert.ok(Number(log) >= 1);
	});

	test("of two states that share a unit one fails: it is undone, the other is restored, the unit runs", async () => {
		await web01.sh("systemctl start one");
		const units = { stopOnRestore: ["one.service"], settle: 0 };
		for (const failing of ["one", "two"]) {
			await web01.sh(
				"rm -rf /mnt/archives /var/lib/holdfast; echo old >/srv/one/file; echo old >/srv/two/file",
			);
			const state = (name: string) => ({
				folders: [`/srv/${name}`],
				...units,
				...(name === failing ? { hooks: { postRestore: "exit 1" } } : {}),
			});
			await declare({ one: state("one"), two: state("two") });
			await holdfast(0, "create");
			await web01.sh("echo newer >/srv/one/file; echo newer >/srv/two/file");
			await restore(3);
			assert.equal(
				await web01.sh("cat /srv/one/file /srv/two/file; systemctl is-active one"),
				failing === "one" ? "newer\nold\nactive" : "old\nnewer\nactive",
			);
		}
	});

	test("a unit that starts and falls over within its settle time undoes the restore", async () => {
		await declare({ one: { folders: ["/srv/one"], stopOnRestore: ["one.service"], settle: "2s" } });
		await web01.sh("rm /srv/one/file; touch /srv/one/other");
		await holdfast(0, "create");
		await web01.sh("echo newer >/srv/one/file; systemctl start one");
		const stderr = await restore(1);
		assert.match(
			stderr,
			/one\.service did not stay active for 2 seconds|could not start one\.service|one\.service failed as soon as it was started/,
		);
		assert.equal(await web01.sh("cat /srv/one/file; systemctl is-active one"), "newer\nactive");
	});

	test("a machine that dies in the middle of a swap is made whole at boot, before the services start", async () => {
		await web01.sh("systemctl enable -q one; systemctl start one");
		await declare({ one: { folders: ["/srv/one"], stopOnRestore: ["one.service"] } });
		await holdfast(0, "create");
		await web01.sh("echo newer >/srv/one/file");
		const dying = web01.run(["/opt/holdfast/bin/holdfast", "restore", "--yes", "tar", "latest"], {
			env: { HOLDFAST_FAULT: "stop@aside:one:0#renamed" },
		});
		await web01.sh("until [ ! -e /srv/one ]; do sleep 0.05; done");
		await web01.powerOff();
		await dying;
		await web01.boot();
		assert.equal(await web01.sh("cat /srv/one/file; ls -A /srv/one /srv | grep holdfast || true"), "newer");
		assert.equal(await web01.sh("systemctl is-active one"), "active");
		// It never ran without the folder: the unit was started once, after the folder was back.
		assert.equal(
			await web01.sh("systemctl show -p NRestarts --value one; systemctl is-failed one || true"),
			"0\nactive",
		);
		await web01.sh("systemctl disable -q one");
	});
});
