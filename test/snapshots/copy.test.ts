// Without snapshots: a small folder is copied while its units are down, and they start again before anything is read.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { type Machine, machine, noMachines } from "../machine/machine.ts";

describe("a backup from a copy", { skip: noMachines }, () => {
	let web01: Machine;
	before(async () => {
		web01 = await machine("web01", { disks: { "/btr": "btrfs", "/disk": "ext4" } });
		await web01.write("/etc/systemd/system/app.service", "[Service]\nExecStart=/bin/sleep inf\n");
		await web01.sh(
			"mkdir /disk/app /btr/app; echo x | tee /disk/app/file >/btr/app/file; systemctl start app",
		);
	});

	const stateOf = (folder: string, more: object = {}) => ({
		app: { folders: [folder], snapshot: "auto", stopOnBackup: ["app.service"], ...more },
	});
	const declare = (state: object) =>
		web01.write(
			"/etc/holdfast/holdfast.json",
			JSON.stringify({
				machines: {
					web01: { state, providers: { tar: { destinations: { archives: { path: "/archives" } } } } },
				},
			}),
		);
	const holdfast = (words: readonly string[], env: Record<string, string> = {}) =>
		web01.run(["/opt/holdfast/bin/holdfast", ...words], { env });
	const leftovers = async () => {
		assert.equal(await web01.sh("systemctl is-active app"), "active");
		return web01.sh("ls -Ad /disk/.holdfast-* /btr/.holdfast-* 2>/dev/null || true");
	};
	let said = "";
	/** The ids of the steps that a create began, and how consistent its archive is. */
	async function create(state: object, env: Record<string, string> = {}): Promise<string> {
		await declare(state);
		const { code, stdout, stderr } = await holdfast(["create", "--json"], env);
		assert.equal(code, 0, stderr);
		said = stdout;
		assert.equal(await leftovers(), "");
		const steps = [...stdout.matchAll(/"type":"step-started","step":"([^"]+)/g)].map(([, id = ""]) => id);
		const shown = await web01.sh("/opt/holdfast/bin/holdfast archives show --json tar latest");
		const [, word] = /"consistency": ?"(\w+)"/.exec(shown) ?? [];
		return [...steps.filter((id) => /^(stop|snapshot|start|create)/.test(id)), word].join(" ");
	}
	const COPIED = "stop:app snapshot start:app create:tar/archives snapshot-drop stopped";
	const READ = "stop:app snapshot create:tar/archives start:app stopped";

	test("holds all that is in the folder, as it was", async () => {
		await web01.sh(`
			cd /disk/app
			mkdir -m 0750 inner; echo y >inner/one; ln inner/one inner/two; ln -s /etc/passwd link; mkfifo pipe
			truncate -s 1G sparse; echo end >>sparse; setfattr -n user.a -v b inner/one; setfacl -m u:1:r inner/one
			chown 7:8 inner/one; chmod 4755 file; touch -d 2020-01-02 inner
		`);
		const facts = (at: string) =>
			web01.sh(
				`cd ${at}; find . ! -name . -printf '%P %y %m %U:%G %n %l %s %b %T@\\n' | sort; find . | sort | getfacl -n -; find . -type f | sort | xargs getfattr -d`,
			);
		const live = await facts("/disk/app");
		assert.equal(await create(stateOf("/disk/app")), COPIED);
		const { stdout } = await holdfast(["create", "--dry-run"]);
		assert.match(stdout, /copy \/disk\/app$/m);
		assert.match(stdout, /delete the copy of \/disk\/app$/m);
		await web01.sh(`
			mkdir /disk/seen; cat >/disk/seen/look <<-'END'
				cp -a /disk/.holdfast-*/[0-9a-f]* /disk/seen/copy
			END
		`);
		await create(stateOf("/disk/app"), {
			HOLDFAST_FAULT: "run@snapshot#taken",
			HOLDFAST_FAULT_COMMAND: "sh /disk/seen/look",
		});
		assert.equal(await facts("/disk/seen/copy"), live);
		await web01.sh("rm -r /disk/seen /disk/app/sparse /disk/app/pipe");
	});

	test("what shares blocks may be larger; what does not stays down while it is read [long]", async () => {
		await web01.sh("head -c 20M /dev/urandom | tee /disk/app/large >/btr/app/large");
		assert.equal(await create(stateOf("/disk/app")), READ);
		const { stdout } = await holdfast(["create", "--dry-run"]);
		assert.match(
			stdout,
			/no snapshot of app, .*: \/disk\/app is on ext4, and holds more than 1,000 files or 16 MiB/,
		);
		// As on a machine without btrfs-progs.
		await web01.sh("mount --bind /dev/null /usr/bin/btrfs");
		assert.equal(await create(stateOf("/btr/app")), COPIED);
		// Where files may be compressed, their blocks do not tell how much there is to read.
		await web01.sh("truncate -s 2G /btr/app/holes");
		assert.equal(await create(stateOf("/btr/app")), READ);
		await web01.sh("umount /usr/bin/btrfs; rm /disk/app/large /btr/app/holes");
	});

	test("it is not made where others could write meanwhile, nor where it could not keep the promise", async () => {
		const { app } = stateOf("/disk/app");
		for (const state of [
			{ app: { ...app, stopOnBackup: [] } },
			{ app: { ...app, snapshot: "require", consistency: "atomic" } },
			{ app: { ...app, folders: ["/disk"] } },
		]) {
			await declare(state);
			assert.match((await holdfast(["create", "--dry-run"])).stdout, /no snapshot of app, /);
		}
	});

	test("killed at any moment and recovered: nothing is left, the unit runs, and the next backup works", async () => {
		await declare(stateOf("/disk/app"));
		for (const point of ["before", "made", "taken", "after"]) {
			assert.notEqual((await holdfast(["create"], { HOLDFAST_FAULT: `kill@snapshot#${point}` })).code, 0);
			assert.equal((await holdfast(["recover"])).code, 0);
			assert.equal(await leftovers(), "", point);
		}
		assert.equal(await create(stateOf("/disk/app")), COPIED);
	});

	test("a file is copied too", async () => {
		await web01.sh("mkdir -p /disk/filed/data; echo x | tee /disk/filed/data/file >/disk/filed/settings");
		const app = { ...stateOf("/disk/filed/data").app, folders: ["/disk/filed/data", "/disk/filed/settings"] };
		assert.equal(await create({ app }), COPIED);
		const restore = "/opt/holdfast/bin/holdfast restore --yes --into /archives/into-filed tar latest";
		assert.equal(
			await web01.sh(`${restore} >/dev/null; cd /archives/into-filed/disk/filed; cat settings data/file`),
			"x\nx",
		);
	});

	test("one that takes long holds neither the units nor other copies up: the folder is read with them down", async () => {
		// As where the owner of a file has a lease on it.
		await web01.sh(`
			cat >/usr/local/bin/cp <<-'END'
				#!/bin/sh
				case "$*" in *.source*)
					[ -e .source/slow ] && sleep 30
					[ -e .source/odd ] && { echo "cp: an odd fault" >&2; exit 1; }
				esac
				exec /usr/bin/cp "$@"
			END
			chmod +x /usr/local/bin/cp
		`);
		await web01.sh(`
			cd /etc/systemd/system; cp app.service quick.service; cp app.service odd.service
			systemctl daemon-reload; systemctl start quick odd
			mkdir /disk/quick /disk/odd; touch /disk/app/slow /disk/quick/file /disk/odd/odd
		`);
		const others = Object.fromEntries(
			["odd", "quick"].map((name) => [
				name,
				{ ...stateOf(`/disk/${name}`).app, stopOnBackup: [`${name}.service`] },
			]),
		);
		const begun = Date.now();
		assert.equal(
			await create({ ...stateOf("/disk/app"), ...others }),
			"stop:app stop:odd stop:quick snapshot start:quick create:tar/archives start-later:odd start-later:app snapshot-drop stopped",
		);
		assert.ok(Date.now() - begun < 25_000);
		assert.match(said, /no snapshot of app could be taken: its copy takes longer than 10 seconds/);
		assert.match(said, /no snapshot of odd could be taken: [^"]*an odd fault/);
		assert.doesNotMatch(said, /no snapshot of quick/);
		await web01.sh("rm /usr/local/bin/cp /disk/app/slow");
	});

	test("a link that takes a folder's place while it is copied leads nowhere", async () => {
		await web01.sh(`
			mkdir /root/secret; echo secret >/root/secret/file; mkdir -p /disk/app/way; echo x >/disk/app/way/file
			chown -R nobody /disk/app
			cat >/run/swap <<-'END'
				cd /disk/app
				while :; do mv -T way kept; ln -s /root/secret way; rm way; mv -T kept way; done
			END
			systemd-run --quiet --unit=swap --uid=nobody sh /run/swap
		`);
		await declare(stateOf("/disk/app"));
		for (let count = 0; count < 3; count++) {
			await holdfast(["create"]);
			const into = `/archives/into-${count}`;
			await holdfast(["restore", "--yes", "--into", into, "tar", "latest"]);
			assert.equal(await web01.sh(`grep -rls secret ${into} || true`), "");
		}
		await web01.sh("systemctl stop swap");
	});

	test("a folder that has grown meanwhile is read as it is, with its units down", async () => {
		const hooks = { preBackup: "head -c 20M /dev/zero >/disk/app/grown", postBackup: "rm /disk/app/grown" };
		assert.equal(
			await create(stateOf("/disk/app", { hooks })),
			"stop:app snapshot create:tar/archives start-later:app snapshot-drop stopped",
		);
	});
});
